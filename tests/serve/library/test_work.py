"""Long work: one at a time, told to whoever listens, stopped in order, ended with the server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from library_app import decide, done, photos
from serving import serving
from starlette.testclient import TestClient

import whereshot
from whereshot.errors import CatalogError
from whereshot.library.catalog import Catalog
from whereshot.progress import Report
from whereshot.serve.app import create_app
from whereshot.serve.library.desk import Desk, DeskBusyError, News
from whereshot.serve.settings import Settings


class Held:
    """Work that goes on until it is let go, or stopped."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    def __call__(self, report: Report) -> dict[str, Any]:
        self.began.set()
        while not self.go.wait(0.005):
            report("recognize", 1, 2, {"rate": 3.0})
        return {"found": 2}


def stop_after(photos: int, stage: str, patch: pytest.MonkeyPatch) -> None:
    """Let somebody stop the work when it has come so far."""
    real = Desk._report

    def report(self: Desk, at: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (at, done) == (stage, photos):
            self.stop()
        real(self, at, done, total, figures)

    patch.setattr(Desk, "_report", report)


def over(desk: Desk) -> str:
    end = time.monotonic() + 30
    while desk.is_busy:
        assert time.monotonic() < end
        time.sleep(0.005)
    assert desk.progress is not None
    return desk.progress.state


def test_one_work_at_a_time_and_the_next_has_the_next_number() -> None:
    desk, work = Desk(), Held()
    assert desk.begin("index", work).number == 1
    with pytest.raises(DeskBusyError, match="photos are being looked at"):
        desk.begin("undo", work)
    work.go.set()
    assert over(desk) == "finished"
    assert desk.progress is not None
    assert desk.progress.summary == {"found": 2}
    assert desk.begin("undo", work).number == 2
    desk.close()


def test_work_is_stopped_where_it_reports() -> None:
    desk, work = Desk(), Held()
    assert not desk.stop()
    desk.begin("index", work)
    work.began.wait(30)
    assert desk.stop()
    assert over(desk) == "stopped"
    work.go.set()
    desk.begin("index", work)  # the wish to stop was for the other one
    assert over(desk) == "finished"


def test_what_goes_wrong_is_told_and_a_bug_says_nothing_of_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()

    def raising(error: Exception) -> Callable[[Report], dict[str, Any]]:
        def work(_: Report) -> dict[str, Any]:
            raise error

        return work

    desk.begin("index", raising(CatalogError("The catalog is full. Make room.")))
    assert over(desk) == "failed"
    assert desk.progress is not None
    assert desk.progress.error == ("CatalogError", "The catalog is full. Make room.")
    desk.begin("index", raising(RuntimeError("secret detail")))
    assert over(desk) == "failed"
    assert "secret" not in str(desk.progress)
    assert "secret detail" in caplog.text


def test_while_one_work_goes_on_another_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    monkeypatch.setattr("whereshot.serve.library.room.index_work", lambda *_: held)
    begun = client.post("/api/library/index", json={})
    for path, body in (("index", {}), ("write", {"dry_run": True})):
        answer = client.post(f"/api/library/{path}", json=body)
        assert answer.status_code == 409
        assert answer.json()["error"]["type"] == "LibraryBusy"
    assert photos(client)  # looking goes on
    assert client.delete("/api/library/job").status_code == 202
    assert done(client, begun)["state"] == "stopped"
    assert client.delete("/api/library/job").json()["error"]["type"] == "NothingRuns"


@contextmanager
def site(folder: Path, bundle: Path, **options: Any) -> Iterator[httpx2.Client]:
    """A real server; folders are looked at by processes of their own."""
    recognizer = whereshot.load(bundle)
    settings = Settings(library=(folder,), workers=2)
    app = create_app(recognizer, settings, partial(whereshot.load, bundle), **options)
    with serving(app) as url, httpx2.Client(base_url=url, timeout=60) as http:
        yield http


def events(answer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.mark.usefixtures("direct")
def test_an_index_by_processes_is_followed_from_its_beginning_to_its_end(
    folder: Path, tiny_bundle: Path
) -> None:
    with site(folder, tiny_bundle) as http, http.stream("GET", "/api/library/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert http.post("/api/library/index", json={}).status_code == 202
        told: list[dict[str, Any]] = []
        changed = False
        for name, data in events(answer):
            changed |= name == "changed"
            if name == "job":
                told.append(data)
            if changed and told and told[-1]["state"] != "running":
                break
        assert told[-1]["state"] == "finished", told
        assert told[-1]["summary"]["recognized"] == 6
        assert {job["number"] for job in told} == {1}
        with http.stream("GET", "/api/library/events") as late:
            assert next(events(late)) == ("job", told[-1])


def test_no_more_follow_the_work_than_there_is_room_for(
    opened: Callable[..., TestClient], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whereshot.serve.routes.library.events.MOST_FOLLOWERS", 2)
    monkeypatch.setattr("whereshot.serve.library.desk.Desk.listeners", 2)
    with opened(folder) as client:
        refused = client.get("/api/library/events")
    assert refused.status_code == 503
    assert refused.json()["error"]["type"] == "TooManyFollowers"
    assert int(refused.headers["retry-after"]) >= 1


def test_a_follower_who_leaves_makes_room() -> None:
    desk = Desk()

    async def follow() -> None:
        with News(desk), News(desk):
            assert desk.listeners == 2
        assert desk.listeners == 0

    asyncio.run(follow())


@pytest.mark.usefixtures("direct")
def test_a_server_that_stops_ends_streams_and_work_and_loses_nothing(
    folder: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    monkeypatch.setattr("whereshot.serve.library.room.index_work", lambda *_: held)
    recognizer = whereshot.load(tiny_bundle)
    app = create_app(recognizer, Settings(library=(folder,)))
    with (
        serving(app) as url,
        httpx2.Client(base_url=url, timeout=60) as http,
        http.stream("GET", "/api/library/events") as answer,
    ):
        http.post("/api/library/index", json={})
        assert next(events(answer))[1]["state"] == "running"
        app.state.stopping.set()
    # `serving` fails if the server does not come to its end.
    assert not [thread for thread in threading.enumerate() if "whereshot-" in thread.name]


def test_a_stopped_index_goes_on_where_it_was(
    opened: Callable[..., TestClient], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whereshot.library.index.BATCH", 1)
    with opened(folder) as client:
        with monkeypatch.context() as patch:
            stop_after(2, "recognize", patch)
            assert done(client, client.post("/api/library/index", json={}))["state"] == "stopped"
        assert client.get("/api/library").json()["counts"]["waiting"] == 4
        job = done(client, client.post("/api/library/index", json={}))
        assert (job["summary"]["settled"], job["summary"]["recognized"]) == (2, 4)


def test_a_run_that_was_stopped_can_be_taken_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(client, "accept", "1.png", "3.png", "5.png")
    monkeypatch.setattr("whereshot.serve.library.work._REPORT_SECONDS", 0)
    with monkeypatch.context() as patch:
        stop_after(2, "write", patch)
        job = done(client, client.post("/api/library/write", json={"dry_run": False}))
    assert (job["state"], job["summary"]["changes"]) == ("stopped", 2)
    counts = client.get("/api/library").json()["counts"]
    assert (counts["written"], counts["to_write"]) == (2, 1)
    undone = done(client, client.post("/api/library/undo", json={"run": job["summary"]["run"]}))
    assert undone["summary"]["undone"] == 2
    assert client.get("/api/library").json()["counts"]["written"] == 0


def test_lists_lag_behind_an_index_but_not_behind_a_person(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second of an index is a change: a page that worked all of it out would do only that."""
    held = Held()
    monkeypatch.setattr("whereshot.serve.library.room.index_work", lambda *_: held)
    monkeypatch.setattr("whereshot.serve.library.room._PATIENCE", 1e6)
    with Catalog() as other:
        other.connection.execute("UPDATE photos SET written_at = '2026-11-26T18:00:00+00:00'")
    while (said := client.get("/api/library").json())["counts"]["written"] != 6:
        time.sleep(0.01)
    before = said["revision"]
    begun = client.post("/api/library/index", json={})
    with Catalog() as other:
        other.connection.execute("UPDATE photos SET error = 'it is gone'")
    assert client.get("/api/library").json()["revision"] == before
    assert decide(client, "reject", "1.png")["revision"] > before
    held.go.set()
    done(client, begun)
    assert client.get("/api/library").json()["counts"]["failed"] == 6
