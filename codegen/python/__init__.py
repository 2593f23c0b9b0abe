"""Renders the Python package pragma_contracts/messages from the schema model."""

from pathlib import PurePosixPath

from codegen.checked import Checked
from codegen.python.checks import CheckWriter
from codegen.python.naming import Naming
from codegen.python.refusals import refuse
from codegen.rendering import environment
from pragma_contracts.governance.model import MARKET_TYPE, OPTIONS_PACKAGE, File, Message, Schemas
from pragma_contracts.governance.words import snake

_BYTES_A_LINE = 24


def render(schemas: Schemas) -> dict[str, str]:
    """Text of every file of the package, by its path in it."""
    naming = Naming(schemas)
    refuse(schemas, naming)
    checked = Checked(schemas)
    templates = environment("python")
    templates.globals.update(naming=naming)
    templates.filters.update(doc=_doc, snake=snake)

    def text(template: str, **values: object) -> str:
        return templates.get_template(template).render(**values)

    files: dict[str, str] = {}
    for file in schemas.files:
        stem = file.name.removesuffix(".proto")
        files[f"{stem}_pb2.py"] = text("pb2.py.j2", file=file, chunks=_chunks(file.serialized))
        files[f"{stem}_pb2.pyi"] = text("pb2.pyi.j2", file=file)
        ruled = [message for message in file.walk() if checked.has_rules(message)]
        if ruled:
            files[f"{stem}_checks.py"] = text("checks.py.j2", **_checks(schemas, naming, checked, file, ruled))
        for folder in list(PurePosixPath(file.name).parents)[:-1]:
            files[f"{folder}/__init__.py"] = text("package.py.j2", folder=folder)
    contracts = [(file, message) for file, message, _ in schemas.contracts()]
    enums = [enum for file in schemas.files if file.package != OPTIONS_PACKAGE for enum in file.walk_enums()]
    enum_files = sorted({enum.file for enum in enums} - {file.name for file, _ in contracts})
    tables = {"contracts": contracts, "enums": enums, "enum_files": enum_files, "checked": checked, "schemas": schemas}
    files["contracts.py"] = text("contracts.py.j2", **tables)
    files["__init__.py"] = text("init.py.j2", exports=_exports(schemas, naming), contracts=contracts)
    return files


def _checks(
    schemas: Schemas, naming: Naming, checked: Checked, file: File, messages: list[Message]
) -> dict[str, object]:
    """What the template of a file's checks needs."""
    contract = next((message for message in messages if message.contract is not None), None)
    enums = {
        checked.enum(field).full_name: checked.enum(field)
        for message in messages
        for field in message.fields
        if checked.kind(message, field) == "enum"
    }
    return {
        "file": file,
        "messages": messages,
        "contract": contract,
        "enums": list(enums.values()),
        "market_types": f"{naming.alias(schemas.enums[MARKET_TYPE].file)}.MarketType" if contract else "",
        "imports": {
            "messages": sorted({file.name, *(enum.file for enum in enums.values())}),
            "checks": checked.imports(messages, file.name),
        },
        "writer": CheckWriter(checked, naming, file),
    }


def _exports(schemas: Schemas, naming: Naming) -> list[tuple[str, File]]:
    """Name and file of every message at top level, and of every enum, that users meet: all but the options."""
    return sorted(
        (name, file)
        for file in schemas.files
        if file.package != OPTIONS_PACKAGE
        for name in (*(message.name for message in file.messages), *map(naming.enum_class, file.walk_enums()))
    )


def _chunks(data: bytes) -> list[str]:
    return [repr(data[i : i + _BYTES_A_LINE]) for i in range(0, len(data), _BYTES_A_LINE)]


def _doc(comment: str) -> str:
    text = comment.replace("\\", "\\\\").replace('"""', "'''")
    # A quote at the end would join the three that close the docstring.
    return f'{text[:-1]}\\"' if text.endswith('"') else text
