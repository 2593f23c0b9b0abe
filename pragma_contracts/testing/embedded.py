"""The embedded stack: librdkafka's mock broker inside this process, and an in-memory registry over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

from pragma_contracts.errors import StackError
from pragma_contracts.testing.registry import Behaviour, registry_server
from pragma_contracts.testing.stack import Stack, contract_topics

_START_S = 10.0


@contextmanager
def embedded(registry: Behaviour = Behaviour.PLAIN) -> Iterator[Stack]:
    """Starts an embedded broker and registry in milliseconds; other processes of this machine reach them too.

    Groups, rebalances and commits work. What does not: there is no admin interface and no look-up of offsets by time;
    the topics of the contracts are there and any other as soon as a producer names it, each with 4 partitions; a
    partition keeps 5 MB and drops what is older without a word, so consume while you produce; a fetch that
    finds nothing is answered only when fetch.wait.max.ms has passed, so set that low where latency matters. What needs
    more uses `stack()`. registry: which kind of registry is served; the plain one gives no compatibility verdict.

    Raises:
        StackError: the mock broker did not start.
    """
    # The broker lives as long as this client does.
    holder = Producer({"bootstrap.servers": "", "test.mock.num.brokers": 1, "log_level": 3})
    brokers = holder.list_topics(timeout=_START_S).brokers
    for topic in contract_topics():
        # Asking for a topic makes it.
        holder.list_topics(topic, timeout=_START_S)
    if not brokers:
        raise StackError("embedded broker", "librdkafka's mock cluster has no broker")
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    with registry_server(registry) as url:
        yield Stack(bootstrap, url)
    del holder
