"""The lines: one file for each kind of work."""

from importlib import import_module

from benchmarks.line import Line

# Imported one by one: a contender's process loads only what its own line needs.
_FILES = {
    "price-send": "price_send",
    "book-send": "book_send",
    "book-send-wide": "book_send",
}
NAMES = tuple(_FILES)


def line(name: str) -> Line:
    """The line of this name. Raises KeyError."""
    module = import_module(f"benchmarks.lines.{_FILES[name]}")
    found: Line = module.LINES[name]
    return found
