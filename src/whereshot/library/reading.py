"""What is done to one photo: read once, hashed, asked what it says itself, and recognized."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from whereshot.errors import PhotoError
from whereshot.library._answers import place
from whereshot.library.catalog_photo import CatalogPhoto
from whereshot.photo.perceptual import MAX_DISTANCE, PhotoHash, hash_pixels
from whereshot.photo.raw import viewable
from whereshot.photo.source import describe, read_photo
from whereshot.records import Photo, Recognition, Recognizer


class Source(Enum):
    """Whom an answer is from."""

    NETWORK = "network"
    CONTENT = "content"  # another photo, or this one elsewhere, has the same bytes
    NEIGHBOUR = "neighbour"  # a near-duplicate beside it
    NOBODY = "nobody"


@runtime_checkable
class TwoStepRecognizer(Recognizer, Protocol):
    """A recognizer that can be stopped between decoding a photo and asking its network."""

    def look(self, photo: Photo) -> Any:
        """Decode a photo, to an object whose `pixels` (S, S, 3) uint8 the network would see."""
        ...

    def answer(self, look: Any, *, k: int = 5) -> Recognition:
        """Recognize what was decoded."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A photo to read, and answers for content of its size, by the hex of their hash."""

    path: Path
    size: int
    mtime_ns: int
    known: dict[str, Recognition] = field(default_factory=dict[str, Recognition])


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it: the photo as the catalog is to know it, and whom its answer is from.

    Where the photo has an `error`, `passing` says that it may go away. `gone` if there is no such
    file any more.
    """

    photo: CatalogPhoto
    source: Source = Source.NOBODY
    passing: bool = False
    gone: bool = False


def reader_version() -> str:
    """What can be read here: photos that failed are tried again where this is another."""
    return "1 with rawpy" if find_spec("rawpy") else "1"


def content_hash(data: bytes) -> str:
    """What tells one content from another: SHA-256, cut to 128 bits, in hex.

    Most processors since 2019 have instructions for SHA-256: 1.3 GB/s where BLAKE2b has 0.75.
    """
    return hashlib.sha256(data).hexdigest()[:32]


class Reader:
    """Reads photos, one after the other; near-duplicates in one call share one recognition.

    `k` is the number of landmarks that are kept of each answer.
    """

    def __init__(self, recognizer: Recognizer, *, k: int = 5) -> None:
        self._recognizer = recognizer
        self._k = k

    def __call__(self, jobs: Sequence[Job]) -> list[Reading]:
        """Read photos that lie beside each other."""
        neighbours: list[tuple[PhotoHash, Recognition]] = []
        return [self._read(job, neighbours) for job in jobs]

    def _read(self, job: Job, neighbours: list[tuple[PhotoHash, Recognition]]) -> Reading:
        photo = CatalogPhoto(job.path, job.size, job.mtime_ns)
        data = b""
        try:
            # Looked at before it is read: a change meanwhile shows in the next scan.
            status = job.path.stat()
            photo = replace(photo, size=status.st_size, mtime_ns=status.st_mtime_ns)
            data = read_photo(job.path)
            photo = replace(photo, content_hash=content_hash(data))
            picture, exif = viewable(data, job.path)
            photo = replace(
                photo, taken_at=exif.taken_at, camera=exif.camera, own_location=exif.location
            )
            answer, source = job.known.get(photo.content_hash), Source.CONTENT
            if answer is None:
                answer, source = self._recognize(picture, neighbours)
        except FileNotFoundError:
            return Reading(photo, gone=True)
        except (PhotoError, OSError) as error:
            return _failed(photo, error, data)
        answer = place(answer, photo.own_location, os.fspath(job.path))
        return Reading(replace(photo, recognition=answer), source)

    def _recognize(
        self, picture: bytes, neighbours: list[tuple[PhotoHash, Recognition]]
    ) -> tuple[Recognition, Source]:
        recognizer = self._recognizer
        if not isinstance(recognizer, TwoStepRecognizer):
            return recognizer.recognize(picture, k=self._k), Source.NETWORK
        look = recognizer.look(picture)
        photo_hash = hash_pixels(look.pixels)
        if photo_hash is None:  # a plain surface is like every other
            return recognizer.answer(look, k=self._k), Source.NETWORK
        for other, answer in neighbours:
            if photo_hash.distance(other) <= MAX_DISTANCE:
                return answer, Source.NEIGHBOUR
        answer = recognizer.answer(look, k=self._k)
        neighbours.append((photo_hash, answer))
        return answer, Source.NETWORK


def _failed(photo: CatalogPhoto, error: PhotoError | OSError, data: bytes) -> Reading:
    path = photo.path
    if not isinstance(error, PhotoError):
        message = f"{describe(path)} can't be looked at: {error.strerror}. Check its permissions."
    elif str(error).startswith("The photo "):
        # Decoders saw bytes only; whoever reads the message wants the path.
        message = str(error).replace(describe(data), describe(path), 1)
    else:
        message = f"{describe(path)} {error}"
    passing = isinstance(error, OSError)  # the disk, not the photo: PhotoAccessError is one too
    return Reading(replace(photo, error=message), passing=passing)


def lost(job: Job, how: str) -> Reading:
    """The reading of a photo that ended the process that read it, twice."""
    message = (
        f"{describe(job.path)} ended the process that read it ({how}), twice. "
        "It is left out of this run; check the memory, and look at it with another program."
    )
    photo = CatalogPhoto(job.path, job.size, job.mtime_ns, error=message)
    return Reading(photo, passing=True)
