"""The review queue, decisions, writing what was decided, and taking it back: on real sidecars."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from library_app import decide, done, photos
from plug import tree_of
from starlette.testclient import TestClient

from whereshot.library.changes import WriteFile
from whereshot.library.files import RealFiles
from whereshot.library.journal import Journal
from whereshot.photo.sidecar import parse_sidecar


def write(client: TestClient, *, dry_run: bool = False, **fields: object) -> dict:
    body = {"dry_run": dry_run, **fields}
    return done(client, client.post("/api/library/write", json=body))["summary"]


def changes(client: TestClient) -> dict[str, dict]:
    return {row["name"]: row for row in client.get("/api/library/changes").json()["changes"]}


def without_date(lines: list[str]) -> list[str]:
    """The clock goes on between a preview and the writing."""
    return [line for line in lines if "<whereshot:Date>" not in line]


def queue(client: TestClient, name: str) -> list[str]:
    answer = client.get("/api/library/review", params={"queue": name}).json()
    assert answer["total"] == len(answer["photos"])
    assert all(photo["candidates"] for photo in answer["photos"])
    return [photo["name"] for photo in answer["photos"]]


def test_the_queues_hold_what_a_person_has_not_decided(client: TestClient) -> None:
    assert queue(client, "suggested") == ["1.png", "3.png", "5.png"]
    assert queue(client, "unsure") == ["6.png"]
    assert queue(client, "contradiction") == ["2.png", "4.jpg"]
    said = decide(client, "accept", "1.png", "2.png")
    assert [photo["decision"] for photo in said["photos"]] == ["accepted"] * 2
    assert said["counts"]["accepted"] == said["counts"]["to_write"] == 2
    decide(client, "reject", "3.png", "6.png")
    assert queue(client, "suggested") == ["5.png"]
    assert queue(client, "unsure") == []
    decide(client, "none", "3.png")
    assert queue(client, "suggested") == ["3.png", "5.png"]


def test_a_suggestion_is_what_tag_would_write(client: TestClient) -> None:
    """The queue goes by the catalog alone; the plan of each photo looks at its sidecar too."""
    for name, known in photos(client).items():
        plan = client.get(f"/api/library/photos/{known['id']}").json()["plan"]
        assert (plan["outcome"] == "written") == (name in queue(client, "suggested")), name


def test_a_preview_shows_the_exact_differences_and_touches_nothing(
    client: TestClient, folder: Path
) -> None:
    decide(client, "accept", "1.png", "2.png")
    decide(client, "reject", "3.png")
    before = tree_of(folder)
    summary = write(client, dry_run=True)
    assert tree_of(folder) == before
    assert (summary["changes"], summary["run"]) == (2, None)
    assert client.get("/api/library/runs").json() == {"runs": []}
    previewed = changes(client)
    assert previewed["3.png"]["reason"] == "somebody said that it does not show Machu Picchu"
    write(client)
    for name in ("1.png", "2.png"):
        lines = previewed[name]["difference"].splitlines()[3:]
        content = Path(previewed[name]["file"]).read_text(encoding="utf-8").splitlines()
        assert without_date([line[1:] for line in lines]) == without_date(content)


def test_what_was_accepted_is_written_once_and_undo_leaves_every_byte(
    client: TestClient, folder: Path
) -> None:
    before = tree_of(folder)
    decide(client, "accept", "1.png", "2.png")
    decide(client, "accept", "6.png", landmark_id="machu_picchu")
    summary = write(client)
    assert (summary["counts"]["written"], summary["blocked"]) == (3, [])
    own = parse_sidecar((folder / "6.png.xmp").read_bytes()).own
    assert own is not None
    assert (own.landmark_id, own.bundle) == ("machu_picchu", "person")
    assert set(photos(client, filter="written")) == {"1.png", "2.png", "6.png"}
    after = tree_of(folder)
    assert write(client)["changes"] == 0
    assert tree_of(folder) == after
    [run] = client.get("/api/library/runs").json()["runs"]
    assert (run["run"], run["changes"], run["can_undo"]) == (summary["run"], 3, True)
    undone = done(client, client.post("/api/library/undo", json={}))["summary"]
    assert (undone["undone"], undone["refused"]) == (3, [])
    assert tree_of(folder) == before
    counts = client.get("/api/library").json()["counts"]
    assert (counts["written"], counts["to_write"], counts["accepted"]) == (0, 3, 3)


def test_a_tag_that_was_rejected_later_is_taken_out(client: TestClient, folder: Path) -> None:
    before = tree_of(folder)
    decide(client, "accept", "1.png")
    write(client)
    said = decide(client, "reject", "1.png")
    assert said["counts"]["to_write"] == 1
    assert write(client)["counts"]["removed"] == 1
    assert tree_of(folder).keys() == before.keys()
    counts = client.get("/api/library").json()["counts"]
    assert (counts["written"], counts["to_write"]) == (0, 0)


def test_a_correction_after_writing_waits_to_be_written(client: TestClient, folder: Path) -> None:
    decide(client, "accept", "1.png")
    write(client)
    assert decide(client, "accept", "1.png", landmark_id="taj_mahal")["counts"]["to_write"] == 1
    assert write(client)["counts"]["updated"] == 1
    own = parse_sidecar((folder / "usa" / "1.png.xmp").read_bytes()).own
    assert own is not None
    assert own.landmark_id == "taj_mahal"


def test_rejecting_a_correction_does_not_bring_the_first_answer_back(
    client: TestClient, folder: Path
) -> None:
    decide(client, "accept", "1.png", landmark_id="taj_mahal")
    write(client)
    said = decide(client, "reject", "1.png")
    assert said["photos"][0]["state"] == "unknown"
    assert said["counts"]["to_write"] == 1
    assert write(client)["counts"]["removed"] == 1
    assert not (folder / "usa" / "1.png.xmp").exists()
    assert client.get("/api/library").json()["counts"]["to_write"] == 0


def test_names_come_in_the_language_that_was_asked_for(client: TestClient, folder: Path) -> None:
    decide(client, "accept", "5.png")
    write(client, language="de", write_gps=True)
    content = (folder / "5.png.xmp").read_text(encoding="utf-8")
    assert "Niagarafälle" in content
    assert "GPSLatitude" in content


def test_what_somebody_changed_since_stays_and_is_named(client: TestClient, folder: Path) -> None:
    decide(client, "accept", "1.png", "5.png")
    write(client)
    changed = folder / "5.png.xmp"
    changed.write_bytes(changed.read_bytes() + b"\n")
    undone = done(client, client.post("/api/library/undo", json={}))["summary"]
    assert undone["undone"] == 1
    assert undone["refused"] == [{"path": str(changed), "reason": "it was changed since"}]
    assert set(photos(client, filter="written")) == {"5.png"}


def test_folders_that_cannot_be_written_to_are_found_before(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: RealFiles, checked: Path) -> None:
        if checked.name == "usa":
            raise PermissionError(13, "Permission denied", str(checked))

    monkeypatch.setattr(RealFiles, "check_writable", refuse)
    decide(client, "accept", "1.png", "5.png")
    summary = write(client)
    assert summary["blocked"] == [{"folder": str(folder / "usa"), "reason": "Permission denied"}]
    assert (summary["counts"]["written"], summary["counts"]["failed"]) == (1, 1)
    assert not (folder / "usa" / "1.png.xmp").exists()


def test_decisions_that_make_no_sense_are_refused_by_name(
    client: TestClient, folder: Path, opened: Callable[..., TestClient]
) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    done(client, client.post("/api/library/index", json={}))
    refused = decide(client, "accept", "broken.jpg")["refused"]
    assert "broken.jpg" in refused[0]["reason"]
    number = photos(client)["1.png"]["id"]
    for body, status in (
        ({"ids": [number], "decision": "accept", "landmark_id": "nowhere"}, 422),
        ({"ids": [number], "decision": "reject", "landmark_id": "taj_mahal"}, 422),
        ({"ids": [], "decision": "accept"}, 422),
        ({"ids": [number], "decision": "maybe"}, 422),
        ({"ids": [number], "decision": "accept", "more": 1}, 422),
        ({"ids": [10**6], "decision": "accept"}, 200),
    ):
        assert client.post("/api/library/review", json=body).status_code == status, body
    assert photos(client)["1.png"]["decision"] is None


def test_runs_elsewhere_are_neither_listed_nor_taken_back(
    client: TestClient, tmp_path: Path
) -> None:
    files = RealFiles()
    with Journal() as journal, journal.begin("tag", files) as run:
        run.apply(WriteFile(tmp_path / "mine.xmp", b"private"))
    assert client.get("/api/library/runs").json() == {"runs": []}
    for body in ({}, {"run": run.id}):
        answer = client.post("/api/library/undo", json=body)
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "RunNotFound"
    assert (tmp_path / "mine.xmp").read_bytes() == b"private"


@pytest.mark.parametrize("path", ["index", "write", "undo", "review"])
def test_a_foreign_page_changes_nothing(client: TestClient, path: str) -> None:
    headers = {"Origin": "http://evil.example"}
    answer = client.post(f"/api/library/{path}", json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "OriginNotAllowed"


def test_asking_changes_nothing(client: TestClient, folder: Path) -> None:
    home = Path(os.environ["WHERESHOT_HOME"])
    before = tree_of(folder)
    decisions = {name: photo["decision"] for name, photo in photos(client).items()}
    for path in ("", "/groups", "/map", "/review", "/runs", "/changes", "/folders"):
        assert client.get(f"/api/library{path}").status_code in (200, 404)
    for photo in photos(client).values():
        assert client.get(f"/api/library/photos/{photo['id']}").status_code == 200
    assert tree_of(folder) == before
    assert {name: photo["decision"] for name, photo in photos(client).items()} == decisions
    assert (home / "catalog.sqlite").exists()
