"""Folders, groups, lists and the map, out of real rows of a real catalog."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from library_app import decide, done, photos
from starlette.testclient import TestClient

from whereshot.library.catalog import Catalog
from whereshot.library.census import take_census
from whereshot.library.scan import Scan


def test_a_library_says_what_is_in_it(client: TestClient, folder: Path) -> None:
    said = client.get("/api/library").json()
    assert said["folders"] == [
        {
            "number": 0,
            "path": str(folder),
            "name": "pictures",
            "photos": 6,
            "readable": True,
            "writable": True,
            "problem": "",
        }
    ]
    assert said["bundle"] == "tiny@1"
    some = {name: said["counts"][name] for name in ("all", "certain", "unsure", "no_gps")}
    assert some == {"all": 6, "certain": 5, "unsure": 1, "no_gps": 4}
    assert said["counts"]["contradiction"] == 2
    assert said["counts"]["suggested"] == 3


def test_without_a_folder_there_is_a_sentence_and_no_photo(
    opened: Callable[..., TestClient],
) -> None:
    with opened() as client:
        assert client.get("/api/library").json()["folders"] == []
        for path in ("groups", "photos", "map", "review", "runs", "events", "photos/1"):
            answer = client.get(f"/api/library/{path}")
            assert answer.status_code == 403, path
            assert "whereshot serve --library" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        ("place", ["Niagara Falls", "Germany", "Peru", "San Francisco", "No place known"]),
        ("landmark", ["Golden Gate Bridge", "Machu Picchu", "Niagara Falls", "No landmark"]),
        ("trip", ["On no trip"]),
        ("day", ["No date"]),
    ],
)
def test_groups_go_through_the_list_of_photos_without_a_gap(
    client: TestClient, by: str, titles: list[str]
) -> None:
    answer = client.get("/api/library/groups", params={"by": by}).json()
    assert [group["title"] for group in answer["groups"]] == titles
    position = 0
    for group in answer["groups"]:
        assert group["offset"] == position
        position += group["count"]
    assert position == answer["total"] == len(photos(client, by=by))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("certain", {"1.png", "2.png", "3.png", "4.jpg", "5.png"}),
        ("unsure", {"6.png"}),
        ("no_gps", {"1.png", "3.png", "5.png", "6.png"}),
        ("contradiction", {"2.png", "4.jpg"}),
        ("suggested", {"1.png", "3.png", "5.png"}),
        ("written", set()),
    ],
)
def test_a_filter_takes_the_photos_that_its_count_counts(
    client: TestClient, name: str, found: set[str]
) -> None:
    assert set(photos(client, filter=name)) == found
    assert client.get("/api/library").json()["counts"][name] == len(found)


def test_lists_come_in_pages_and_for_one_landmark(client: TestClient) -> None:
    whole = list(photos(client, by="landmark"))
    pages = [list(photos(client, by="landmark", offset=at, limit=2)) for at in (0, 2, 4)]
    assert [name for page in pages for name in page] == whole
    assert set(photos(client, landmark="machu_picchu")) == {"3.png", "4.jpg"}
    assert photos(client, since="2024-01-01") == {}


def test_the_map_has_a_column_entry_for_each_photo_with_a_place(client: TestClient) -> None:
    answer = client.get("/api/library/map").json()
    assert answer["without"] == 1
    columns = answer["photos"]
    assert {len(column) for column in columns.values()} == {5}
    row = columns["name"].index("2.png")
    assert (columns["latitude"][row], columns["longitude"][row]) == (50, 10)
    assert columns["source"][row] == "gps"
    assert answer["labels"][columns["label"][row]]["country"] == "Germany"
    assert columns["id"][row] == photos(client)["2.png"]["id"]


def test_lists_follow_what_is_decided_and_what_others_do(
    client: TestClient, folder: Path, paint: Callable[..., Path]
) -> None:
    before = client.get("/api/library/groups").json()
    assert client.get("/api/library/groups").json() == before
    decide(client, "accept", "6.png", landmark_id="machu_picchu")
    after = client.get("/api/library/groups", params={"by": "landmark"}).json()
    assert after["revision"] > before["revision"]
    assert "No landmark" not in [group["title"] for group in after["groups"]]
    paint(folder / "7.png", "red", size=(70, 48))
    done(client, client.post("/api/library/index", json={}))
    assert "7.png" in photos(client)


def test_all_that_is_known_of_a_photo_is_told(client: TestClient, folder: Path) -> None:
    known = photos(client)["2.png"]
    said = client.get(f"/api/library/photos/{known['id']}").json()
    assert said["folder"] == str(folder / "usa")
    assert said["gps"] == {"latitude": 50, "longitude": 10}
    assert said["candidates"][0]["id"] == "golden_gate_bridge"
    assert said["distance_km"] > 9000
    assert said["plan"]["outcome"] == "review"
    assert {name: said[name] for name in known} == known


def test_folders_can_be_chosen_but_only_inside(client: TestClient, folder: Path) -> None:
    (folder / ".hidden").mkdir()
    said = client.get("/api/library/folders").json()
    assert said["folders"] == [
        {"name": "peru", "path": "peru"},
        {"name": "usa", "path": "usa"},
    ]
    inner = client.get("/api/library/folders", params={"path": "usa"}).json()
    assert (inner["full"], inner["folders"]) == (str(folder / "usa"), [])
    for path, number in (("..", 0), ("usa/../..", 0), ("/etc", 0), ("", 1), ("a\0b", 0)):
        answer = client.get("/api/library/folders", params={"path": path, "number": number})
        assert answer.status_code == 403, path
    assert client.get("/api/library/folders", params={"path": "no"}).status_code == 404


def test_rows_of_other_folders_are_nobodys_business(
    opened: Callable[..., TestClient], client: TestClient, folder: Path
) -> None:
    """The catalog has all six; a server for one folder shows its two."""
    others = photos(client)
    with opened(folder / "usa") as narrow:
        assert set(photos(narrow)) == {"1.png", "2.png"}
        assert narrow.get("/api/library").json()["counts"]["all"] == 2
        for part in ("", "/thumbnail", "/preview"):
            answer = narrow.get(f"/api/library/photos/{others['3.png']['id']}{part}")
            assert answer.status_code == 404
        answer = narrow.post(
            "/api/library/review", json={"ids": [others["3.png"]["id"]], "decision": "reject"}
        )
        assert answer.json()["changed"] == []
    assert photos(client)["3.png"]["decision"] is None


def test_a_link_that_leads_out_is_neither_looked_at_nor_shown(
    opened: Callable[..., TestClient], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    paint(secret / "hidden.png", "red")
    paint(allowed / "open.png", "green")
    (allowed / "folder").symlink_to(secret)
    (allowed / "file.png").symlink_to(secret / "hidden.png")
    with opened(allowed) as client:
        job = done(client, client.post("/api/library/index", json={}))
        assert job["summary"]["found"] == 1
        assert [problem["path"] for problem in job["summary"]["problems"]] == [
            str(allowed / "file.png"),
            str(allowed / "folder"),
        ]
        assert set(photos(client)) == {"open.png"}
        for path in (secret, allowed / "folder", allowed / ".." / "secret"):
            answer = client.post("/api/library/index", json={"folder": str(path)})
            assert answer.status_code == 403
        (allowed / "open.png").unlink()
        (allowed / "open.png").symlink_to(secret / "hidden.png")
        number = photos(client)["open.png"]["id"]
        assert client.get(f"/api/library/photos/{number}/thumbnail").status_code == 403


def test_an_unwritable_folder_is_told_before_anything_is_written(
    opened: Callable[..., TestClient], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.access  # root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and real(path, mode))
    with opened(folder, folder / "gone") as client:
        first, second = client.get("/api/library").json()["folders"]
    assert not first["writable"]
    assert "tagged" in first["problem"]
    assert not second["readable"]
    assert "disk is connected" in second["problem"]


def test_names_that_are_no_text_do_no_harm(
    opened: Callable[..., TestClient], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    painted = paint(tmp_path / "library" / "a.png", "red")
    painted.rename(Path(os.fsdecode(os.fsencode(painted.parent) + b"/\xff<b>.png")))
    with opened(tmp_path / "library") as client:
        done(client, client.post("/api/library/index", json={}))
        [known] = photos(client).values()
        assert known["name"] == "?<b>.png"
        assert client.get(f"/api/library/photos/{known['id']}").status_code == 200
        assert client.get(f"/api/library/photos/{known['id']}/thumbnail").status_code == 200
        assert client.get("/api/library/map").status_code == 200


@pytest.mark.parametrize(
    "query", ["by=moon", "filter=x", "offset=-1", "limit=0", "limit=1001", "since=yesterday"]
)
def test_a_wrong_question_gets_a_sentence(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/library/photos?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "InvalidRequest"


def test_what_was_found_through_a_link_before_is_neither_read_nor_lost(
    opened: Callable[..., TestClient], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    """The command line follows links: a person's own words are its bounds."""
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    paint(secret / "hidden.png", "red")
    paint(allowed / "open.png", "green")
    (allowed / "folder").symlink_to(secret)
    with Catalog() as catalog:
        take_census(catalog, Scan([allowed]), "tiny@1")
        assert catalog.count() == 2
    with opened(allowed) as client:
        done(client, client.post("/api/library/index", json={}))
        assert set(photos(client)) == {"open.png"}
    with Catalog() as catalog:
        hidden = catalog.get(allowed / "folder" / "hidden.png")
        assert hidden is not None
        assert hidden.recognition is None


def test_a_catalog_or_journal_that_cannot_be_used_is_named_with_what_to_do(
    opened: Callable[..., TestClient], folder: Path, tmp_path: Path
) -> None:
    catalog, journal = tmp_path / "notes.sqlite", Path(os.environ["WHERESHOT_HOME"])
    journal.mkdir(parents=True)
    for path in (catalog, journal / "journal.sqlite"):
        path.write_bytes(b"somebody's own notes, and no database" * 100)
    with opened(folder, catalog=catalog) as client:
        said = client.get("/api/library/groups")
        assert (said.status_code, said.json()["error"]["type"]) == (500, "CatalogError")
        assert "Move it away" in said.json()["error"]["message"]
        said = client.get("/api/library/runs")
        assert (said.status_code, said.json()["error"]["type"]) == (500, "JournalError")
    assert catalog.read_bytes().startswith(b"somebody's own notes")
