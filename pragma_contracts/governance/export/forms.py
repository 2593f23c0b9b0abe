"""The forms in which schemas are exported, each as the files that it gives."""

from collections.abc import Callable, Iterable, Sequence

from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.governance.export.clickhouse import clickhouse
from pragma_contracts.governance.export.descriptor_set import descriptor_set
from pragma_contracts.governance.export.flat import flat_name, flat_source
from pragma_contracts.governance.model import Message, Schemas

# Files by name, under a folder.
Files = dict[str, bytes]


def chosen(schemas: Schemas, names: Iterable[str]) -> list[Message]:
    """The contracts of these names, with or without their package, in the order of the schemas; all when there is none.

    Raises:
        ConfigurationError: no contract has one of the names, or there are no contracts at all.
    """
    contracts = [message for _, message, _ in schemas.contracts()]
    if not contracts:
        raise ConfigurationError("schemas", "no message has the option (contract); there is nothing to export")
    wanted = set(names)
    for name in sorted(wanted):
        if not any(name in (message.name, message.full_name) for message in contracts):
            known = ", ".join(message.name for message in contracts)
            raise ConfigurationError("--contract", f"no contract is called {shown(name)}; there are {known}")
    return [message for message in contracts if not wanted or {message.name, message.full_name} & wanted]


def _descriptor_set(schemas: Schemas, contracts: Sequence[Message]) -> Files:
    return {"contracts.binpb": descriptor_set(schemas, contracts)}


def _flat_proto(schemas: Schemas, contracts: Sequence[Message]) -> Files:
    return {flat_name(contract): flat_source(schemas, contract).encode() for contract in contracts}


def _clickhouse(schemas: Schemas, contracts: Sequence[Message]) -> Files:
    return {
        name: text.encode() for contract in contracts for name, text in sorted(clickhouse(schemas, contract).items())
    }


FORMS: dict[str, Callable[[Schemas, Sequence[Message]], Files]] = {
    "descriptor-set": _descriptor_set,
    "flat-proto": _flat_proto,
    "clickhouse": _clickhouse,
}
# Those that are no text.
BINARY = frozenset(("descriptor-set",))
