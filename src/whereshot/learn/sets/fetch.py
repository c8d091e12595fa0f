"""Published data sets: where they are, what is in them, and how they come here, checked."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from whereshot.errors import DatasetError, FetchError
from whereshot.learn.dataset import index_folder
from whereshot.learn.sets.download import download
from whereshot.learn.sets.transfer import DEFAULT_PATIENCE, Patience, check_url
from whereshot.learn.sets.unpack import BadArchiveError, unpack

OnStep = Callable[[str, int, int | None], object]
"""Called with `download` or `unpack`, the bytes that are done, and all bytes (None: unknown)."""

RECORD = ".whereshot-fetch.json"


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """A data set that its makers publish as one zip archive with `PHOTOS/{train,test}/CLASS/`."""

    name: str
    about: str
    url: str
    folder: str
    landmarks: int
    photos: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is at `folder` now: landmark folders and photos in each part."""

    folder: Path
    landmarks: Mapping[str, int]
    photos: Mapping[str, int]
    was_complete: bool


SETS: Mapping[str, PublishedSet] = {
    published.name: published
    for published in (
        PublishedSet(
            name="udacity50",
            about="50 landmarks, a subset of Google Landmarks v2 made for a course on CNNs",
            url="https://udacity-dlnfd.s3-us-west-1.amazonaws.com/datasets/landmark_images.zip",
            folder="landmark_images",
            landmarks=50,
            photos={"train": 4996, "test": 1250},
        ),
    )
}

_OF_SHARDS = "gldv2"  # not one archive: `learn.sets.gldv2` brings a part of it


def published_set(name: str) -> PublishedSet:
    """The published set of this name; raises FetchError with the names that are known."""
    try:
        return SETS[name]
    except KeyError:
        close = get_close_matches(name, [*SETS, _OF_SHARDS], n=1, cutoff=0.4)
        hint = f" Did you mean {close[0]}?" if close else ""
        known = ", ".join([*SETS, _OF_SHARDS])
        raise FetchError(f"No published set {name!r}; known: {known}.{hint}") from None


def fetch(
    published: PublishedSet,
    to: Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    on_step: OnStep | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> Fetched:
    """Download a published set to the folder `to`, unpack it, and look at what came.

    Does nothing where the set is complete already. An interrupted download goes on. `url` takes
    the archive from a mirror. Raises FetchError, also where `to` holds something else under the
    set's folder name: nothing is ever written over.
    """
    url = url or published.url
    check_url(url)
    photos_folder = to / published.folder
    if photos_folder.exists():
        return _complete(published, to)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"Can't make the folder '{to}': {error.strerror}.") from error
    # The URL is part of the name: what came from another place is never taken for this archive.
    archive = to / f"{published.name}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.zip"
    download(
        url,
        archive,
        sha256=sha256,
        on_progress=on_step and (lambda done, total: on_step("download", done, total)),
        patience=patience,
    )
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=to) as temporary:
        unpacked = Path(temporary) / "root"
        try:
            unpack(
                archive,
                unpacked,
                on_progress=on_step and (lambda done, total: on_step("unpack", done, total)),
            )
            landmarks, photos = _look(published, unpacked)
        except BadArchiveError as error:
            archive.unlink()  # keeping it would make every further fetch fail on it
            raise FetchError(f"{error} It came from {url} and was deleted.") from error
        source = unpacked / published.folder
        (source if source.is_dir() else unpacked).rename(photos_folder)
    record = {
        "set": published.name,
        "url": url,
        "bytes": archive.stat().st_size,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        "photos": photos,
    }
    (to / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    archive.unlink()
    return Fetched(to, landmarks, photos, was_complete=False)


def _complete(published: PublishedSet, to: Path) -> Fetched:
    """What is at `to` already; raises FetchError if it is not the whole set."""
    expected: Any = published.photos
    try:
        record = json.loads((to / RECORD).read_text(encoding="utf-8"))
        if record["set"] == published.name and isinstance(record["photos"], dict):
            expected = record["photos"]  # a mirror may hold more or less
    except (OSError, ValueError, LookupError, TypeError):
        pass
    try:
        landmarks, photos = _look(published, to)
    except BadArchiveError:
        landmarks, photos = {}, {}
    if photos != expected:
        raise FetchError(
            f"'{to / published.folder}' is there but holds {_tell(photos)}, expected "
            f"{_tell(expected)}. Move it away, or fetch to another folder with --to."
        )
    return Fetched(to, landmarks, photos, was_complete=True)


def _look(published: PublishedSet, folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Landmark folders and photos in each part; raises BadArchiveError if a part is missing."""
    base = folder / published.folder if (folder / published.folder).is_dir() else folder
    landmarks: dict[str, int] = {}
    photos: dict[str, int] = {}
    for part in ("train", "test"):
        try:
            index = index_folder(base / part)
        except DatasetError as error:
            raise BadArchiveError(
                f"This is not {published.name}: expected {published.folder}/{part} with "
                f"{published.landmarks} folders of photos."
            ) from error
        landmarks[part] = len(index.classes)
        photos[part] = len(index)
    return landmarks, photos


def _tell(photos: Mapping[str, int]) -> str:
    return " + ".join(f"{count:,} {part}" for part, count in photos.items()) or "no such layout"
