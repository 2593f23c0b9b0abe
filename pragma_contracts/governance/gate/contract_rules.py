"""The rules of the gate that are about contracts as a whole: topics, keys, versions, and what is told of them."""

from pragma_contracts.governance.finding import Breaks
from pragma_contracts.governance.rule import breaking

_PRODUCERS, _CONSUMERS, _STORED = Breaks.PRODUCERS, Breaks.CONSUMERS, Breaks.STORED

CONTRACT_RULES = (
    breaking(
        "CONTRACT_NO_DELETE",
        "A contract stays a contract.",
        _PRODUCERS,
        _CONSUMERS,
        _STORED,
        consequence="nothing can produce, consume or check what is on topic {before} any more",
        fix="keep the contract until its topic is gone, and mark it deprecated",
        example=("option (contract) = { … };", "(no such option)"),
        buf=("MESSAGE_NO_DELETE",),
    ),
    breaking(
        "CONTRACT_NO_REUSE",
        "A new contract has a topic and a data_type that no other one has or had.",
        _CONSUMERS,
        _STORED,
        consequence="whoever reads {before} takes messages of {name} for it",
        fix="choose a topic and a data_type of its own",
        example=('topic: "pragma-prices-v1"', 'another message with topic: "pragma-prices-v1"'),
    ),
    breaking(
        "CONTRACT_SAME_TOPIC",
        "A contract stays on its topic.",
        _PRODUCERS,
        _CONSUMERS,
        consequence="new producers write to {after}, which no running consumer reads; running ones to {before}",
        fix="make a new contract for the new topic, and write to both for as long as the old one is read",
        example=('topic: "pragma-prices-v1"', 'topic: "pragma-price-v1"'),
    ),
    breaking(
        "CONTRACT_SAME_DATA_TYPE",
        "A contract keeps its data_type.",
        _CONSUMERS,
        _STORED,
        consequence='stored JSON with data_type "{before}" belongs to no contract any more',
        fix="leave data_type",
        example=('data_type: "price"', 'data_type: "prices"'),
    ),
    breaking(
        "CONTRACT_SAME_KEY",
        "A contract keeps the fields of its key, and their order.",
        _PRODUCERS,
        _CONSUMERS,
        _STORED,
        consequence="records of one feed get another key and land in another partition: their order is lost",
        fix="leave the key",
        example=('key: ["market_type", …]', 'key: ["network_id", …]'),
    ),
    breaking(
        "CONTRACT_SAME_INDEX",
        "A contract stays where it is among the messages of its file.",
        _PRODUCERS,
        _CONSUMERS,
        _STORED,
        consequence="frames of one side name message index {before} and the other side expects {after}",
        fix="leave the messages in their order, and add new ones below",
        example=("message Price, message Side", "message Side, message Price"),
    ),
    breaking(
        "CONTRACT_SAME_MAJOR",
        "A contract keeps its major version.",
        _CONSUMERS,
        consequence="a running consumer of version {before} refuses every message of version {after}",
        fix="raise the minor version; a new major version is a new contract on a new topic",
        example=('version: "1.1"', 'version: "2.0"'),
    ),
    breaking(
        "CONTRACT_VERSION_RAISED",
        "A contract whose schema or imports changed has a higher version.",
        _CONSUMERS,
        consequence="{misled}",
        fix='take the change back, or write version: "{wanted}"',
        example=('version: "1.1"', 'a new field, and still version: "1.1"'),
    ),
    breaking(
        "CHANGELOG_ENTRY",
        "A new version of a contract has an entry in the changelog.",
        _CONSUMERS,
        consequence="whoever upgrades them does not learn what changed in {name}",
        fix="add a line to {file} that names {name} and {after}",
        example=('version: "1.2"', "CHANGELOG.md without Price 1.2"),
    ),
)
