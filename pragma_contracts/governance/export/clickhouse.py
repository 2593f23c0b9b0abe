"""The form clickhouse: for each contract a table that reads its frames from Kafka, and one that keeps exact values."""

from collections.abc import Iterator

from pragma_contracts.descriptors import parse_set
from pragma_contracts.governance.export.clickhouse_columns import FUNCTIONS, Column, columns, name_of, quoted
from pragma_contracts.governance.export.flat import flat_file, flat_name
from pragma_contracts.governance.model import ENVELOPE, KEY_LAYOUT, Message, Schemas
from pragma_contracts.governance.words import snake
from pragma_contracts.proto_source import source

# A Confluent frame is one zero byte, four of the schema id, and one of the message index [0].
_FRAME_HEADER = 6


def clickhouse(schemas: Schemas, contract: Message) -> dict[str, str]:
    """The files of a contract by name: its SQL, its .proto file, and those of google/protobuf that this one imports."""
    name = snake(contract.name)
    flat = flat_file(schemas, contract)
    return {
        f"{name}.sql": "\n".join(_sql(schemas, contract, name)),
        flat.name: source(flat, comments=True),
        **_well_known(schemas, list(flat.dependency)),
    }


def _well_known(schemas: Schemas, names: list[str]) -> dict[str, str]:
    """The sources of these files and of those that they import."""
    files = {file.name: file for file in parse_set(schemas.image).file}
    found: dict[str, str] = {}
    while names:
        name = names.pop()
        if name not in found:
            found[name] = source(files[name])
            names.extend(files[name].dependency)
    return found


def _sql(schemas: Schemas, contract: Message, name: str) -> Iterator[str]:
    option = contract.contract
    assert option is not None  # noqa: S101  it is a contract
    kept = list(_kept(schemas, contract))
    queue, table, view = (name_of(f"{name}{end}") for end in ("_queue", "", "_reader"))
    yield f"-- {contract.name} {option.version} on the topic {option.topic}: written by `pragma-contracts schemas`."
    yield f"-- Put {flat_name(contract)} and the folder google into format_schema_path of a ClickHouse 25.11 or newer,"
    yield "-- and name your brokers below. Decimals are exact; times are kept from 1900 to 2262."
    yield ""
    yield "-- What Kafka has, as it is: reading it by hand takes records away from the view below."
    yield f"CREATE TABLE {queue}"
    yield "("
    yield from _separated(f"{each.name} {each.raw}" for each in columns(schemas, contract, "raw"))
    yield ")"
    yield "ENGINE = Kafka"
    yield "SETTINGS"
    yield from _separated(
        f"{setting} = {value}"
        for setting, value in (
            ("kafka_broker_list", "'localhost:9092'"),
            ("kafka_topic_list", quoted(option.topic)),
            ("kafka_group_name", quoted(f"clickhouse-{name}")),
            ("kafka_format", "'ProtobufSingle'"),
            ("kafka_schema", quoted(f"{name}:{contract.name}")),
            ("kafka_schema_registry_skip_bytes", str(_FRAME_HEADER)),
        )
    )
    yield ";"
    yield ""
    yield f"CREATE TABLE {table}"
    yield "("
    yield from _separated(
        f"{each.name} {each.kept}{f' COMMENT {quoted(each.comment)}' if each.comment else ''}" for each in kept
    )
    yield ")"
    yield "ENGINE = MergeTree"
    yield f"ORDER BY ({', '.join(KEY_LAYOUT)}, event_timestamp)"
    yield ";"
    yield ""
    yield f"CREATE MATERIALIZED VIEW {view} TO {table} AS"
    functions = _called([each.value for each in kept])
    if functions:
        yield "WITH"
        yield from _separated(f"{FUNCTIONS[function]} AS {function}" for function in functions)
    yield "SELECT"
    yield from _separated(f"{each.value} AS {each.name}" for each in kept)
    yield f"FROM {queue} AS raw"
    yield ";"
    yield ""


def _kept(schemas: Schemas, contract: Message) -> Iterator[Column]:
    """The columns of the table: those of the envelope stand beside the others, as in JSON."""
    for each in columns(schemas, contract, "raw"):
        if each.name == name_of("envelope"):
            yield from columns(schemas, schemas.messages[ENVELOPE], f"raw.{each.name}")
        elif each.name in map(name_of, KEY_LAYOUT):
            yield each._replace(kept="LowCardinality(String)")
        else:
            yield each


def _called(expressions: list[str]) -> list[str]:
    """The functions that expressions call, and that these call, in the order in which they have to be defined."""
    found: list[str] = []
    for function, definition in reversed(FUNCTIONS.items()):
        if any(f"{function}(" in each for each in expressions):
            found.insert(0, function)
            expressions = [*expressions, definition]
    return found


def _separated(parts: Iterator[str]) -> Iterator[str]:
    *others, last = parts
    yield from (f"    {each}," for each in others)
    yield f"    {last}"
