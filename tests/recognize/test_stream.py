"""Parallel work on a stream: in order, bounded, and gone when it is over."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from whereshot.recognize import _stream
from whereshot.recognize._stream import LOOK_AHEAD, ordered_map


def own_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("whereshot")]


def test_results_keep_the_order_of_the_items() -> None:
    def slow_when_even(number: int) -> int:
        time.sleep(0.01 if number % 2 == 0 else 0)
        return number * 10

    assert list(ordered_map(slow_when_even, range(9), workers=3)) == list(range(0, 90, 10))


def test_work_is_done_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def meet(_: int) -> int:
        return meeting.wait()  # passes only when three are here at once

    assert sorted(ordered_map(meet, range(3), workers=3)) == [0, 1, 2]


def test_an_endless_stream_is_taken_bit_by_bit() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    workers = 2
    results = ordered_map(lambda number: number, endless(), workers=workers)
    for yielded in range(1, 200):
        assert next(results) == yielded
        assert taken - yielded < LOOK_AHEAD * workers
    results.close()


def test_what_is_done_leaves_before_the_next_item_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[Future[int]] = []
    seen: list[int] = []

    class Watched(ThreadPoolExecutor):
        def submit(self, *call: Any, **options: Any) -> Future[Any]:
            submitted.append(super().submit(*call, **options))
            return submitted[-1]

    def source() -> Iterator[int]:
        yield 1
        submitted[0].result(timeout=60)
        yield 2
        # 2 may be done by now, too. With two workers up to three are under way, so only its being
        # done has let 1 go.
        assert seen[:1] == [1]
        yield 3

    monkeypatch.setattr(_stream, "ThreadPoolExecutor", Watched)
    for number in ordered_map(lambda number: number, source(), workers=2):
        seen.append(number)  # noqa: PERF402 - `source` looks at it meanwhile
    assert seen == [1, 2, 3]


def test_an_exception_comes_in_its_place() -> None:
    def fail_at_three(number: int) -> int:
        if number == 3:
            raise RuntimeError("three")
        return number

    results = ordered_map(fail_at_three, range(10), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="three"):
        next(results)
    assert not own_threads()


def test_an_exception_of_the_source_ends_the_threads() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise RuntimeError("source")

    with pytest.raises(RuntimeError, match="source"):
        list(ordered_map(lambda number: number, source(), workers=2))
    assert not own_threads()


def test_closing_early_ends_the_threads_and_drops_what_waits() -> None:
    started: list[int] = []

    def work(number: int) -> int:
        started.append(number)
        time.sleep(0.01)
        return number

    results = ordered_map(work, itertools.count(), workers=2)
    next(results)
    assert own_threads()
    results.close()
    assert not own_threads()
    assert len(started) <= 1 + LOOK_AHEAD * 2


def test_nothing_starts_before_the_first_result_is_asked_for() -> None:
    ordered_map(lambda number: number, range(3), workers=2)
    assert not own_threads()


def test_no_items_give_no_results() -> None:
    assert not list(ordered_map(lambda number: number, [], workers=2))
