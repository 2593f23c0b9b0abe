"""Rust names of what the schemas declare, the same that prost-build gives, so that users of prost feel at home."""

from collections.abc import Iterable

from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.model import Enum, Message
from pragma_contracts.governance.words import words

# Source: https://doc.rust-lang.org/reference/keywords.html
_KEYWORDS = frozenset(
    "abstract as async await become box break const continue do dyn else enum false final fn for gen if impl in let "
    "loop macro match mod move mut override priv pub ref return static struct trait true try type typeof unsafe "
    "unsized use virtual where while yield".split()
)
# Keywords that are no raw identifiers.
_NEVER_RAW = frozenset(("self", "Self", "super", "crate", "extern"))


def _identifier(name: str) -> str:
    if name in _KEYWORDS:
        return f"r#{name}"
    if name in _NEVER_RAW:
        return f"{name}_"
    return f"_{name}" if name[:1].isdigit() else name


def snake(name: str) -> str:
    """A field, function or module: `market_type` for marketType, `r#type` for type."""
    return _identifier("_".join(words(name)).lower())


def camel(name: str) -> str:
    """A type or variant: `MarketType` for market_type."""
    return _identifier("".join(word[0].upper() + word[1:].lower() for word in words(name)))


def variants(enum: Enum) -> list[tuple[str, int]]:
    """Name and number of an enum's variants, each number once: a Rust enum knows no aliases."""
    prefix = camel(enum.path[-1])
    found: dict[int, str] = {}
    for value in enum.values:
        name = camel(value.name)
        short = name.removeprefix(prefix)
        found.setdefault(value.number, _identifier(short if short[:1].isupper() else name))
    refuse_collisions(enum.file, enum.line, enum.full_name, found.values())
    return [(name, number) for number, name in found.items()]


def oneof_type(message: Message, oneof: str) -> str:
    """The enum of a oneof, which stands in the module of its message."""
    nested: list[Message | Enum] = [*message.messages, *message.enums]
    taken = {camel(item.path[-1]) for item in nested}
    return f"{camel(oneof)}OneOf" if camel(oneof) in taken else camel(oneof)


def relative(scope: tuple[str, ...], package: str, path: tuple[str, ...]) -> str:
    """The path to a type from a module; `scope` are the packages and messages that the module stands for."""
    modules = (*filter(None, package.split(".")), *path[:-1])
    shared = 0
    while shared < min(len(scope), len(modules)) and scope[shared] == modules[shared]:
        shared += 1
    up = ["super"] * (len(scope) - shared)
    return "::".join([*up, *map(snake, modules[shared:]), camel(path[-1])])


def refuse_collisions(file: str, line: int, where: str, names: Iterable[str]) -> None:
    """Raises SchemaError when two names are the same one in Rust, or one has nothing that a Rust name could be."""
    seen: set[str] = set()
    for name in names:
        if not name:
            raise SchemaError(file, line, f"{where}: has a name of underscores alone, which Rust cannot have")
        if name in seen:
            raise SchemaError(file, line, f"{where}: two of its names are both {name!r} in Rust; rename one")
        seen.add(name)
