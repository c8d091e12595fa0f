from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pool_work
import psutil
import pytest

from whereshot.errors import WorkerError
from whereshot.library.pool import LOOK_AHEAD, map_batches

SUPPORT = Path(pool_work.__file__).parent


def lost(number: int, how: str) -> str:
    return f"{number} lost: {how}"


def tenfold(batches, workers=2):
    return map_batches(pool_work.make_tenfold, batches, workers=workers, lost=lost)


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_results_come_in_the_order_of_the_batches_and_processes_end():
    batches = [[1000, 2], [3], [], [1004, 5, 6], *([number] for number in range(20, 30))]
    expected = [[number * 10 for number in batch] for batch in batches if batch]
    assert list(tenfold(batches)) == expected
    assert multiprocessing.active_children() == []


def test_the_work_is_spread_over_processes_that_are_not_this_one():
    batches = [[number] for number in range(40)]
    results = map_batches(pool_work.make_pids, batches, workers=2, lost=lost)
    pids = {pid for batch in results for pid in batch}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_nothing_starts_without_work():
    assert list(tenfold([])) == []
    assert multiprocessing.active_children() == []


def test_an_endless_stream_is_taken_bit_by_bit():
    taken = []
    results = tenfold(taken.append(number) or [number] for number in itertools.count(100))
    for yielded in range(1, 50):
        next(results)
        assert len(taken) - yielded <= (LOOK_AHEAD + 1) * 2
    results.close()
    assert multiprocessing.active_children() == []


def test_an_item_that_kills_its_process_is_lost_and_the_others_are_not():
    batches = [[1, 2], [3, -1, 4], [5], [6, 7]]
    results = list(tenfold(batches))
    assert results == [[10, 20], [30, "-1 lost: SIGKILL", 40], [50], [60, 70]]


def test_an_item_that_a_process_died_on_once_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setenv("POOL_WORK", str(tmp_path))
    assert list(tenfold([[1, -5, 2], [3], [-7]], workers=1)) == [[10, -50, 20], [30], [-70]]


def test_a_process_that_is_killed_from_outside_costs_nothing():
    results = tenfold([[1000 + number] for number in range(40)])
    found = [next(results)]
    victim = multiprocessing.active_children()[0]
    os.kill(victim.pid, signal.SIGKILL)
    found += results
    assert found == [[10 * (1000 + number)] for number in range(40)]
    assert multiprocessing.active_children() == []


def test_an_exception_of_the_work_is_raised_with_where_it_was():
    results = tenfold([[1], [12, 13]], workers=1)
    assert next(results) == [10]
    with pytest.raises(ValueError, match="thirteen") as raised:
        list(results)
    assert "pool_work.py" in "".join(raised.value.__notes__)
    assert multiprocessing.active_children() == []


def test_an_exception_before_the_work_is_raised():
    with pytest.raises(LookupError, match="no such bundle"):
        list(map_batches(pool_work.make_nothing, [[1]], workers=2, lost=lost))


def test_processes_that_never_come_up_are_given_up():
    with pytest.raises(WorkerError, match="SIGKILL"):
        list(map_batches(pool_work.make_death, [[1]], workers=1, lost=lost))
    assert multiprocessing.active_children() == []


def test_a_process_that_can_not_find_its_work_says_how_it_ended(capfd):
    with pytest.raises(WorkerError, match="exit status 1"):
        list(map_batches(NotImportable(), [[1]], workers=1, lost=lost))
    assert "ModuleNotFoundError" in capfd.readouterr().err


class NotImportable:
    """Of a module that a process of its own does not find."""

    def __call__(self):
        raise AssertionError("not reached")


def test_closing_early_ends_the_processes():
    results = tenfold([1000 + number] for number in itertools.count())
    next(results)
    assert multiprocessing.active_children()
    results.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", [0, -1])
def test_a_number_of_workers_that_does_no_work_is_refused(workers):
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        list(tenfold([[1]], workers=workers))


SCRIPT = """
import itertools, sys
import pool_work
from whereshot.library.pool import map_batches

if __name__ == "__main__":
    batches = ([1000 + number] for number in itertools.count())
    results = map_batches(pool_work.make_tenfold, batches, workers=2, lost=str)
    try:
        for number, _ in enumerate(results):
            print(number, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
"""


@pytest.fixture
def running(ctrl_c, tmp_path):
    """A process that works with two processes for ever, and leads a group as under a shell."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    children = psutil.Process(process.pid).children(recursive=True)
    yield process, children
    for each in children:
        if each.is_running():
            each.kill()
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_ctrl_c_ends_all_processes_without_a_word_of_theirs(running):
    process, children = running
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells every process of the group
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stdout.endswith("interrupted\n")
    assert stderr == ""
    wait_until(lambda: not any(child.is_running() for child in children))


def test_processes_end_when_the_one_that_started_them_is_killed(running):
    process, children = running
    assert len(children) >= 2
    process.kill()
    _, stderr = process.communicate(timeout=20)
    wait_until(lambda: not any(child.is_running() for child in children))
    assert stderr == ""
