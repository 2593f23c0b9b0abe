"""The soak's verdict: what grows is found, what only wavers is not."""

from collections.abc import Callable

import pytest

from benchmarks.soak import Held, traffic_problems, verdict

GOOD = {"failed_total": 0.0, "dropped_total": 0.0, "sent_total": 3000.0, "delivered_total": 3000.0}
READ = {"consumed_total": 3000.0, "bad_total": 0.0}


def held(
    kib: Callable[[float], float], descriptors: Callable[[float], int], threads: Callable[[float], int]
) -> list[Held]:
    """Samples of eight minutes, one every five seconds."""
    return [Held(at / 12, kib(at / 12), descriptors(at / 12), threads(at / 12)) for at in range(24, 120)]


@pytest.mark.parametrize(
    ("kib_a_minute", "problems"),
    [(0, []), (-200, []), (150, []), (200, ["memory of the producer grows by 200 KiB a minute"])],
)
def test_memory_is_judged_by_what_stays_not_by_what_comes_and_goes(kib_a_minute: float, problems: list[str]) -> None:
    def kib(minute: float) -> float:
        queue = 5_000 if 8 < minute < 9 else 0
        return 100_000 + kib_a_minute * minute + queue

    found = verdict("producer", held(kib, lambda _: 9, lambda _: 5))
    assert found.problems == problems


def test_handles_and_threads_may_not_grow_at_all() -> None:
    found = verdict("consumer", held(lambda _: 1, lambda at: 13 + (at > 7), lambda at: 6 + int(at)))
    assert found.problems == [
        "file descriptors of the consumer grew from 13 to 14",
        "threads of the consumer grew from 9 to 14",
    ]


def test_a_scrape_that_is_under_way_is_no_growth() -> None:
    found = verdict("consumer", held(lambda _: 1, lambda at: 13 + (at > 9.9), lambda at: 6 + (int(at * 12) % 9 == 0)))
    assert found.problems == []


@pytest.mark.parametrize(
    ("producer", "consumer", "problems"),
    [
        ({}, {}, []),
        ({"failed_total": 2.0, "dropped_total": 1.0}, {}, ["3 messages were lost"]),
        ({"sent_total": 2000.0}, {}, ["2000 messages were sent, not 3000"]),
        ({}, {"consumed_total": 2990.0, "bad_total": 1.0}, ["10 of them were not consumed, 1 were bad"]),
    ],
)
def test_traffic_that_was_not_there_proves_nothing(
    producer: dict[str, float], consumer: dict[str, float], problems: list[str]
) -> None:
    assert traffic_problems({**GOOD, **producer}, {**READ, **consumer}, 3000.0) == problems
