"""The user's JSON form: one flat object a message, common fields first.

message_id, event_timestamp, publish_timestamp, producer, version, data_type, market_type, token_ticker, source_id,
network_id, then the payload in the order of its field numbers, and metadata last of all.
"""

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.message import Message

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.rules import MISSING, Where
from pragma_contracts.wire.json_fields import FieldForm, forms
from pragma_contracts.wire.json_place import Place
from pragma_contracts.wire.lookup import contract_by_data_type, contract_of

_FEED = ("market_type", "token_ticker", "source_id", "network_id")


def to_json(message: Message) -> dict[str, Any]:
    """The flat JSON object of a contract's message.

    Decimals and times are text. A book's sides are lists of [price, quantity], padded to the column's scale. Texts,
    numbers and lists are always there, perhaps as "", 0 or []; what is left out when absent is a message (such as a
    time), an optional field, a member of a oneof, an enum and a map. A market type that this version does not know is
    its number, which from_json refuses, as every producer does.

    Raises:
        NotAContract: the message's type is bound to no topic.
        InvalidMessage: it holds what has no JSON form, such as an unspecified market type, an impossible time, a number
            that is infinite, or messages nested more than 100 deep.
    """
    contract = contract_of(message)
    place = Place(Where(contract.name, contract.topic))
    common, feed, payload = _layout(contract)
    out: dict[str, Any] = {}
    envelope: Message = message.envelope  # type: ignore[attr-defined]  # every contract has an envelope
    for form in common:
        form.write(envelope, out, place)
    out["data_type"] = contract.data_type
    for form in (*feed, *payload):
        form.write(message, out, place)
    if "market_type" not in out:
        raise place.error("market_type", "UNSPECIFIED", MISSING)
    return out


def from_json(obj: Mapping[str, Any], contract: type[M] | None = None) -> M:
    """The message of a flat JSON object; the contract is found by its data_type unless it is given.

    What the producer stamps may be left out. "perp" is taken for "perpetual", and any UTC offset for `Z`.

    Raises:
        ConfigurationError: the object is no mapping.
        NotAContract: no contract has this data_type.
        InvalidMessage: a field is unknown, of another type, nested more than 100 messages deep, or breaks the contract.
    """
    found = _contract(obj, contract)
    place = Place(Where(found.name, found.topic))
    common, feed, payload = _layout(found)
    message: Any = found.message()
    message.envelope.SetInParent()
    rest = dict(obj)
    rest.pop("data_type", None)
    for form in common:
        form.read(rest, message.envelope, place)
    for form in (*feed, *payload):
        form.read(rest, message, place)
    if rest:
        names = [form.name for form in (*common, *feed, *payload)]
        field, value = next(iter(rest.items()))
        raise place.error(field, value, f"is no field of this contract; it has data_type, {', '.join(names)}")
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
        rest = (form for name, form in by_name.items() if name not in (*_FEED, "envelope"))
        payload = sorted(rest, key=lambda form: form.name == "metadata")
        _LAYOUTS[contract.name] = (forms(envelope), tuple(by_name[name] for name in _FEED), tuple(payload))
    return _LAYOUTS[contract.name]
