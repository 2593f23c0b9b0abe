"""The generated files as one set: written where their bytes differ, or compared with what is checked in."""

import difflib
from pathlib import Path

# Of the repository.
ROOT = Path(__file__).resolve().parent.parent

MARKER = "@generated"
_SUFFIXES = frozenset((".py", ".pyi", ".rs"))


class Output:
    """Generated folders under a root. A file in one of them that carries the marker but is not generated is stale."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._wanted: dict[Path, bytes] = {}
        self._folders: list[Path] = []

    def folder(self, name: str, files: dict[str, str]) -> None:
        """Adds a folder, by its path from the root, and the text of every file that belongs in it."""
        self._folders.append(Path(name))
        self._wanted |= {Path(name) / path: text.encode() for path, text in files.items()}

    def file(self, name: str, data: bytes) -> None:
        """Adds a file that is no text, by its path from the root."""
        self._wanted[Path(name)] = data

    def finish(self, *, check: bool) -> int:
        """Writes and prints what changed, or with `check` what differs: then 1 when something is stale, else 0."""
        difference = self.difference() if check else ""
        lines = difference.splitlines() if check else self.write()
        print("\n".join(lines) or "up to date")
        return 1 if difference else 0

    def write(self) -> list[str]:
        """Makes the folders hold exactly the generated files; a line for each change."""
        changes = []
        for path, data in sorted(self._wanted.items()):
            if self._found(path) != data:
                target = self._root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                changes.append(f"wrote {path}")
        for path in self._stale():
            (self._root / path).unlink()
            changes.append(f"removed {path}")
        return changes

    def difference(self) -> str:
        """A unified diff from what is checked in to what would be generated; empty when nothing is stale."""
        wanted: dict[Path, bytes] = self._wanted | dict.fromkeys(self._stale(), b"")
        parts: list[str] = []
        for path, data in sorted(wanted.items()):
            found = self._found(path) or b""
            if path.suffix not in _SUFFIXES:
                parts += [f"{path} differs from what would be generated\n"] if found != data else []
                continue
            before, after = (text.decode(errors="replace").splitlines(keepends=True) for text in (found, data))
            lines = difflib.unified_diff(before, after, f"{path}", f"{path} (generated)")
            parts.extend(line if line.endswith("\n") else f"{line}\n" for line in lines)
        return "".join(parts)

    def _found(self, path: Path) -> bytes | None:
        target = self._root / path
        return target.read_bytes() if target.exists() else None

    def _stale(self) -> list[Path]:
        files = [
            path.relative_to(self._root)
            for folder in self._folders
            for path in (self._root / folder).rglob("*")
            if path.is_file() and path.suffix in _SUFFIXES
        ]
        return sorted(
            path
            for path in files
            if path not in self._wanted and MARKER.encode() in (self._found(path) or b"").partition(b"\n")[0]
        )
