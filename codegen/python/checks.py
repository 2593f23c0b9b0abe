"""Writes the bodies of the generated Python checks: one straight line of statements per message."""

from collections.abc import Iterable, Iterator

from codegen.checked import HEADER, Checked
from codegen.python.naming import Naming
from pragma_contracts.governance.model import KEY_LAYOUT, Field, File, Message

Line = str
_INDENT = "    "


class CheckWriter:
    """Statements that check a message `m`, for a producer (validate) or for a consumer (check).

    A contract's own function names fields by literals; the function of a message inside it gets `path`, the way to it.
    """

    def __init__(self, checked: Checked, naming: Naming, file: File) -> None:
        self._checked = checked
        self._naming = naming
        self._member = naming.member
        self._file = file

    def body(self, message: Message, mode: str) -> list[Line]:
        """The statements of validate_… or check_… (mode) for a message."""
        if message.contract is not None and mode == "validate":
            lines = self._of([field for field in message.fields if not self._varies(field, mode)], message, mode)
            return [*lines, f"{self._naming.function(mode, message)}_payload(m)"]
        lines = self._of(message.fields, message, mode)
        if message.columns:
            lines += self._columns(message)
        return lines or ["pass"]

    def varying(self, contract: Message, mode: str) -> list[Line]:
        """The statements of validate_…_payload or check_…_body: what is left when the feed was checked before."""
        fields = [field for field in contract.fields if self._varies(field, mode)]
        return self._of(fields, contract, mode) or ["pass"]

    def _varies(self, field: Field, mode: str) -> bool:
        # A producer of a feed sets the envelope itself. A consumer knows the feed from the record key, and no more.
        return field.number > HEADER if mode == "validate" else field.name not in KEY_LAYOUT

    def _of(self, fields: Iterable[Field], message: Message, mode: str) -> list[Line]:
        lines: list[Line] = []
        for field in fields:
            lines += self._field(message, field, mode)
            if message.contract is not None and field.name == "envelope":
                lines += self._version(mode)
        return lines

    def _version(self, mode: str) -> Iterator[Line]:
        # A producer stamps the version itself, so there it may still be empty.
        unset = "version and " if mode == "validate" else ""
        yield "version = m.envelope.version"
        yield f"if {unset}version != VERSION and not _SAME_MAJOR(version):"
        yield _INDENT + 'raise _WHERE.error("envelope.version", version, _BAD_VERSION)'

    def _columns(self, message: Message) -> Iterator[Line]:
        first, *others = message.fields
        yield f'rows = rules.check_column(m.{self._member(first.name)}, where, f"{{path}}{first.name}")'
        for field in others:
            yield f'values = rules.check_column(m.{self._member(field.name)}, where, f"{{path}}{field.name}")'
            yield "if values != rows:"
            problem = f'f"values, but {first.name} has {{rows}}; every row needs one of each"'
            yield _INDENT + f'raise where.error(f"{{path}}{field.name}", values, {problem})'

    def _field(self, message: Message, field: Field, mode: str) -> list[Line]:
        kind = self._checked.kind(message, field)
        if not kind or message.columns:
            return []
        name = f"m.{self._member(field.name)}"
        where, path = self._place(message, field.name)
        if field.repeated:
            return self._each(message, field, kind, mode)
        if kind == "timestamp":
            return self._time(field, name, where, path)
        lines = self._value(field, kind, name, where, path, mode)
        if not self._checked.has_presence(field) or not (lines or field.required):
            return lines
        present = f'm.HasField("{field.name}")'
        if not field.required:
            return [f"if {present}:", *(_INDENT + line for line in lines)]
        return [f"if not {present}:", _INDENT + f"raise {where}.error({path}, None, rules.MISSING)", *lines]

    def _time(self, field: Field, name: str, where: str, path: str) -> list[Line]:
        # Nearly all are of after 1970 and valid, which four comparisons say; an absent one reads as the epoch.
        first = "0 <" if field.required else "0 <="
        valid = f"{first} time.seconds <= rules.LAST_SECOND and 0 <= time.nanos < rules.NS"
        check = f'rules.check_time(m, "{field.name}", {where}, {path}, required={field.required})'
        return [f"time = {name}", f"if not ({valid}):", _INDENT + check]

    def _each(self, message: Message, field: Field, kind: str, mode: str) -> list[Line]:
        name = f"m.{self._member(field.name)}"
        where, path = self._place(message, field.name, f"[{{{field.name}_at!r}}]")
        # Named after the field: one function may loop over values of several types.
        at, item = f"{field.name}_at", f"{field.name}_item"
        lines = self._value(field, kind, item, where, path, mode)
        pairs = f"{name}.items()" if self._checked.is_map(field) else f"enumerate({name})"
        return [f"for {at}, {item} in {pairs}:", *(_INDENT + line for line in lines)] if lines else []

    def _place(self, message: Message, name: str, suffix: str = "") -> tuple[str, str]:
        if message.contract is None:
            return "where", f'f"{{path}}{name}{suffix}"'
        return "_WHERE", f'f"{name}{suffix}"' if suffix else f'"{name}"'

    def _value(self, field: Field, kind: str, name: str, where: str, path: str, mode: str) -> list[Line]:
        if kind == "message":
            return self._nested(field, name, where, path, mode)
        if kind == "column":
            return [f"rules.check_column({name}, {where}, {path})"]
        if kind == "enum":
            return self._enum(field, name, where, path, mode)
        if kind == "presence":
            return []
        condition, problem = {
            "component": (f"{name} not in rules.COMPONENTS and not rules.is_component({name})", "rules.BAD_COMPONENT"),
            "text": (f"not {name}", "rules.MISSING"),
            "decimal": (f"not rules.is_decimal({name})", "rules.BAD_DECIMAL"),
            "timestamp": (f"not rules.is_timestamp({name})", "rules.BAD_TIMESTAMP"),
        }[kind]
        if kind == "decimal" and not field.required and not field.repeated and not self._checked.has_presence(field):
            condition = f"{name} and {condition}"
        return [f"if {condition}:", _INDENT + f"raise {where}.error({path}, {name}, {problem})"]

    def _nested(self, field: Field, name: str, where: str, path: str, mode: str) -> list[Line]:
        target = self._checked.target(field)
        if not self._checked.has_rules(target):
            return []
        inner = f'{path[:-1]}."'
        lines = [f"{self._call(mode, target)}({name}, {where}, {inner})"]
        if field.order and mode == "validate":
            column = self._checked.column_of(target).name
            lines.append(f'rules.check_{field.order}({name}.{self._member(column)}, {where}, {inner[:-1]}{column}")')
        return lines

    def _call(self, mode: str, target: Message) -> str:
        function = self._naming.function(mode, target)
        return function if target.file == self._file.name else f"{self._naming.alias(target.file)}_checks.{function}"

    def _enum(self, field: Field, name: str, where: str, path: str, mode: str) -> list[Line]:
        enum = self._checked.enum(field)
        texts = ", ".join(value.text for value in enum.values if value.text)
        lines = []
        if field.required:
            lines += [
                f"if not {name}:",
                _INDENT + f'raise {where}.error({path}, "UNSPECIFIED", "is mandatory: one of {texts}")',
            ]
        # A number that is unknown here comes from a newer producer: a consumer keeps it.
        if mode == "validate":
            lines += [
                f"if {name} not in {self._naming.known(enum)}:",
                _INDENT + f'raise {where}.error({path}, {name}, "is no known number: one of {texts}")',
            ]
        return lines
