"""Small pictures of photos: made by a worker, once, and kept in the user's cache folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio.to_thread

from whereshot.errors import EngineBusyError
from whereshot.home import user_cache
from whereshot.library.overview import Item
from whereshot.photo.raw import viewable
from whereshot.photo.source import read_photo
from whereshot.photo.thumbnail import thumbnail_jpeg
from whereshot.serve.engine import Engine

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

Size = Literal["thumbnail", "preview"]
HEIGHTS: dict[Size, int] = {"thumbnail": 240, "preview": 1080}
"""In px; a picture is at most twice as wide."""

MOST_BYTES = 2 * 1024**3
_LEFT_AFTER_SWEEP = 0.8  # of the most: sweeping goes through all files, so it is done seldom
_MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and the file's size and time when it was drawn."""

    jpeg: bytes
    size: int
    mtime_ns: int


def draw(path: Path, height: int, _: OnnxRecognizer) -> Drawn:
    """The job of a worker: a photo's file as a small JPEG; raises `PhotoError`."""
    data = read_photo(path)
    status = path.stat()
    picture, _exif = viewable(data, path)
    return Drawn(thumbnail_jpeg(picture, height=height), status.st_size, status.st_mtime_ns)


class Pictures:
    """The pictures of photos, in one size each for lists and for looking at.

    At most `workers` are made at once. Of those that wait the latest comes first: it is what
    somebody who scrolls sees now.
    """

    def __init__(
        self,
        engine: Engine,
        workers: int,
        folder: Path | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._engine = engine
        self._store = PictureStore(folder or user_cache() / "pictures", most_bytes)
        self._turns = Turns(workers)

    async def get(
        self, item: Item, size: Size, is_wanted: Callable[[], Awaitable[bool]]
    ) -> bytes | None:
        """A picture as JPEG; None if nobody wants it any more when it is its turn.

        Raises `PhotoError` for a photo that can't be shown, `EngineBusyError` if the workers have
        too much to do for a long time.
        """
        name = hashlib.sha256(
            os.fsencode(f"{HEIGHTS[size]} {item.content} {'' if item.content else item.path}")
        ).hexdigest()
        kept = await anyio.to_thread.run_sync(self._store.get, name)
        if kept is not None:
            return kept
        async with self._turns.turn():
            if not await is_wanted():
                return None
            kept = await anyio.to_thread.run_sync(self._store.get, name)
            if kept is not None:  # made for somebody else meanwhile
                return kept
            drawn = await self._drawn(item.path, HEIGHTS[size])
        if (drawn.size, drawn.mtime_ns) == (item.size, item.mtime_ns):
            await anyio.to_thread.run_sync(self._store.put, name, drawn.jpeg)
        return drawn.jpeg

    async def _drawn(self, path: Path, height: int) -> Drawn:
        for _ in range(_MOST_TRIES):
            try:
                return await self._engine.run(partial(draw, path, height))
            except EngineBusyError as error:  # uploads come first
                await asyncio.sleep(min(1.0, error.retry_after))
        return await self._engine.run(partial(draw, path, height))


class Turns:
    """At most so many at once; of those that wait the last one is next."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, and have it for as long as the context lasts."""
        if self._free:
            self._free -= 1
        else:
            await self._wait()
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given, and is not taken
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class PictureStore:
    """Files in a folder that take at most so many bytes: what was not asked for longest goes.

    Whatever is wrong with the folder or its disk: then pictures are made again, and that is all.
    Safe to use from several threads, and by several servers.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._bytes: int | None = None  # not counted yet
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """The content under a name; None if there is none."""
        path = self._path(name)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # asked for just now
        return content or None

    def put(self, name: str, content: bytes) -> None:
        """Keep some content under a name."""
        path = self._path(name)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            self._count(len(content))

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]

    def _count(self, size: int) -> None:
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._files())
            else:
                self._bytes += size
            if self._bytes > self._most:
                self._sweep()

    def _sweep(self) -> None:
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= _LEFT_AFTER_SWEEP * self._most:
                break
            path.unlink(missing_ok=True)
            left -= size
        self._bytes = left

    def _files(self) -> list[tuple[int, int, Path]]:
        """Time, size and path of each file."""
        found: list[tuple[int, int, Path]] = []
        for path in self._folder.glob("??/*"):
            with suppress(OSError):  # another server swept it
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        return found
