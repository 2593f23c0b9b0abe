"""The folders are the architecture: imports between them go one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

ALLOWED = {
    "errors": set(),
    "descriptors": set(),
    "proto_source": {"descriptors", "errors"},
    "contract": {"errors"},
    "rules": {"errors"},
    "registry": {"errors"},
    "messages": {"contract", "errors", "rules"},
    "wire": {"contract", "errors", "messages", "rules"},
    "stream": {"contract", "descriptors", "errors", "messages", "proto_source", "registry", "rules", "wire"},
    "governance": {"contract", "errors", "descriptors", "messages", "proto_source", "registry", "stream.ids"},
    "testing": {"descriptors", "errors", "messages"},
    "demo": {"contract", "errors", "governance", "messages", "registry", "stream", "testing", "wire"},
    "cli": {"contract", "demo", "errors", "governance", "messages", "registry", "stream", "testing"},
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pragma_contracts"):
            rest = node.module.removeprefix("pragma_contracts").lstrip(".")
            yield from [rest] if rest else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("pragma_contracts."):
                    yield alias.name.removeprefix("pragma_contracts.")


def test_arrows_point_one_way(root: Path) -> None:
    package = root / "pragma_contracts"
    wrong = []
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        if parts == ("__init__",):
            continue
        for name in _imports(path):
            part = name.split(".")[0]
            if part != parts[0] and part not in ALLOWED[parts[0]] and name not in ALLOWED[parts[0]]:
                wrong.append(f"{path.relative_to(root)} imports {name}")
    assert wrong == []


def test_codegen_is_imported_by_nobody_and_imports_only_the_model(root: Path) -> None:
    for path in (root / "pragma_contracts").rglob("*.py"):
        assert "import codegen" not in path.read_text(encoding="utf-8")
    for path in (root / "codegen").rglob("*.py"):
        # The vectors are what the package itself says.
        if path.parent.name == "vectors":
            continue
        for name in _imports(path):
            assert name.startswith(("governance.", "errors", "MODULES")), f"{path} imports {name}"


def test_every_file_says_what_lives_there(root: Path) -> None:
    for folder in "pragma_contracts", "codegen", "tests", "examples":
        for path in (root / folder).rglob("*.py"):
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
