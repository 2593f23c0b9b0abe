"""Where the .proto files of the installed package are."""

from pathlib import Path


def schemas_folder() -> Path:
    """The .proto files that the installed package was made from: in the wheel, or at the repository's root."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "schemas"
    return shipped if shipped.is_dir() else package.parent / "schemas"
