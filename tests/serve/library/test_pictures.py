"""Small pictures: made by a worker, once, kept within bounds, and never of another photo."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from pathlib import Path

import pytest
from library_app import done, photos
from PIL import Image
from starlette.testclient import TestClient

from whereshot.serve.library import pictures
from whereshot.serve.library.pictures import PictureStore, Turns


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were drawn."""
    names: list[str] = []
    real = pictures.thumbnail_jpeg

    def note(photo: bytes, *, height: int) -> bytes:
        names.append(threading.current_thread().name)
        return real(photo, height=height)

    monkeypatch.setattr(pictures, "thumbnail_jpeg", note)
    return names


def test_a_picture_is_a_jpeg_of_its_size_without_what_its_exif_tells(client: TestClient) -> None:
    known = photos(client)["2.png"]
    answer = client.get(f"/api/library/photos/{known['id']}/thumbnail", params={"v": known["v"]})
    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, answer.headers["content-type"]) == ("JPEG", "image/jpeg")
    assert not image.getexif()
    assert image.height <= 240
    assert "immutable" in answer.headers["cache-control"]


def test_a_picture_is_made_once_and_a_browser_that_has_it_gets_nothing(
    client: TestClient, drawn: list[str]
) -> None:
    known = photos(client)["1.png"]
    address = f"/api/library/photos/{known['id']}/thumbnail"
    first = client.get(address)
    assert first.headers["cache-control"] == "private, no-cache"
    assert client.get(address).content == first.content
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len(drawn) == 1
    assert client.get(f"/api/library/photos/{known['id']}/preview").status_code == 200
    assert len(drawn) == 2


def test_a_photo_that_was_changed_shows_what_it_is_and_keeps_nothing(
    client: TestClient, folder: Path, paint, drawn: list[str]
) -> None:
    """Pictures are kept by the content that the catalog knows, and that is another one."""
    known = photos(client)["1.png"]
    paint(folder / "usa" / "1.png", "blue", size=(90, 40))
    address = f"/api/library/photos/{known['id']}/thumbnail"
    client.get(address)
    client.get(address)
    assert len(drawn) == 2
    done(client, client.post("/api/library/index", json={}))
    fresh = photos(client)["1.png"]
    assert fresh["v"] != known["v"]
    red, _, blue = Image.open(io.BytesIO(client.get(address).content)).getpixel((5, 5))
    assert blue > red


def test_a_photo_that_cannot_be_shown_gets_a_sentence(client: TestClient, folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    done(client, client.post("/api/library/index", json={}))
    number = photos(client)["broken.jpg"]["id"]
    answer = client.get(f"/api/library/photos/{number}/thumbnail")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]
    (folder / "broken.jpg").unlink()
    assert client.get(f"/api/library/photos/{number}/thumbnail").status_code in (404, 422)


def test_the_store_sweeps_what_was_not_asked_for_longest(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, most_bytes=1000)
    names = [f"{number:02}name" for number in range(10)]
    for number, name in enumerate(names):
        store.put(name, b"x" * 100)
        os.utime(tmp_path / name[:2] / name[2:], ns=(number, number))
    assert store.get(names[0])  # asked for just now
    store.put("zzlast", b"x" * 100)
    left = {name for name in (*names, "zzlast") if store.get(name)}
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*")) <= 800
    assert {names[0], "zzlast"} <= left
    assert names[1] not in left


def test_a_cache_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = PictureStore(tmp_path / "file" / "inside", 1000)
    store.put("name", b"x")
    assert store.get("name") is None


def test_of_those_that_wait_the_last_is_next_and_who_left_is_not() -> None:
    async def play() -> list[str]:
        turns, order = Turns(1), list[str]()

        async def take(name: str) -> None:
            async with turns.turn():
                order.append(name)
                await asyncio.sleep(0)

        async with turns.turn():
            tasks = [asyncio.create_task(take(name)) for name in "abc"]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(take("d"), 5)
        return order

    assert asyncio.run(play()) == ["c", "a", "d"]
