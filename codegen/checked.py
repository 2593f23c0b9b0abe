"""What the generated checks have to look at: which messages have rules, and how each field is checked."""

from pragma_contracts.governance.model import DECIMAL_COLUMN, KEY_LAYOUT, TIMESTAMP, Enum, Field, Message, Schemas

# The last number of the fields that every contract starts with.
HEADER = 5


class Checked:
    """Answers the templates' questions about rules."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._ruled: set[str] = set()
        # Messages may hold each other in circles, so rules spread until nothing changes.
        spreading = True
        while spreading:
            found = {name for name, message in schemas.messages.items() if self._finds_rules(message)}
            spreading = found != self._ruled
            self._ruled = found

    def _finds_rules(self, message: Message) -> bool:
        if message.full_name == DECIMAL_COLUMN or message.map_entry or message.file.startswith("google/"):
            return False
        return (
            message.columns
            or message.contract is not None
            or any(self.kind(message, field) for field in message.fields)
        )

    def has_rules(self, message: Message) -> bool:
        """Whether a message, or one it holds, has anything to check."""
        return message.full_name in self._ruled

    def kind(self, message: Message, field: Field) -> str:
        """How a field is checked, or "" for not at all.

        component, text, decimal, enum, presence, column, timestamp or message.
        """
        if field.kind == "enum":
            return "" if field.type_name.startswith("google.") else "enum"
        if field.decimal:
            return "decimal"
        if field.kind == "message":
            if field.type_name == DECIMAL_COLUMN:
                return "column"
            if field.type_name == TIMESTAMP:
                return "timestamp"
            target = self._schemas.messages[field.type_name]
            if target.map_entry:
                value = target.fields[1]
                return self.kind(target, value) if value.kind in ("message", "enum") else ""
            return "message" if self.has_rules(target) or field.required else ""
        if not field.required:
            return ""
        if message.contract is not None and field.kind == "string" and field.name in KEY_LAYOUT:
            return "component"
        return "text" if field.kind in ("string", "bytes") else "presence"

    def has_presence(self, field: Field) -> bool:
        """Whether an unset field can be told from a zero one."""
        return not field.repeated and (field.kind == "message" or field.optional or bool(field.oneof))

    def lone_decimal(self, contract: Message) -> int:
        """The number of the payload's one mandatory field when that is a decimal; 0 when the payload is another."""
        mandatory = [field for field in contract.fields if field.number > HEADER and field.required]
        is_decimal = len(mandatory) == 1 and mandatory[0].decimal and not mandatory[0].repeated
        return mandatory[0].number if is_decimal else 0

    def target(self, field: Field) -> Message:
        """The message of a field, or of a map field's values."""
        entry = self._schemas.map_entry(field)
        return self._schemas.messages[field.type_name if entry is None else entry.fields[1].type_name]

    def enum(self, field: Field) -> Enum:
        """The enum of a field, or of a map field's values."""
        entry = self._schemas.map_entry(field)
        return self._schemas.enums[field.type_name if entry is None else entry.fields[1].type_name]

    def is_map(self, field: Field) -> bool:
        """Whether a field is a map."""
        return self._schemas.map_entry(field) is not None

    def column_of(self, message: Message) -> Field:
        """The first column of a message of columns: the one its rows are sorted by."""
        return message.fields[0]

    def imports(self, messages: list[Message], file: str) -> list[str]:
        """The other files whose checks are called by those of these messages."""
        called = {
            self.target(field).file
            for message in messages
            for field in message.fields
            if self.kind(message, field) == "message" and self.has_rules(self.target(field))
        }
        return sorted(called - {file})
