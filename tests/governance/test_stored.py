"""What a registry holds is compiled and compared as what it means, in whichever words the registry has it."""

import base64
import datetime
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pragma_contracts.descriptors import normalised
from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.compiler import compile_folder, compile_texts
from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate import judging
from pragma_contracts.governance.gate.judging import differences, judge
from pragma_contracts.governance.gate.registry_base import registry_bases
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.losses import Loss
from pragma_contracts.governance.matching import held, kept
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Target, compiled, targets
from pragma_contracts.registry import Reference, Registered, Registry
from pragma_contracts.testing import embedded

PRICE = "pragma/market/v1/price.proto"
HEAD = """syntax = "proto3";
package pragma.market.v1;

import "pragma/contracts/v1/options.proto";
import "pragma/market/v1/envelope.proto";
import "pragma/market/v1/market_type.proto";

"""
# A registry that wrote our text anew: commas in values, options one below the other.
REWRITTEN = (
    HEAD
    + """message Price {
  option (pragma.contracts.v1.contract) = {
    topic: "pragma-prices-v1",
    data_type: "price",
    version: "1.1",
    key: [
      "market_type",
      "network_id",
      "source_id",
      "token_ticker"
    ]
  };

  .pragma.market.v1.Envelope envelope = 1 [(pragma.contracts.v1.required) = true];
  .pragma.market.v1.MarketType market_type = 2 [(pragma.contracts.v1.required) = true];
  string network_id = 3 [(pragma.contracts.v1.required) = true];
  string source_id = 4 [(pragma.contracts.v1.required) = true];
  string token_ticker = 5 [(pragma.contracts.v1.required) = true];
  string price = 6 [
    (pragma.contracts.v1.decimal) = true,
    (pragma.contracts.v1.required) = true
  ];
  map<string, string> metadata = 15;
}
"""
)
FIELDS = """  .pragma.market.v1.Envelope envelope = 1;
  .pragma.market.v1.MarketType market_type = 2;
  string network_id = 3;
  string source_id = 4;
  string token_ticker = 5;
  string price = 6;
"""
# A registry that made text of our descriptor: without its options, and with the entry of the map written out.
ENTRY_WRITTEN_OUT = (
    HEAD
    + f"""message Price {{
{FIELDS}  repeated .pragma.market.v1.Price.MetadataEntry metadata = 15;

  message MetadataEntry {{
    option map_entry = true;

    string key = 1;
    string value = 2;
  }}
}}
"""
)
# Another one, which loses that it is a map too.
ENTRY_ALONE = ENTRY_WRITTEN_OUT.replace("    option map_entry = true;\n\n", "")
WITHOUT_OPTIONS = HEAD + f"message Price {{\n{FIELDS}  map<string, string> metadata = 15;\n}}\n"
# One option is left, so that none was lost.
ONE_OPTION = WITHOUT_OPTIONS.replace("price = 6;", "price = 6 [(pragma.contracts.v1.required) = true];")


@pytest.fixture
def wanted() -> list[Target]:
    return targets(installed())


def _register(
    registry: Registry, wanted: list[Target], prices: str, references: Mapping[str, str] | None = None
) -> None:
    """Registers everything as text, and the prices as another one."""
    for target in wanted:
        named = [Reference(name, name, 1) for name in target.imports if references is None or name in references]
        is_price = target.file == PRICE
        registry.register(target.subject, prices if is_price else target.schema, named if is_price else _all(target))


def _all(target: Target) -> list[Reference]:
    return [Reference(name, name, 1) for name in target.imports]


@pytest.mark.parametrize(
    ("schema", "lost"),
    [
        pytest.param(REWRITTEN, set(), id="written anew"),
        pytest.param(ENTRY_WRITTEN_OUT, {Loss.OPTIONS}, id="the entry of the map written out"),
        pytest.param(ENTRY_ALONE, {Loss.OPTIONS, Loss.MAPS}, id="no map any more"),
        pytest.param(WITHOUT_OPTIONS, {Loss.OPTIONS}, id="no options"),
        pytest.param(REWRITTEN.replace("{\n", "{ // a comment\n", 1), set(), id="a comment"),
    ],
)
def test_the_words_of_a_registry_are_recognised(wanted: list[Target], schema: str, lost: set[Loss]) -> None:
    prices = wanted[-1]
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, schema)
        found = held(Reading(Holdings(registry), wanted), prices)
    assert found is not None
    assert found.registered.subject == "pragma-prices-v1-value"
    assert found.losses == lost


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(REWRITTEN.replace("price = 6", "price = 7"), id="another number"),
        pytest.param(REWRITTEN.replace("string price", "string cost"), id="another name"),
        pytest.param(REWRITTEN.replace('"1.1"', '"1.2"'), id="another version"),
        pytest.param(REWRITTEN.replace("(pragma.contracts.v1.decimal) = true,\n", ""), id="an option less"),
        pytest.param(ONE_OPTION, id="one option of many"),
        pytest.param(REWRITTEN.replace("map<string, string>", "map<string, bytes>"), id="another map"),
        pytest.param(ENTRY_ALONE.replace("string value", "bytes value"), id="another entry"),
        pytest.param(
            WITHOUT_OPTIONS.replace('import "pragma/contracts/v1/options.proto";\n', ""), id="never had any options"
        ),
    ],
)
def test_another_meaning_is_not(wanted: list[Target], schema: str) -> None:
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, schema)
        assert held(Reading(Holdings(registry), wanted), wanted[-1]) is None


