"""The crew: every job gets its own answer, whatever becomes of the processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import crew_jobs
import psutil
import pytest

from whereshot.errors import BundleNotFoundError, EngineBusyError, WorkerError
from whereshot.serve.crew import Crew
from whereshot.serve.worker import WorkerPlan

SUPPORT = Path(crew_jobs.__file__).parent
PATIENCE = 60.0


@pytest.fixture
def crew():
    """Make crews that are dismissed at the end, and leave no process."""
    made = []

    def make(workers=2, queue=500, seconds=PATIENCE, plan=None):
        made.append(
            Crew(
                plan or WorkerPlan(crew_jobs.make_fake),
                workers=workers,
                queue=queue,
                seconds=seconds,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.dismiss()
    assert processes() == []


def processes():
    """The numbers of the worker processes of this one."""
    return [child.pid for child in psutil.Process().children() if "spawn_main" in command(child)]


def command(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def answer(crew, job, **options):
    return crew.submit(job, **options).result(PATIENCE)


def test_every_job_gets_its_own_answer(crew):
    ours = crew()
    jobs = [ours.submit(partial(crew_jobs.tenfold, number)) for number in range(300)]
    assert [job.result(PATIENCE) for job in jobs] == [number * 10 for number in range(300)]


def test_the_work_is_done_side_by_side_in_processes_that_are_not_this_one(crew, tmp_path):
    ours = crew()
    wait_until(lambda: ours.state.workers == 2)
    gates = [tmp_path / name for name in ("a", "b")]
    jobs = [ours.submit(partial(crew_jobs.wait_for, gate)) for gate in gates]
    wait_until(lambda: all(gate.with_name(f"{gate.name}.begun").exists() for gate in gates))
    assert ours.state.busy == 2
    for gate in gates:
        gate.touch()
    assert [job.result(PATIENCE) for job in jobs] == ["a", "b"]
    assert answer(ours, crew_jobs.pid) != os.getpid()


def test_a_large_upload_arrives_whole(crew):
    assert answer(crew(workers=1), partial(crew_jobs.size, bytes(20_000_000))) == 20_000_000


def test_what_a_job_raises_is_raised_and_its_worker_goes_on(crew):
    ours = crew(workers=1)
    first = answer(ours, crew_jobs.pid)
    with pytest.raises(ValueError, match="thirteen"):
        answer(ours, crew_jobs.fail)
    with pytest.raises((AttributeError, RuntimeError), match="pickle"):
        answer(ours, crew_jobs.unpicklable)
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        answer(ours, lambda recognizer: None)
    assert answer(ours, crew_jobs.pid) == first


def test_a_job_whose_worker_dies_is_tried_once_more_by_another(crew, tmp_path):
    ours = crew(workers=1)
    assert answer(ours, partial(crew_jobs.die_once, tmp_path / "mark")) == "alive"
    assert ours.state.deaths == 1


def test_a_job_that_kills_two_workers_fails_and_all_others_get_theirs(crew):
    ours = crew()
    jobs = [
        ours.submit(crew_jobs.die if number == 20 else partial(crew_jobs.tenfold, number))
        for number in range(60)
    ]
    with pytest.raises(WorkerError, match=r"ended twice without an answer \(SIGKILL\)"):
        jobs.pop(20).result(PATIENCE)
    assert [job.result(PATIENCE) for job in jobs] == [
        number * 10 for number in range(60) if number != 20
    ]
    assert ours.state.deaths == 2


def test_workers_that_are_killed_under_load_are_replaced_and_no_answer_is_lost(crew):
    ours = crew()
    jobs = [ours.submit(partial(crew_jobs.tenfold, n, seconds=0.02)) for n in range(200)]
    wait_until(lambda: jobs[20].done() and len(processes()) == 2)
    os.kill(processes()[0], signal.SIGKILL)
    assert [job.result(PATIENCE) for job in jobs] == [number * 10 for number in range(200)]
    assert ours.state.deaths == 1
    wait_until(lambda: ours.state.workers == 2)


def test_a_worker_that_dies_without_a_job_is_replaced_before_the_next(crew):
    ours = crew(workers=1)
    os.kill(answer(ours, crew_jobs.pid), signal.SIGKILL)
    wait_until(lambda: ours.state.deaths == 1 and ours.state.workers == 1)
    assert answer(ours, partial(crew_jobs.tenfold, 7)) == 70


def test_a_job_that_takes_too_long_is_given_up_and_its_worker_replaced(crew):
    ours = crew(workers=1)
    first = answer(ours, crew_jobs.pid)
    with pytest.raises(WorkerError, match=r"took longer than 0\.2 s"):
        answer(ours, partial(crew_jobs.sleep, 600), seconds=0.2)
    assert answer(ours, crew_jobs.pid) != first
    assert not psutil.pid_exists(first)


def test_a_full_queue_refuses_and_says_when_to_ask_again(crew, tmp_path):
    ours = crew(workers=1, queue=2)
    gate = tmp_path / "gate"
    running = ours.submit(partial(crew_jobs.wait_for, gate))
    wait_until(gate.with_name("gate.begun").exists)
    waiting = [ours.submit(partial(crew_jobs.tenfold, number)) for number in range(2)]
    with pytest.raises(EngineBusyError, match="2 photos wait here already") as busy:
        ours.submit(crew_jobs.pid)
    assert busy.value.retry_after >= 1
    assert ours.state.waiting == 2
    gate.touch()
    assert [job.result(PATIENCE) for job in (running, *waiting)] == ["gate", 0, 10]


def test_a_job_that_nobody_waits_for_any_more_makes_room_and_is_not_done(crew, tmp_path):
    ours = crew(workers=1, queue=1)
    gate, mark = tmp_path / "gate", tmp_path / "mark"
    running = ours.submit(partial(crew_jobs.wait_for, gate))
    wait_until(gate.with_name("gate.begun").exists)
    left = ours.submit(partial(crew_jobs.die_once, mark))
    assert left.cancel()
    other = ours.submit(partial(crew_jobs.tenfold, 3))
    gate.touch()
    assert (running.result(PATIENCE), other.result(PATIENCE)) == ("gate", 30)
    assert not mark.exists()


def test_an_urgent_job_is_next_and_finds_room(crew, tmp_path):
    ours = crew(workers=1, queue=1)
    gate = tmp_path / "gate"
    ours.submit(partial(crew_jobs.wait_for, gate))
    wait_until(gate.with_name("gate.begun").exists)
    done = []
    for label, urgent in (("queued", False), ("urgent", True)):
        job = ours.submit(partial(crew_jobs.tenfold, 1), urgent=urgent)
        job.add_done_callback(lambda _, label=label: done.append(label))
    gate.touch()
    wait_until(lambda: len(done) == 2)
    assert done == ["urgent", "queued"]


def test_after_a_refresh_every_worker_reads_what_is_enrolled_once(crew):
    ours = crew(workers=2)
    assert answer(ours, crew_jobs.name) == "fake@1"
    ours.refresh()
    jobs = [ours.submit(crew_jobs.name) for _ in range(20)]
    assert {job.result(PATIENCE) for job in jobs} == {"fake@1+1"}


@pytest.mark.skipif(sys.platform != "linux", reason="others count memory in other ways")
def test_a_job_beyond_the_memory_of_a_worker_fails_and_the_worker_lives(crew):
    ours = crew(workers=1, plan=WorkerPlan(crew_jobs.make_fake, megabytes=1024))
    first = answer(ours, crew_jobs.pid)
    assert answer(ours, partial(crew_jobs.fill_memory, 100)) == 100 * 1024**2
    with pytest.raises(MemoryError):
        answer(ours, partial(crew_jobs.fill_memory, 1024))
    assert answer(ours, crew_jobs.pid) == first


def test_what_is_wrong_with_a_bundle_is_raised_at_once(crew):
    with pytest.raises(BundleNotFoundError, match="No bundle 'nowhere'"):
        crew(plan=WorkerPlan(crew_jobs.make_nothing))


def test_without_a_process_that_comes_up_there_is_no_crew(crew):
    with pytest.raises(WorkerError, match=r"3 processes .* ended before .* \(SIGKILL\)"):
        crew(workers=1, plan=WorkerPlan(crew_jobs.make_death))


def test_where_no_worker_comes_up_any_more_nobody_waits_for_ever(crew, tmp_path):
    ours = crew(workers=1, plan=WorkerPlan(partial(crew_jobs.make_once, tmp_path)))
    with pytest.raises(WorkerError, match="No process is there to look at photos"):
        answer(ours, crew_jobs.die)


def test_jobs_without_an_answer_are_told_that_the_server_stops(crew):
    ours = crew(workers=1)
    jobs = [ours.submit(partial(crew_jobs.sleep, 600)) for _ in range(3)]
    wait_until(lambda: ours.state.busy == 1)
    ours.dismiss()
    for job in jobs:
        with pytest.raises(WorkerError, match="is stopping"):
            job.result(0)
    with pytest.raises(WorkerError, match="is stopping"):
        ours.submit(crew_jobs.pid)


def test_workers_end_with_a_server_that_is_killed_in_the_middle_of_a_job():
    code = f"""
import sys
sys.path.insert(0, {str(SUPPORT)!r})
from functools import partial
import crew_jobs
from whereshot.serve.crew import Crew
from whereshot.serve.worker import WorkerPlan

if __name__ == "__main__":
    crew = Crew(WorkerPlan(crew_jobs.make_fake), workers=1, queue=5, seconds=600)
    print(crew.submit(crew_jobs.pid).result(), flush=True)
    crew.submit(partial(crew_jobs.sleep, 600)).result()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as server:
        worker = int(server.stdout.readline())
        assert psutil.pid_exists(worker)
        server.kill()
    wait_until(lambda: not psutil.pid_exists(worker))
