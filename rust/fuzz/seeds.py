"""Writes the vectors of the repository as the fuzzer's first inputs; what it finds by itself is kept beside them."""

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = HERE.parents[1] / "tests/vectors"


def main() -> None:
    """Writes a file for each frame, which three targets share, and for each key, named as the fuzzer does."""
    frames = [
        bytes.fromhex(entry["frame"])
        for name in ("frames", "accepted_frames", "bad_frames")
        for entry in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    ]
    keys = json.loads((VECTORS / "keys.json").read_text(encoding="utf-8"))
    texts = [entry["key"].encode() for part in ("feeds", "also_read", "foreign") for entry in keys[part]]
    for kind, seeds in (("frame", frames), ("key", texts)):
        folder = HERE / "corpus" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            name = hashlib.sha1(seed, usedforsecurity=False).hexdigest()
            (folder / name).write_bytes(seed)


if __name__ == "__main__":
    main()
