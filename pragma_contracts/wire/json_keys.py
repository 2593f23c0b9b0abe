"""The keys of maps in JSON, where every key is text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from pragma_contracts import rules
from pragma_contracts.wire.json_place import Place
from pragma_contracts.wire.json_values import INTEGERS

# One text for each number: two texts of one key would be one entry, and the other would be lost.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,19}", re.ASCII).fullmatch
_BOOLS = {"false": False, "true": True}


@dataclass(frozen=True, slots=True)
class KeyForm:
    """write(key) gives the text of a key; read(text) gives the key, or None when the text is no key of this `kind`."""

    kind: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]

    def of(self, text: object, name: str, place: Place) -> Any:
        """The key that a text in the map `name` stands for. Raises InvalidMessage."""
        key = self.read(text) if isinstance(text, str) else None
        if key is None:
            raise place.error(name, text, f"has a key that is not {self.kind}")
        return key


def key_form(field: FieldDescriptor) -> KeyForm:
    """The form of the keys of a map, of the key field of its entries."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return KeyForm("text", str, lambda text: text if rules.is_text(text) else None)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return KeyForm('"true" or "false"', lambda key: str(key).lower(), _BOOLS.get)
    first, last = INTEGERS[field.cpp_type]

    def read(text: str) -> int | None:
        return int(text) if _WHOLE(text) and first <= int(text) <= last else None

    return KeyForm(f"a whole number from {first} to {last}, written plainly", str, read)
