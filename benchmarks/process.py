"""The process of one contender in one round: reads its task from standard input, and prints what it found."""

import json
import sys

from benchmarks.line import IN_PYTHON
from benchmarks.lines import line
from pragma_contracts import NATIVE
from pragma_contracts.testing import Stack


def main() -> None:
    """Does one task."""
    task = json.load(sys.stdin)
    if task["contender"].endswith(IN_PYTHON) == NATIVE:
        raise AssertionError("the compiled code is not as the contender needs it: make native")
    place = Stack(task["bootstrap"], task["registry_url"])
    found = line(task["line"]).measure(task["contender"], place, task["share"])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
