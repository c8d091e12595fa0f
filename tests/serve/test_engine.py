"""Engines as routes see them: in this process, and as a crew of others behind a running server."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import crew_jobs
import httpx2
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import FakeRecognizer, serving

import whereshot
from whereshot.errors import EngineBusyError, WorkerError
from whereshot.serve.app import create_app
from whereshot.serve.engine import Engine, InProcessEngine
from whereshot.serve.process_engine import ProcessEngine
from whereshot.serve.settings import Settings
from whereshot.serve.worker import WorkerPlan

COLORS = {"red": "golden_gate_bridge", "green": "machu_picchu", "blue": "niagara_falls"}


@pytest.fixture
def engine(tiny_bundle):
    """A crew of two with the real, tiny recognizer."""
    plan = WorkerPlan(partial(whereshot.load, tiny_bundle), megabytes=1024)
    engine = ProcessEngine(plan, Settings(workers=2, queue=200))
    yield engine
    engine.end()


@pytest.fixture
def colors(paint, tmp_path):
    """The bytes of a photo for each landmark id."""
    return {id_: paint(tmp_path / f"{name}.jpg", name).read_bytes() for name, id_ in COLORS.items()}


def test_both_are_engines(engine):
    assert isinstance(engine, Engine)
    assert isinstance(InProcessEngine(FakeRecognizer()), Engine)
    assert not isinstance(FakeRecognizer(), Engine)


def test_a_crew_says_what_its_workers_know(engine, tiny_bundle):
    recognizer = whereshot.load(tiny_bundle)
    assert (engine.name, engine.landmarks) == (recognizer.name, recognizer.landmarks)
    assert engine.state.workers >= 1


def test_what_is_enrolled_is_known_after_a_refresh_and_forgotten_after_another(
    engine, tiny_bundle, paint, tmp_path
):
    teacher = whereshot.load(tiny_bundle)
    teacher.enroll("Town Hall", [paint(tmp_path / "hall.jpg", "red")], 1.0, 2.0)
    assert engine.name == "tiny@1"
    asyncio.run(engine.refresh())
    assert engine.name == teacher.name != "tiny@1"
    assert [landmark.id for landmark in engine.landmarks][3:] == ["town_hall"]
    teacher.forget("Town Hall")
    asyncio.run(engine.refresh())
    assert engine.name == "tiny@1"


def test_a_caller_that_leaves_takes_a_job_along_that_waits(engine, tmp_path):
    gates = [tmp_path / name for name in "ab"]
    mark = tmp_path / "mark"

    async def leave():
        async with asyncio.TaskGroup() as group:
            for gate in gates:
                group.create_task(engine.run(partial(crew_jobs.wait_for, gate)))
            while engine.state.busy < 2:
                await asyncio.sleep(0.01)
            waiting = group.create_task(engine.run(partial(crew_jobs.die_once, mark)))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.wait([waiting])
            for gate in gates:
                gate.touch()
        assert await engine.run(partial(crew_jobs.tenfold, 2)) == 20

    asyncio.run(leave())
    assert not mark.exists()


def test_in_one_process_a_job_that_takes_too_long_is_given_up():
    engine = InProcessEngine(FakeRecognizer(), workers=1)

    async def run():
        with pytest.raises(WorkerError, match=r"longer than 0\.05 s"):
            await engine.run(partial(crew_jobs.sleep, 0.4), seconds=0.05)
        return await engine.run(partial(crew_jobs.tenfold, 4))

    assert asyncio.run(run()) == 40


def test_in_one_process_too_the_queue_is_bounded():
    engine = InProcessEngine(FakeRecognizer(), workers=1, queue=2)

    async def run():
        jobs = [
            asyncio.create_task(engine.run(partial(crew_jobs.tenfold, 1, seconds=0.1)))
            for _ in range(4)
        ]
        return await asyncio.gather(*jobs, return_exceptions=True)

    *done, refused = asyncio.run(run())
    assert done == [10, 10, 10]
    assert isinstance(refused, EngineBusyError)


def test_a_full_queue_is_a_503_that_says_when_to_ask_again(connected):
    with connected(FakeRecognizer(seconds=0.05), workers=1, queue=2) as client:
        many = client.post("/api/recognize", files=[("photos", b"hill")] * 5)
        assert many.status_code == 503
        assert many.json()["error"]["type"] == "EngineBusy"
        assert int(many.headers["retry-after"]) >= 1
        assert client.post("/api/recognize", files={"photos": b"hill"}).status_code == 200


def test_a_photo_that_takes_too_long_is_a_500_with_a_sentence(connected):
    with connected(FakeRecognizer(seconds=0.4), seconds=0.05) as client:
        response = client.post("/api/recognize", files={"photos": b"hill"})
    assert response.status_code == 500
    assert response.json()[0]["error"]["type"] == "WorkerError"
    assert "took longer" in response.json()[0]["error"]["message"]


@pytest.mark.slow
def test_workers_that_are_killed_under_load_cost_at_most_the_photos_that_they_held(engine, colors):
    photos = list(colors.items())
    with (
        serving(create_app(engine, Settings(workers=2, queue=200))) as url,
        httpx2.Client(base_url=url, timeout=60) as http,
        ThreadPoolExecutor(12) as pool,
    ):

        def ask(number):
            expected, content = photos[number % 3]
            name = f"{number}.jpg"
            response = http.post("/api/recognize", files={"photos": (name, content)})
            (answer,) = response.json()
            assert answer["photo"] == name
            if response.status_code == 500:
                return answer["error"]["type"]
            return answer["predictions"][0]["id"] == expected

        asked = [pool.submit(ask, number) for number in range(300)]
        for step in (60, 180):
            while not asked[step].done():
                time.sleep(0.005)
            os.kill(workers()[0], signal.SIGKILL)
        answers = [each.result() for each in asked]
        assert answers.count(True) >= len(answers) - 2
        assert set(answers) <= {True, "WorkerError"}, "no answer of another photo"
        assert number_of(http.get("/metrics").text, "whereshot_worker_deaths_total") == 2


def workers():
    return [
        child.pid
        for child in psutil.Process().children()
        if any("spawn_main" in word for word in child.cmdline())
    ]


def number_of(text, name):
    (value,) = (
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )
    return value
