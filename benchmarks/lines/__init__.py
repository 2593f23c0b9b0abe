"""The lines: one file for each kind of work."""

from importlib import import_module

from benchmarks.line import Line

# Imported one by one: a contender's process loads only what its own line needs.
_FILES = {
    "price-send": "price_send",
    "book-send": "book_send",
    "book-send-wide": "book_send",
    "price-read": "price_read",
    "book-floats": "book_read",
    "book-decimals": "book_read",
    "consume": "consume",
    "consume-ten": "consume",
    "consume-one": "consume",
    "start": "start",
    "end-to-end-1k": "end_to_end",
    "end-to-end-10k": "end_to_end",
    "end-to-end-50k": "end_to_end",
}
NAMES = tuple(_FILES)


def line(name: str) -> Line:
    """The line of this name. Raises KeyError."""
    module = import_module(f"benchmarks.lines.{_FILES[name]}")
    found: Line = module.LINES[name]
    return found
