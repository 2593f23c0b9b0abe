"""`python -m benchmarks [NAME…] [--quick]`: measures lines, writes their records, and renders docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from benchmarks import page, record
from benchmarks.line import Line
from benchmarks.lines import NAMES, line
from benchmarks.rounds import ROOT, ContenderFailed, run

PAGE = ROOT / "docs/benchmarks.md"
_ROUNDS = 11
_QUICK_SHARE = 0.2


def main() -> None:
    """Measures what the command line names."""
    options = _options()
    if options.render:
        PAGE.write_text(rendered(), encoding="utf-8")
        return
    try:
        for measured, found in _measured([line(name) for name in options.lines or NAMES], options):
            print(page.section(measured, found))
            if not options.quick:
                found.write()
    except ContenderFailed as error:
        sys.exit(f"a contender failed, nothing is recorded of its line: {error}")
    if not options.quick:
        PAGE.write_text(rendered(), encoding="utf-8")


def rendered() -> str:
    """The page as the records have it."""
    return page.render([(line(name), record.read(name)) for name in NAMES])


def _measured(lines: Sequence[Line], options: argparse.Namespace) -> Iterator[tuple[Line, record.Record]]:
    share, rounds = (_QUICK_SHARE, 1) if options.quick else (1.0, options.rounds)
    for place, those in groupby(lines, key=lambda one: one.place):
        with place() as running:
            for one in those:
                found = run(one, running, rounds=rounds, share=share, tell=lambda text: print(text, file=sys.stderr))
                yield one, record.record(one, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "lines", nargs="*", metavar="NAME", choices=[*NAMES, []], help=f"of {', '.join(NAMES)}; else all"
    )
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="rounds that count, %(default)s by default")
    parser.add_argument(
        "--quick", action="store_true", help="one round of a fifth of the work, printed and not recorded"
    )
    parser.add_argument("--render", action="store_true", help="render the page from the records, and measure nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
