"""Renders the generated half of the Rust crate from the schema model."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import jinja2

from codegen.checked import Checked
from codegen.rendering import environment
from codegen.rust.checks import CheckWriter
from codegen.rust.fields import Fields
from codegen.rust.json import JsonWriter
from codegen.rust.naming import camel, refuse_collisions, snake, variants
from codegen.rust.views import Views
from pragma_contracts.governance.model import OPTIONS_PACKAGE, Enum, File, Message, Schemas


class _Value(NamedTuple):
    variant: str
    name: str
    number: int
    text: str
    key_token: str
    comment: str


def render(schemas: Schemas) -> dict[str, str]:
    """Text of every file under the crate's src/generated, by its path in it."""
    fields, checked = Fields(schemas), Checked(schemas)
    templates = _templates(fields)
    views = Views(schemas, fields)
    owned, borrowed = CheckWriter(checked, fields), CheckWriter(checked, fields, views)
    ruled = [message for file in schemas.files for message in file.walk() if checked.has_rules(message)]
    contracts = [(file, message) for file, message, _ in schemas.contracts()]

    def text(template: str, **values: object) -> str:
        return templates.get_template(template).render(**values)

    return {
        "mod.rs": text("mod.rs.j2", exports=_exports(schemas), contract_views=[views.path(m) for _, m in contracts]),
        "checks.rs": text("checks.rs.j2", messages=ruled, views=views, owned=owned, borrowed=borrowed),
        "json.rs": text("json.rs.j2", writer=JsonWriter(schemas, checked, fields)),
        "contracts.rs": text("contracts.rs.j2", contracts=contracts, views=views, schemas=schemas),
        **{f"messages/{path}": found for path, found in render_messages(schemas).items()},
        **{f"views/{path}": found for path, found in _render_views(templates, views).items()},
    }


def _render_views(templates: jinja2.Environment, views: Views) -> dict[str, str]:
    packages = views.packages()
    template = templates.get_template("views.rs.j2")
    return {
        path: template.render(package=package, messages=packages.get(package, []), modules=modules, views=views)
        for path, package, modules in _tree(packages)
    }


def render_messages(schemas: Schemas) -> dict[str, str]:
    """Text of every file under `messages/`, by its path: a module per package, which holds the package's types."""
    template = _templates(Fields(schemas)).get_template("package.rs.j2")
    packages = _packages(schemas)
    files: dict[str, str] = {}
    for path, package, modules in _tree(packages):
        found = packages.get(package, [])
        _refuse_collisions(found, modules)
        files[path] = template.render(package=package, files=found, modules=modules)
    return files


def _tree(packages: Iterable[str]) -> Iterator[tuple[str, str, list[str]]]:
    """The module of each package and of those above it: its file, its package, and the modules in it."""
    for package in sorted({parent for name in packages for parent in _with_parents(name)}):
        under = {name.removeprefix(f"{package}.").split(".")[0] for name in packages if _is_under(name, package)}
        path = "/".join(snake(part).removeprefix("r#") for part in package.split(".") if part)
        yield f"{path}.rs" if path else "mod.rs", package, sorted(under)


def _packages(schemas: Schemas) -> dict[str, list[File]]:
    packages: dict[str, list[File]] = {}
    for file in schemas.files:
        if file.package != OPTIONS_PACKAGE:
            packages.setdefault(file.package, []).append(file)
    return packages


def _exports(schemas: Schemas) -> list[tuple[str, list[str]]]:
    """Each package's module, and the names of its types that stand at the root of the crate."""
    exports = []
    for package, files in sorted(_packages(schemas).items()):
        names = [camel(message.name) for file in files for message in file.messages]
        names += [camel(enum.path[0]) for file in files for enum in file.enums]
        module = "::".join(["messages", *(snake(part) for part in package.split(".") if part)])
        if names:
            exports.append((module, sorted(names)))
    return exports


def _with_parents(package: str) -> Iterator[str]:
    parts = package.split(".") if package else []
    for count in range(len(parts) + 1):
        yield ".".join(parts[:count])


def _is_under(name: str, package: str) -> bool:
    return name != package and (not package or name.startswith(f"{package}."))


def _refuse_collisions(files: list[File], modules: list[str]) -> None:
    for file in files:
        for message in file.walk():
            _refuse_inside(message)
    types = [item.path[0] for file in files for item in file.messages]
    types += [item.path[0] for file in files for item in file.enums]
    nested = [message.name for file in files for message in file.messages if _has_module(message)]
    if files:
        refuse_collisions(files[0].name, 1, files[0].package, map(camel, types))
        refuse_collisions(files[0].name, 1, files[0].package, map(snake, [*modules, *nested]))


def _refuse_inside(message: Message) -> None:
    outside = [field.name for field in message.fields if not field.oneof]
    refuse_collisions(message.file, message.line, message.full_name, map(snake, [*outside, *message.oneofs]))
    for oneof in message.oneofs:
        members = [field.name for field in message.fields if field.oneof == oneof]
        refuse_collisions(message.file, message.line, f"{message.full_name}.{oneof}", map(camel, members))


def _has_module(message: Message) -> bool:
    return bool(message.enums or message.oneofs or any(not nested.map_entry for nested in message.messages))


def _templates(fields: Fields) -> jinja2.Environment:
    templates = environment("rust")
    templates.globals.update(fields=fields)
    templates.filters.update(doc=_doc, snake=snake, camel=camel, values=_values, fingerprint=_fingerprint)
    return templates


def _values(enum: Enum) -> list[_Value]:
    by_number = {value.number: value for value in reversed(enum.values)}
    found = []
    for variant, number in variants(enum):
        value = by_number[number]
        found.append(_Value(variant, value.name, number, value.text, value.key_token, value.comment))
    return found


def _fingerprint(file: File) -> str:
    return hashlib.sha256(file.serialized).hexdigest()


def _doc(comment: str) -> str:
    # What rustdoc would take for a link, HTML or a code block is text in a .proto file.
    escaped = comment.replace("[", "\\[").replace("]", "\\]").replace("<", "\\<").replace("*", "\\*")
    return "\n".join(f"/// {line}".rstrip() for line in escaped.splitlines())
