"""A registry full of other people's subjects costs what an empty one costs, and none of theirs ends a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.registry_base import Live, registry_bases
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.judged_plan import judged_plan
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import targets
from pragma_contracts.registry import Registry
from pragma_contracts.testing import embedded
from tests.registry.serving import Answer, Asked, Server, refusal, serving

ORDER = 'syntax = "proto3";\npackage orders.v1;\nmessage Order {\n  string id = 1;\n}\n'


@contextmanager
def watched(url: str, refused: dict[str, Answer] | None = None) -> Iterator[Server]:
    """A registry whose requests are counted, and which refuses those whose path ends so."""

    def forward(asked: Asked) -> Answer:
        for end, answer in (refused or {}).items():
            if asked.path.endswith(end):
                return answer
        headers = {"Content-Type": "application/json"} if asked.body else {}
        found = httpx.request(asked.method, url + asked.path, content=asked.body, headers=headers)
        return Answer(found.status_code, found.content)

    with serving(forward) as server:
        yield server


def _add(url: str, *subjects: str) -> None:
    with httpx.Client() as client:
        for subject in subjects:
            body = {"schema": ORDER, "schemaType": "PROTOBUF"}
            client.post(f"{url}/subjects/{subject}/versions", json=body).raise_for_status()


def _live(url: str) -> Live:
    wanted = targets(installed())
    with Registry(url) as registry:
        return registry_bases(Reading(Holdings(registry), wanted), installed(), wanted)


def test_other_subjects_cost_no_request() -> None:
    counts = []
    with embedded() as running:
        register_installed(running.registry_url)
        for number in 0, 300:
            _add(running.registry_url, *(f"team-{each}-value" for each in range(number)))
            with watched(running.registry_url) as server, Registry(server.url) as registry:
                wanted = targets(installed())
                reading = Reading(Holdings(registry), wanted)
                level = LevelRule()
                plan = judged_plan(reading, installed(), wanted, about="", level=level, waivers=[], locked={})
                assert not plan.changes
                assert not plan.refused
                counts.append(len(server.asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_every_version_is_asked_for_once() -> None:
    with embedded() as running:
        register_installed(running.registry_url)
        with watched(running.registry_url) as server:
            _live(server.url)
    assert len(server.paths) == len(set(server.paths))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(403, 40301, "User is denied"), "403 User is denied"),
        (refusal(401, 401, "Unauthorized"), "401 Unauthorized"),
        (refusal(404, 40402, "Version 1 not found."), "404 Version 1 not found."),
    ],
)
def test_one_that_is_forbidden_or_vanishes_is_said(answer: Answer, said: str) -> None:
    with embedded() as running:
        register_installed(running.registry_url)
        _add(running.registry_url, "pragma-orders-v1-value")
        with watched(running.registry_url, {"/subjects/pragma-orders-v1-value/versions/1": answer}) as server:
            live = _live(server.url)
    assert live.unseen == (f"pragma-orders-v1-value, which may hold a contract: {said}",)
    assert len(live.bases) == 5


def test_one_that_cannot_be_read_is_said() -> None:
    with embedded() as running:
        register_installed(running.registry_url)
        for subject, schema in ("pragma-a-v1-value", '{"type": "string"}'), ("pragma-b-v1-value", "message {"):
            body = {"schema": schema, "schemaType": "PROTOBUF"}
            httpx.post(f"{running.registry_url}/subjects/{subject}/versions", json=body).raise_for_status()
        live = _live(running.registry_url)
    # The first is of another format, and so it holds no contract.
    (told,) = live.unseen
    assert told.startswith("pragma-b-v1-value version 1 is no protobuf schema, so that nothing can be compared with it")


def test_a_contract_that_lost_its_options_is_compared_in_all_that_is_left(root: Path, tmp_path: Path) -> None:
    """Its versions were skipped in silence, and a break was registered."""
    fields = "  string network_id = 3;\n  string source_id = 4;\n  string token_ticker = 5;\n  int64 price = 6;\n"
    text = (
        'syntax = "proto3";\npackage pragma.market.v1;\nimport "pragma/contracts/v1/options.proto";\n'
        f'import "pragma/market/v1/envelope.proto";\nimport "pragma/market/v1/market_type.proto";\n'
        f"message Price {{\n  Envelope envelope = 1;\n  MarketType market_type = 2;\n{fields}}}\n"
    )
    with embedded() as running, Registry(running.registry_url) as registry:
        wanted = targets(installed())
        for target in wanted[:-1]:
            named = [{"name": name, "subject": name, "version": 1} for name in target.imports]
            body = {"schema": target.schema, "schemaType": "PROTOBUF", "references": named}
            url = f"{running.registry_url}/subjects/{target.subject.replace('/', '%2F')}/versions"
            httpx.post(url, json=body).raise_for_status()
        named = [
            {"name": f"pragma/{name}.proto", "subject": f"pragma/{name}.proto", "version": 1}
            for name in ("contracts/v1/options", "market/v1/envelope", "market/v1/market_type")
        ]
        body = {"schema": text, "schemaType": "PROTOBUF", "references": named}
        httpx.post(f"{running.registry_url}/subjects/pragma-prices-v1-value/versions", json=body).raise_for_status()
        schemas = compile_as_it_is(root / "schemas")
        reading = Reading(Holdings(registry), wanted)
        plan = judged_plan(reading, schemas, wanted, about="", level=LevelRule(), waivers=[], locked={})
    (_, gated) = plan.verdicts
    assert {(found.rule, found.symbol) for found in gated.breaks} == {
        ("FIELD_SAME_TYPE", "pragma.market.v1.Price.price"),
    }
    assert gated.unseen == ("options of pragma-prices-v1-value version 1: the registry has lost them",)
