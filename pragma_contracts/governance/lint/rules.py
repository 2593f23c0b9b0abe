"""The rules of the linter that are ours: what each one is for, and what to do. buf's own rules keep buf's names."""

from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.rule import Rule


def _rule(name: str, purpose: str, *, fix: str, wrong: str, right: str) -> Rule:
    return Rule(name, purpose, Level.WRONG, fix=fix, example=(wrong, right), can_be_waived=False)


_ALL = (
    _rule(
        "SYNTAX_PROTO3",
        "Every file is written in proto3, whose defaults and presence are the same in every language.",
        fix='begin the file with syntax = "proto3";',
        wrong='syntax = "proto2";',
        right='syntax = "proto3";',
    ),
    _rule(
        "CONTRACT_FIRST",
        "A contract is the first message of its file, because readers expect message index [0] in every frame.",
        fix="write the contract above the other messages, one contract a file",
        wrong="message Level { … } message Trade { option (contract) = { … }; }",
        right="message Trade { option (contract) = { … }; } message Level { … }",
    ),
    _rule(
        "CONTRACT_TOPIC",
        "A topic has a name that Kafka accepts.",
        fix="use letters, digits, '-' and '_', at most 249 of them, as in pragma-trades-v1",
        wrong='topic: "pragma trades"',
        right='topic: "pragma-trades-v1"',
    ),
    _rule(
        "CONTRACT_TOPIC_CONVENTION",
        "A topic is named pragma-{datatype}-v{N}, where N is the major version of the contract's package.",
        fix="rename the topic before anything is on it; a topic that is in use keeps its name, and its package too",
        wrong='package pragma.market.v1; … topic: "trades"',
        right='package pragma.market.v1; … topic: "pragma-trades-v1"',
    ),
    _rule(
        "CONTRACT_DATA_TYPE",
        "A data_type is lower_snake_case.",
        fix="write it in lower case with underscores",
        wrong='data_type: "FundingRate"',
        right='data_type: "funding_rate"',
    ),
    _rule(
        "CONTRACT_VERSION",
        "A contract's version is major.minor.",
        fix="write two numbers with a point between them",
        wrong='version: "v1"',
        right='version: "1.0"',
    ),
    _rule(
        "CONTRACT_KEY",
        "The record key is market_type, network_id, source_id, token_ticker, so that any reader can read any key.",
        fix="write these four fields, in this order",
        wrong='key: ["token_ticker"]',
        right='key: ["market_type", "network_id", "source_id", "token_ticker"]',
    ),
    _rule(
        "CONTRACT_HEADER",
        "The fields 1 to 5 of every contract are the envelope, the market type and the identifiers, all required.",
        fix="copy the fields 1 to 5 from price.proto",
        wrong="string network_id = 3;",
        right="string network_id = 3 [(required) = true];",
    ),
    _rule(
        "CONTRACT_METADATA",
        "Number 15 and the name metadata belong to map<string, string> metadata.",
        fix="give the field another number, or another name",
        wrong="string note = 15;",
        right="map<string, string> metadata = 15;",
    ),
    _rule(
        "CONTRACT_FIELD_NAME",
        "A payload field does not have the name of a common one, because the JSON form is flat.",
        fix="choose another name",
        wrong="string version = 6;",
        right="string schema_version = 6;",
    ),
    _rule(
        "CONTRACT_PARTS",
        "A contract holds what checks and a JSON form can be made for: no other contract, and no dynamic type.",
        fix="write the fields that you mean",
        wrong="google.protobuf.Struct more = 6;",
        right="string unit = 6;",
    ),
    _rule(
        "CONTRACT_UNIQUE",
        "Topic, data_type and name belong to one contract each.",
        fix="choose another one",
        wrong='topic: "pragma-prices-v1" of two contracts',
        right='topic: "pragma-trades-v1"',
    ),
    _rule(
        "MESSAGE_KNOWN",
        "The messages whose meaning the code knows, Envelope and DecimalColumn, have the fields that it fills in.",
        fix="put the field back",
        wrong="message DecimalColumn { uint32 scale = 1; }",
        right="message DecimalColumn { uint32 scale = 1; repeated sint64 unscaled = 2; repeated bytes wide = 3; }",
    ),
    _rule(
        "MESSAGE_COLUMNS",
        "A message of columns holds single DecimalColumn fields and nothing else.",
        fix="move the other fields to the message that holds this one",
        wrong="option (columns) = true; string note = 3;",
        right="option (columns) = true; DecimalColumn prices = 1;",
    ),
    _rule(
        "FIELD_DECIMAL",
        "The option (decimal) is for strings.",
        fix="make the field a string, or use DecimalColumn for many values",
        wrong="int64 price = 6 [(decimal) = true];",
        right="string price = 6 [(decimal) = true];",
    ),
    _rule(
        "FIELD_REQUIRED",
        "A required field is one whose absence can be told from every value.",
        fix="write optional, or take the option (required) away",
        wrong="uint32 levels = 6 [(required) = true];",
        right="optional uint32 levels = 6 [(required) = true];",
    ),
    _rule(
        "FIELD_ORDER",
        "The option (order) is for a single field whose message has the option (columns).",
        fix="take the option (order) away",
        wrong="string price = 6 [(order) = ORDER_ASCENDING];",
        right="BookSide asks = 7 [(order) = ORDER_ASCENDING];",
    ),
    _rule(
        "FIELD_NO_FLOAT",
        "No contract holds a float or a double, at any depth: market data is exact.",
        fix="use a string with the option (decimal), DecimalColumn for many values, or an integer with its unit",
        wrong="double price = 6;",
        right="string price = 6 [(decimal) = true];",
    ),
    _rule(
        "ENUM_TEXT",
        "Every enum value but zero has one text and one key token that no other value has, in lower_snake_case.",
        fix="choose another text; remove aliases",
        wrong='SIDE_BUY = 1 [(text) = "Buy"];',
        right='SIDE_BUY = 1 [(text) = "buy"];',
    ),
    _rule(
        "OPTION_NUMBER",
        "The contract options have the numbers 73541 to 73599, and options of others stay out of their way.",
        fix="for options of your own take numbers from 50000 to 73540 or from 73600 to 99999, and keep them for ever",
        wrong="extend google.protobuf.FieldOptions { string unit = 73550; }",
        right="extend google.protobuf.FieldOptions { string unit = 50010; }",
    ),
    _rule(
        "OPTION_USE",
        "An option stands where it does something: (key_token) on the values of MarketType.",
        fix="remove the option; use (text) for the value in JSON",
        wrong='SIDE_BUY = 1 [(key_token) = "b"];',
        right='SIDE_BUY = 1 [(text) = "b"];',
    ),
)

RULES = {rule.id: rule for rule in _ALL}