def test_a_descriptor_and_a_text_refer_to_each_other(wanted: list[Target]) -> None:
    """Imports that were registered as descriptors stay so when the contract is registered as text."""
    files = compiled(installed())
    with embedded() as running, Registry(running.registry_url) as registry:
        for target in wanted:
            is_text = target.is_contract
            schema = REWRITTEN if target.file == PRICE else target.schema
            encoded = base64.b64encode(files[target.file]).decode()
            registry.register(target.subject, schema if is_text else encoded, _all(target))
        found = held(Reading(Holdings(registry), wanted), wanted[-1])
    assert found is not None
    assert found.losses == set()


def test_what_leaves_no_trace_is_lost_only_where_it_is_known_to_have_been_there(wanted: list[Target]) -> None:
    """A registry that drops the reserved numbers of enums holds what looks like an older version."""
    text = 'syntax = "proto3";\npackage test.v1;\nenum Side {\n  RESERVED  SIDE_UNSPECIFIED = 0;\n}\n'
    given, held_text = text.replace("RESERVED", "reserved 3;\n"), text.replace("RESERVED", "")
    (target,) = targets(
        compile_texts(
            {
                "test/v1/side.proto": given.encode(),
                "test/v1/uses.proto": b'syntax = "proto3";\nimport "test/v1/side.proto";\n',
            }
        )
    )
    with embedded() as running, Registry(running.registry_url) as registry:
        schema_id = registry.register(target.subject, held_text)
        reading = Reading(Holdings(registry), [target])
        assert held(reading, target) is None
        found = held(reading, target, schema_id)
    assert found is not None
    assert found.losses == {Loss.RESERVED}


def test_options_whose_definitions_were_lost_are_read_all_the_same(wanted: list[Target]) -> None:
    """A contract that is registered as text where the options came as a descriptor, which lost what it defines."""
    options = "pragma/contracts/v1/options.proto"
    with embedded() as running, Registry(running.registry_url) as registry:
        for target in wanted:
            text = target.schema.partition("extend ")[0] if target.file == options else target.schema
            registry.register(target.subject, text, _all(target))
        reading = Reading(Holdings(registry), wanted)
        found, defined = held(reading, wanted[-1]), held(reading, wanted[0])
    assert found is not None
    assert found.losses == set()
    assert defined is not None
    assert defined.losses == {Loss.OPTIONS}


def test_the_form_that_kept_everything_is_preferred(wanted: list[Target]) -> None:
    """A stock producer that registers by itself puts a poorer form of the same schema on top."""
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, REWRITTEN)
        registry.register("pragma-prices-v1-value", WITHOUT_OPTIONS, _all(wanted[-1]))
        assert registry.versions("pragma-prices-v1-value") == [1, 2]
        found = held(Reading(Holdings(registry), wanted), wanted[-1])
    assert found is not None
    assert found.registered.version == 1
    assert found.losses == set()


def _only_options_changed(schemas: Path) -> Schemas:
    path = schemas / PRICE
    text = path.read_text(encoding="utf-8").replace('version: "1.1"', 'version: "1.2"')
    path.write_text(text.replace(" = true,\n    (pragma.contracts.v1.decimal)", ""), encoding="utf-8")
    return compile_folder(schemas)


def test_a_poorer_form_of_another_version_is_not_ours(wanted: list[Target], root: Path, tmp_path: Path) -> None:
    """A change of options alone was never registered where a stock producer had put its own form on top."""
    new = targets(_only_options_changed(shutil.copytree(root / "schemas", tmp_path / "schemas")))
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, REWRITTEN)
        given = registry.register("pragma-prices-v1-value", WITHOUT_OPTIONS, _all(wanted[-1]))
        reading = Reading(Holdings(registry), new)
        assert held(reading, new[-1]) is None
        # Known to have been given ours, it is.
        assert held(reading, new[-1], given) is not None


def test_what_a_later_version_lost_is_no_history(wanted: list[Target], root: Path, tmp_path: Path) -> None:
    """A break of options passed as one that was live already, between the version that has them and a poorer one."""
    new = _only_options_changed(shutil.copytree(root / "schemas", tmp_path / "schemas"))
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, REWRITTEN)
        registry.register("pragma-prices-v1-value", WITHOUT_OPTIONS, _all(wanted[-1]))
        live = registry_bases(Reading(Holdings(registry), targets(new)), new, targets(new))
    today = datetime.date(2026, 11, 23)
    found = judge(running.registry_url, live.bases, changes=None, waivers=[], today=today)
    assert [(each.rule, each.bases) for each in found.breaks] == [
        ("FIELD_SAME_MEANING", ("pragma-prices-v1-value version 1",))
    ]
    assert found.history == 0


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("no schema at all", r"pragma/market/v1/price\.proto:1: Expected top-level statement"),
        ('{"type": "string"}', r"pragma/market/v1/price\.proto:1: Expected top-level statement"),
    ],
)
def test_what_cannot_be_read_is_no_pass(wanted: list[Target], schema: str, problem: str) -> None:
    told = rf"registry: pragma-prices-v1-value version 1 is no protobuf schema, so that nothing can be .*: {problem}"
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, schema)
        with pytest.raises(ConfigurationError, match=told):
            held(Reading(Holdings(registry), wanted), wanted[-1])


