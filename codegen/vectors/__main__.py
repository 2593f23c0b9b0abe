"""The command `python -m codegen.vectors [--check]`: writes what both languages must agree on into tests/vectors."""

import argparse
import json
import sys

from codegen.output import ROOT, Output
from codegen.vectors.decimals import decimals
from codegen.vectors.filters import filters
from codegen.vectors.frames import accepted_frames, bad_frames, frames
from codegen.vectors.keys import keys

_VECTORS = {
    "keys": keys,
    "decimals": decimals,
    "frames": frames,
    "bad_frames": bad_frames,
    "accepted_frames": accepted_frames,
    "filters": filters,
}


def main() -> int:
    """Writes the vectors, or with --check prints what differs; 0 when up to date, 1 when stale."""
    parser = argparse.ArgumentParser(
        prog="python -m codegen.vectors", description="Write the vectors of both languages."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail with a diff when anything is stale")
    check = parser.parse_args().check
    output = Output(ROOT)
    texts = {f"{name}.json": json.dumps(make(), indent=1, ensure_ascii=False) + "\n" for name, make in _VECTORS.items()}
    output.folder("tests/vectors", texts)
    return output.finish(check=check)


if __name__ == "__main__":
    sys.exit(main())
