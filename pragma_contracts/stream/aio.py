"""The asyncio face of producer and consumer: what waits for Kafka does so in a thread, everything else in the loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from google.protobuf.message import Message

from pragma_contracts.contract import M
from pragma_contracts.errors import Closed
from pragma_contracts.stream.consumer import BATCH, Consumer, check_at_least_one
from pragma_contracts.stream.feed_producer import FeedProducer
from pragma_contracts.stream.intake import WAIT_SECONDS
from pragma_contracts.stream.producer import Producer
from pragma_contracts.stream.record import Record
from pragma_contracts.stream.stats import ConsumerStats, ProducerStats
from pragma_contracts.wire.feed import Feed

T = TypeVar("T")

# How often a full queue is looked at again.
_ROOM_SECONDS = 0.005


class AsyncConsumer:
    """A consumer for `async for`. Use it as an async context manager, and from one task at a time.

    It reads what the `Consumer` reads, and promises the same of each record. While a task waits, one batch at most is
    fetched, in a thread of its own; a task that is cancelled then loses nothing: what was fetched is handed out to the
    next one that asks, and else comes again at the next start.
    """

    def __init__(self, consumer: Consumer) -> None:
        """consumer: one that nobody has read from, and nobody else reads from."""
        self._consumer = consumer
        self._intake = consumer.intake
        self._thread = ThreadPoolExecutor(1, "pragma-consumer")
        self._fetching: asyncio.Future[None] | None = None

    def __aiter__(self) -> AsyncIterator[Record]:
        """Each record, however long it takes; raises what `Consumer.consume` does. See `Consumer.__next__`."""
        return self._records()

    def batches(self, max_messages: int = 500, max_wait: float = 1.0) -> AsyncIterator[list[Record]]:
        """Batches of records, as those of `Consumer.batches`."""
        if self._intake.stopped:
            raise Closed("consumer")
        check_at_least_one(max_messages)
        return self._batches(max_messages, max_wait)

    @property
    def stats(self) -> ConsumerStats:
        """The figures of this moment, as `Consumer.stats`."""
        return self._consumer.stats

    async def commit(self, *records: Record) -> None:
        """Commits what is processed, as `Consumer.commit` does."""
        await self._fetched()
        await self._in_thread(lambda: self._consumer.commit(*records))

    async def close(self) -> None:
        """Stores and commits the offsets of what was processed, and leaves the group."""
        if self._intake.closed:
            return
        self._intake.stopped = True
        # After what is being fetched, which ends within a second.
        await self._in_thread(self._intake.close)
        self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._fetching is None:
            self._intake.all_done()
        await self.close()

    async def _records(self) -> AsyncIterator[Record]:
        def take() -> list[Record]:
            record = self._intake.take_one()
            return [record] if record else []

        async for records in self._taken(take, BATCH, WAIT_SECONDS, full=False):
            yield records[0]

    async def _batches(self, max_messages: int, max_wait: float) -> AsyncIterator[list[Record]]:
        def take() -> list[Record]:
            return self._intake.take(max_messages, lazy=not self._intake.skips)

        async for records in self._taken(take, max_messages, max_wait, full=True):
            yield records

    async def _taken(
        self, take: Callable[[], list[Record]], count: int, wait: float, *, full: bool
    ) -> AsyncIterator[list[Record]]:
        intake = self._intake
        await self._fetched()
        while not intake.stopped:
            intake.all_done()
            if records := take():
                yield records
            elif intake.ended:
                return
            else:
                self._fetching = self._start(lambda: intake.fetch_and_ask(count, wait, full=full))
                await self._fetched()

    async def _fetched(self) -> None:
        """Waits for the batch that is being fetched, if one is."""
        while self._fetching is not None:
            fetching = self._fetching
            await asyncio.shield(asyncio.wait([fetching]))
            self._fetching = None
            fetching.result()

    def _start(self, call: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.shield(self._start(call))


class AsyncProducer:
    """A producer whose `send` never blocks the loop. Use it as an async context manager; for any number of tasks.

    A message is queued before `send` returns. With profile="durable" a full queue makes `send` wait, and the sends of
    other tasks behind it, in their order.
    """

    def __init__(self, producer: Producer) -> None:
        """producer: one that nobody else sends with."""
        self._producer = producer
        self._outbox = producer.outbox
        self._outbox.holds = True
        self._thread = ThreadPoolExecutor(1, "pragma-producer")
        self._turn = asyncio.Lock()
        self._closed = False

    async def send(self, message: Message, *, event_time: datetime | int | None = None) -> None:
        """Queues a message; raises what `Producer.send` does. A send that is cancelled while it waits is dropped."""
        await self.turn(lambda: self._producer.send(message, event_time=event_time))

    def feed(self, contract: type[M], feed: Feed, *, scales: Mapping[str, int] | None = None) -> "AsyncFeedProducer[M]":
        """The fast path for the messages of one feed, as `Producer.feed`."""
        return AsyncFeedProducer(self, self._producer.feed(contract, feed, scales=scales))

    async def flush(self, timeout: float | None = None) -> int:
        """Waits until every message is confirmed or failed, as `Producer.flush`; sends wait for it."""
        async with self._turn:
            return await self._in_thread(lambda: self._producer.flush(timeout))

    async def close(self, timeout: float | None = None) -> None:
        """Flushes and closes, as `Producer.close`."""
        async with self._turn:
            if not self._closed:
                self._closed = True
                await self._in_thread(lambda: self._producer.close(timeout))
                self._thread.shutdown(wait=False)

    @property
    def stats(self) -> ProducerStats:
        """The figures of this moment, as `Producer.stats`."""
        return self._producer.stats

    async def turn(self, send: Callable[[], None]) -> None:
        """Sends when no other send waits for room, and waits for room itself."""
        async with self._turn:
            send()
            await self._room()

    async def _room(self) -> None:
        outbox = self._outbox
        deadline = time.monotonic() + (outbox.block_seconds or 0.0)
        try:
            while not outbox.put_held():
                if time.monotonic() > deadline:
                    raise outbox.drop_held()
                await asyncio.sleep(_ROOM_SECONDS)
        except asyncio.CancelledError:
            outbox.drop_held()
            raise

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncFeedProducer(Generic[M]):
    """Sends the messages of one feed. Made by `AsyncProducer.feed`."""

    def __init__(self, producer: AsyncProducer, sender: FeedProducer[M]) -> None:
        self._producer = producer
        self._sender = sender
        self.feed = sender.feed

    async def send(self, /, *, event_time: datetime | int, **fields: Any) -> None:
        """Queues one message of the feed; raises what `FeedProducer.send` does."""
        await self._producer.turn(lambda: self._sender.send(event_time=event_time, **fields))
