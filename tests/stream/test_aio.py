"""The asyncio face: the same promises, a loop that is never blocked, and cancellation that loses nothing."""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pragma_contracts import AsyncConsumer, AsyncProducer, Consumer, Feed, Price, Producer, Record
from pragma_contracts.errors import BadRecord, BrokerError, Closed, InvalidMessage
from pragma_contracts.stream.loss import Loss
from pragma_contracts.testing import Stack

Write = Callable[..., None]

KEY = b"perp-unknown-paradex-BTC"
DEADLINE_S = 60.0


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, DEADLINE_S))


def reading(stack: Stack, **options: Any) -> AsyncConsumer:
    return AsyncConsumer(Consumer(stack.bootstrap, **{"contracts": [Price], "start": "earliest", **options}))


def sending(stack: Stack, **options: Any) -> AsyncProducer:
    return AsyncProducer(Producer(stack.bootstrap, registry=stack.registry_url, contracts=[Price], **options))


def price(number: int) -> Price:
    return Price(market_type=2, network_id="unknown", source_id="paradex", token_ticker="BTC", price=str(number))


def test_what_is_sent_is_read_in_order(kafka: Stack, perp: Feed) -> None:
    async def main() -> list[Any]:
        async with sending(kafka) as out:
            feed = out.feed(Price, perp)
            await out.send(price(0), event_time=1)
            for number in range(1, 50):
                await feed.send(event_time=number, price=str(number))
            assert await out.flush() == 0
            with pytest.raises(InvalidMessage):
                await feed.send(event_time=1, price="x")
        async with reading(kafka, until="end") as stream:
            one = [record async for record in stream]
        async with reading(kafka, until="end") as stream:
            batches = [batch async for batch in stream.batches(20, 0.5)]
        assert max(map(len, batches)) <= 20
        assert [record.offset for batch in batches for record in batch] == [record.offset for record in one]
        return [record.message for record in one]

    assert [message.price for message in run(main())] == [str(number) for number in range(50)]


def test_a_cancelled_task_loses_nothing(kafka: Stack, write: Write, frame_of: Any) -> None:
    async def main() -> list[int]:
        offsets: list[int] = []

        async def read(stream: AsyncConsumer, count: int) -> None:
            async for record in stream:
                offsets.append(record.offset)
                if len(offsets) == count:
                    return

        async with reading(kafka, group=str(uuid.uuid4())) as stream:
            for count in range(10, 60, 10):
                task = asyncio.create_task(read(stream, 1_000))
                # The task waits for records by then, which come while it is being cancelled.
                await asyncio.sleep(0)
                await asyncio.to_thread(write, kafka, *[(KEY, frame_of())] * 10)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await read(stream, count)
        return offsets

    assert run(main()) == list(range(50))


def test_what_was_fetched_for_a_cancelled_task_comes_again(kafka: Stack, write: Write, frame_of: Any) -> None:
    group = str(uuid.uuid4())

    async def main() -> None:
        async with reading(kafka, group=group) as stream:
            records = aiter(stream)
            assert (await anext(records)).offset == 0
            # Of the batch of three two were not handed out.

    write(kafka, *[(KEY, frame_of())] * 3)
    run(main())
    assert committed(kafka, group) == 1


def committed(stack: Stack, group: str) -> int:
    from confluent_kafka import Consumer as KafkaConsumer, TopicPartition

    client = KafkaConsumer({"bootstrap.servers": stack.bootstrap, "group.id": group})
    (place,) = client.committed([TopicPartition("pragma-prices-v1", 0)], timeout=30)
    client.close()
    return int(place.offset)


def test_the_loop_runs_on_while_nothing_comes(kafka: Stack, write: Write, frame_of: Any) -> None:
    async def main() -> int:
        ticks = 0
        async with reading(kafka) as stream:
            first: asyncio.Task[Record] = asyncio.create_task(anext(aiter(stream)))  # type: ignore[arg-type]
            while ticks < 100:
                await asyncio.sleep(0.001)
                ticks += 1
            assert not first.done()
            write(kafka, (KEY, frame_of()))
            assert (await first).offset == 0
        return ticks

    assert run(main()) == 100


def test_bad_records_and_the_end_are_told_as_by_the_blocking_face(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, (KEY, frame_of()), (KEY, b""), (KEY, frame_of()))

    async def main() -> None:
        async with reading(kafka, until="end") as stream:
            with pytest.raises(BadRecord, match="at offset 1"):
                _ = [record async for record in stream]
            assert [record.offset async for record in stream] == [2]
        await stream.close()
        with pytest.raises(Closed):
            stream.batches()

    run(main())


def test_manual_commits(kafka: Stack, write: Write, frame_of: Any) -> None:
    group = str(uuid.uuid4())
    write(kafka, *[(KEY, frame_of())] * 4)

    async def main() -> None:
        async with reading(kafka, group=group, delivery="manual") as stream:
            batch = await anext(aiter(stream.batches(4, 5.0)))
            await stream.commit(*batch[:3])

    run(main())
    assert committed(kafka, group) == 3


SMALL = {"queue.buffering.max.messages": 10, "linger.ms": 300}


def test_a_durable_send_waits_for_room_and_the_loop_does_not(kafka: Stack, perp: Feed) -> None:
    async def main() -> tuple[Any, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        async with sending(kafka, profile="durable", config=SMALL) as out:
            clock = asyncio.create_task(tick())
            feed = out.feed(Price, perp)
            await asyncio.gather(*[feed.send(event_time=1, price=str(number)) for number in range(25)])
            clock.cancel()
            await out.flush()
            return out.stats, ticks

    stats, ticks = run(main())
    assert (stats.sent, stats.delivered, stats.dropped) == (25, 25, 0)
    # Two full queues went out while it waited, each after linger.ms.
    assert ticks > 50

    async def read() -> list[Any]:
        async with reading(kafka, until="end") as stream:
            return [record.message async for record in stream]

    assert [message.price for message in run(read())] == [str(number) for number in range(25)]


def test_room_that_does_not_come_in_time_is_an_error_and_counted(kafka: Stack, perp: Feed) -> None:
    losses: list[Loss] = []

    async def main() -> None:
        options = {"profile": "durable", "block_seconds": 0.2, "on_loss": losses.append}
        async with sending(kafka, config={**SMALL, "linger.ms": 5_000}, **options) as out:
            feed = out.feed(Price, perp)
            for number in range(10):
                await feed.send(event_time=1, price=str(number))
            with pytest.raises(BrokerError, match="the queue is full"):
                await feed.send(event_time=1, price="10")
            waiting = asyncio.create_task(feed.send(event_time=1, price="11"))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await out.flush()
            assert (out.stats.delivered, out.stats.dropped) == (10, 2)

    run(main())
    assert [loss.may_be_written for loss in losses] == [False, False]


def test_a_realtime_send_never_waits(kafka: Stack, perp: Feed) -> None:
    async def main() -> None:
        async with sending(kafka, config={**SMALL, "message.timeout.ms": 5_000}) as out:
            feed = out.feed(Price, perp)
            before = time.monotonic()
            for number in range(20):
                await feed.send(event_time=1, price=str(number))
            assert time.monotonic() - before < 0.3
            await out.flush()
            assert (out.stats.delivered, out.stats.dropped) == (10, 10)

    run(main())
