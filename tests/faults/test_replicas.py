"""Fewer live replicas than min.insync.replicas asks for."""

from pathlib import Path

from pragma_contracts.testing import stack
from tests.faults.conftest import BROKER
from tests.faults.load import Account, Load


def test_without_enough_replicas_nothing_is_confirmed_and_durable_waits(lock: Path) -> None:
    """With acks=all; the realtime profile's own acks=1 asks for the leader alone, and is not held up."""
    cluster = {**BROKER, "min.insync.replicas": "2"}
    with stack(topics=["pragma-prices-v1"], brokers=2, kafka=cluster) as running:
        second = running.brokers[1]
        # No retries, so that it says what the broker says.
        strict = Load(running.bootstrap, lock=lock, config={"acks": "all"})
        durable = Load(running.bootstrap, lock=lock, profile="durable")

        def fewer() -> None:
            second.kill()
            strict.send_until(lambda: "NOT_ENOUGH_REPLICAS" in strict.producer.stats.failed)
            second.start()

        with strict, durable:
            durable.during(fewer)
            strict.send_until_delivered()
        account = Account(strict)
        assert account.stats.failed["NOT_ENOUGH_REPLICAS"] > 0, account
        account = Account(durable)
        assert account.consumed == account.delivered == account.given, account
