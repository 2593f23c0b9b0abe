"""What the tests of faults share: a stack of their own, which they break and mend, and the lock of its registry."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import Lock, Locked, producer_ids
from pragma_contracts.testing import Stack, stack
from pragma_contracts.testing.server import Server
from tests.faults.load import Load

# The controller gives a killed broker its place back when its session has ended. Records have the time at which the
# broker wrote them, beside the publish time in their envelope.
BROKER = {
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "group.min.session.timeout.ms": "1000",
    "log.message.timestamp.type": "LogAppendTime",
}


@pytest.fixture(scope="session")
def _own() -> Iterator[Stack]:
    with stack(kafka=BROKER) as running:
        register_installed(running.registry_url)
        yield running


@pytest.fixture
def running(_own: Stack) -> Stack:
    """The stack that may be broken. Its broker is up, whatever a test has left."""
    assert _own.broker is not None
    if _own.broker.pid is None:
        _own.broker.start()
    return _own


@pytest.fixture
def broker(running: Stack) -> Server:
    """Its broker."""
    assert running.broker is not None
    return running.broker


@pytest.fixture
def registry(running: Stack) -> Server:
    """Its registry, which is up and has the schemas."""
    assert running.registry is not None
    if running.registry.pid is None:
        running.registry.start()
        register_installed(running.registry_url)
    return running.registry


@pytest.fixture(scope="session")
def lock(_own: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """contracts.lock of its registry, which is made before a test can have stopped it."""
    ids = producer_ids(CONTRACTS, registry=_own.registry_url)
    entries = {contract.subject: Locked(ids[contract], 1, contract.fingerprint) for contract in CONTRACTS}
    path = tmp_path_factory.mktemp("lock") / "contracts.lock"
    Lock(path, {_own.registry_url: entries}).write()
    return path


@pytest.fixture
def load(running: Stack, lock: Path) -> Callable[..., AbstractContextManager[Load]]:
    """Starts sending to the stack; takes the options of a Producer."""
    return partial(Load, running.bootstrap, lock=lock)