def test_a_reference_that_is_not_there_is_not_taken_from_the_package(wanted: list[Target]) -> None:
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, REWRITTEN, references={})
        with pytest.raises(ConfigurationError, match=r"pragma/contracts/v1/options\.proto"):
            held(Reading(Holdings(registry), wanted), wanted[-1])


def test_only_what_is_not_known_is_compiled(wanted: list[Target], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run needs no compiler, in either form."""
    for form in wanted, targets(installed(), "descriptor"):
        with embedded() as running, Registry(running.registry_url) as registry:
            for target in form:
                registry.register(target.subject, target.schema, _all(target))
            monkeypatch.setenv("PATH", "")
            monkeypatch.setattr("sys.executable", "/nowhere/python")
            assert held(Reading(Holdings(registry), wanted), wanted[-1]) is not None
            monkeypatch.undo()


def test_a_well_known_type_that_is_no_part_of_protobuf(tmp_path: Path) -> None:
    money = 'syntax = "proto3";\npackage google.type;\nmessage Money {\n  string currency_code = 1;\n}\n'
    fee = (
        'syntax = "proto3";\npackage pragma.fees.v1;\nimport "google/type/money.proto";\n'
        'import "pragma/contracts/v1/options.proto";\nmessage Fee {\n'
        '  option (pragma.contracts.v1.contract) = {topic: "pragma-fees-v1" data_type: "fee" version: "1.0"};\n'
        "  google.type.Money amount = 6;\n}\n"
    )
    texts = {"google/type/money.proto": money.encode(), "pragma/fees/v1/fee.proto": fee.encode()}
    wanted = targets(compile_texts(texts))
    assert [target.subject for target in wanted] == ["pragma/contracts/v1/options.proto", "pragma-fees-v1-value"]
    assert wanted[-1].imports == ("pragma/contracts/v1/options.proto",)
    with embedded() as running, Registry(running.registry_url) as registry:
        for target in wanted:
            registry.register(target.subject, target.schema + "// theirs\n", _all(target))
        found = held(Reading(Holdings(registry), wanted), wanted[-1])
    assert found is not None
    assert found.losses == set()


def test_what_was_kept_is_said_of_one_version(wanted: list[Target]) -> None:
    prices = wanted[-1]
    reading = Reading(Holdings(Registry("http://127.0.0.1:1")), wanted)
    registered = Registered(prices.subject, 1, 1, base64.b64encode(normalised(prices.files[PRICE])).decode(), ())
    with pytest.raises(ConfigurationError, match="is imported, and the registry has no reference to it"):
        kept(reading.one(registered, PRICE), prices)


@pytest.mark.parametrize("name", ["@arguments.proto", "--plugin=protoc-gen-x=./x.proto"])
def test_a_name_is_never_an_option_of_the_compiler(name: str) -> None:
    with pytest.raises(SchemaError, match="begins like an option of the compiler"):
        compile_texts({name: b'syntax = "proto3";\n'})


def test_a_producer_may_have_another_root_of_imports(wanted: list[Target]) -> None:
    """The second contract of such a producer was called no schema, because its messages were in two files each."""
    with embedded() as running, Registry(running.registry_url) as registry:
        for target in wanted:
            named = [Reference(f"schemas/{name}", f"schemas/{name}", 1) for name in target.imports]
            text = target.schema.replace('import "pragma/', 'import "schemas/pragma/')
            registry.register(target.subject if target.is_contract else f"schemas/{target.file}", text, named)
        reading = Reading(Holdings(registry), wanted)
        for target in wanted:
            if target.is_contract:
                (found,) = reading.all(target.subject, target.file)
                assert "schemas/pragma/market/v1/envelope.proto" in found.files


def test_history_is_looked_at_for_breaks_alone(wanted: list[Target], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every version was compared twice, though nothing broke."""
    compared: list[Schemas] = []

    def counted(old: Schemas, new: Schemas) -> list[Finding]:
        compared.append(old)
        return differences(old, new)

    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, wanted, REWRITTEN)
        registry.register("pragma-prices-v1-value", REWRITTEN.replace("1.1", "1.0"), _all(wanted[-1]))
        live = registry_bases(Reading(Holdings(registry), wanted), installed(), wanted)
    monkeypatch.setattr(judging, "differences", counted)
    assert not judge("", live.bases, changes=None, waivers=[], today=datetime.date(2026, 11, 23)).breaks
    assert len(compared) == len(live.bases) == len(wanted) + 1
