"""What the commands make of registries that do not do what they should."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pragma_contracts.testing import Behaviour, Faults, registry_server
from tests.registries.market import Market, Place
from tests.registries.test_each_registry import ADDED, RAISED

Faulty = Callable[[Behaviour, Faults], AbstractContextManager[Market]]


@pytest.fixture
def faulty(name: str, tmp_path: Path) -> Faulty:
    """A market on a registry with faults."""

    @contextmanager
    def serve(behaviour: Behaviour, faults: Faults) -> Iterator[Market]:
        with registry_server(behaviour, faults) as url:
            yield Market(Place(url, behaviour), tmp_path, name)

    return serve


def test_too_many_requests_are_waited_out(faulty: Faulty) -> None:
    with faulty(Behaviour.CONFLUENT, Faults(throttled=2, retry_after=0)) as market:
        done = market.register()
        assert done.code == 0, done.err
        assert all(market.versions().values())


@pytest.mark.parametrize("behaviour", [Behaviour.CONFLUENT, Behaviour.APICURIO_3_0])
def test_a_read_only_registry_is_no_refusal(faulty: Faulty, behaviour: Behaviour) -> None:
    with faulty(behaviour, Faults(read_only=True)) as market:
        done = market.register()
        assert done.code == 2
        assert "takes no schemas now" in done.err
        assert f"{market.prices} is READONLY" in done.err
        assert not any(market.versions().values())


def test_what_cannot_be_asked_is_said_and_registered(faulty: Faulty) -> None:
    with faulty(Behaviour.CONFLUENT, Faults(absent=["/compatibility/.*", "/mode.*"])) as market:
        assert market.register().code == 0
        market.edit(ADDED, RAISED)
        done = market.register()
        assert done.code == 0, done.out + done.err
        assert market.versions()[market.prices] == [1, 2]


def test_subjects_of_others_that_cannot_be_read_end_no_run(faulty: Faulty) -> None:
    secret, fleeting = "pragma-secret-v1-value", "pragma-fleeting-v1-value"
    with faulty(Behaviour.CONFLUENT, Faults(forbidden=[secret], vanishing=[fleeting])) as market:
        assert market.register().code == 0
        gated = market.gate()
        assert gated.code == 0, gated.out + gated.err
        assert f"Not compared: {secret}, which may hold a contract: 403 " in gated.out
        assert fleeting not in gated.out


def test_a_subject_of_ours_that_is_forbidden_ends_the_run(faulty: Faulty) -> None:
    with faulty(Behaviour.CONFLUENT, Faults(forbidden=["pragma/market/v1/envelope.proto"])) as market:
        for done in market.register(), market.gate():
            assert done.code == 2
            assert "403 40301" in done.err
        assert market.versions()[market.prices] == []
