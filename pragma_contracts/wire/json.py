"""The user's JSON form: one flat object a message, common fields first.

message_id, event_timestamp, publish_timestamp, producer, version, data_type, market_type, token_ticker, source_id,
network_id, then the payload in the order of its field numbers, and metadata last.
"""

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.message import Message

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.rules import MISSING, Where
from pragma_contracts.wire.json_fields import FieldForm, forms
from pragma_contracts.wire.lookup import contract_by_data_type, contract_of

_FEED = ("market_type", "token_ticker", "source_id", "network_id")


def to_json(message: Message) -> dict[str, Any]:
    """The flat JSON object of a contract's message.

    Decimals and times are text. A book's sides are lists of [price, quantity], padded to the column's scale. A market
    type that this version does not know is its number, which from_json refuses as every producer does. Left out are
    absent messages and optional fields, unset enums and empty maps; other fields are written, zero and empty ones too.

    Raises:
        NotAContract: the message's type is bound to no topic.
        InvalidMessage: it holds what has no JSON form, such as an unspecified market type.
    """
    contract = contract_of(message)
    where = Where(contract.name, contract.topic)
    common, feed, payload = _layout(contract)
    out: dict[str, Any] = {}
    envelope: Message = message.envelope  # type: ignore[attr-defined]  # every contract has an envelope
    for form in common:
        form.write(envelope, out, where, "")
    out["data_type"] = contract.data_type
    for form in (*feed, *payload):
        form.write(message, out, where, "")
    if "market_type" not in out:
        raise where.error("market_type", "UNSPECIFIED", MISSING)
    return out


def from_json(obj: Mapping[str, Any], contract: type[M] | None = None) -> M:
    """The message of a flat JSON object; the contract is found by its data_type unless it is given.

    What the producer stamps may be left out. "perp" is taken for "perpetual", and any UTC offset for `Z`.

    Raises:
        NotAContract: no contract has this data_type.
        InvalidMessage: a field is unknown, of another type, or breaks the contract.
    """
    found = _contract(obj, contract)
    where = Where(found.name, found.topic)
    common, feed, payload = _layout(found)
    message: Any = found.message()
    message.envelope.SetInParent()
    rest = dict(obj)
    rest.pop("data_type", None)
    for form in common:
        form.read(rest, message.envelope, where, "")
    for form in (*feed, *payload):
        form.read(rest, message, where, "")
    if rest:
        names = [form.name for form in (*common, *feed, *payload)]
        field, value = next(iter(rest.items()))
        raise where.error(str(field), value, f"is no field of this contract; it has data_type, {', '.join(names)}")
    found.validate(message)
    return cast(M, message)


def _contract(obj: Mapping[str, Any], contract: type[M] | None) -> Contract[M]:
    if not isinstance(obj, Mapping):
        raise ConfigurationError("obj", f"must be a JSON object (a dict), not {type(obj).__name__}")
    if contract is None:
        return contract_by_data_type(obj.get("data_type", ""))
    found = contract_of(contract)
    if obj.get("data_type", found.data_type) != found.data_type:
        problem = f"is not {found.data_type!r}, the data type of the contract asked for"
        raise Where(found.name, found.topic).error("data_type", obj["data_type"], problem)
    return found


_Layout = tuple[tuple[FieldForm, ...], tuple[FieldForm, ...], tuple[FieldForm, ...]]
_LAYOUTS: dict[str, _Layout] = {}


def _layout(contract: Contract[Any]) -> _Layout:
    """Forms of the common fields, the feed and the payload, in the order in which JSON has them."""
    if contract.name not in _LAYOUTS:
        by_name = {form.name: form for form in forms(contract.message.DESCRIPTOR)}
        envelope = contract.message.DESCRIPTOR.fields_by_name["envelope"].message_type
        metadata = by_name.pop("metadata", None)
        payload = tuple(form for name, form in by_name.items() if name not in (*_FEED, "envelope"))
        payload += () if metadata is None else (metadata,)
        _LAYOUTS[contract.name] = (forms(envelope), tuple(by_name[name] for name in _FEED), payload)
    return _LAYOUTS[contract.name]
