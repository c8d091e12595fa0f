"""Where in each photo the landmark is, as pictures in a folder: `predict --heatmap DIR`."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from whereshot.errors import PhotoError
from whereshot.photo import decode
from whereshot.recognize import OnnxRecognizer
from whereshot.recognize.overlay import draw_heatmap
from whereshot.records import Failure, Recognition

SUFFIX = ".heatmap.jpg"
LONGEST_PX = 1600
_QUALITY = 88
_LONGEST_STEM = 230  # bytes: file systems take names of 255, and a number may come on top
_COMMENT = b"whereshot heatmap of photo "
_HASH_BYTES = 8
_HEAD = 512  # bytes at the start of a JPEG, where its comment is


class HeatmapFolder:
    """Draws the heatmaps of recognized photos into a folder, which is made if it is not there.

    `trip/a.jpg` becomes `a.heatmap.jpg`, or `a-2.heatmap.jpg` where that name is taken by another
    photo's heatmap or by anything else. A comment in each picture says, by a hash of the path,
    which photo it is of: the heatmap of the same photo is written anew, and no other file is.

    Raises OSError where the folder can't be made, and later where a picture can't be written.
    """

    def __init__(self, folder: Path, recognizer: OnnxRecognizer) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._recognizer = recognizer
        self._owners: dict[str, bytes] = {}  # names that were looked at, and whose they are
        self.written = 0

    def without_own(self, photos: Iterable[str]) -> Iterator[str]:
        """The photos but heatmaps in the folder, which may lie among the photos of a walk."""
        folder = self._folder.resolve()
        for photo in photos:
            path = Path(photo)
            named_so = path.name.endswith(SUFFIX) and path.parent.resolve() == folder
            if not (named_so and _owner_of(path)):
                yield photo

    def drawn(
        self, results: Iterable[Recognition | Failure], problem: Callable[[str], None]
    ) -> Iterator[Recognition | Failure]:
        """The same results, each after its picture was written.

        A photo without a landmark has no picture. One that can't be read a second time is told to
        `problem`.
        """
        for result in results:
            if isinstance(result, Recognition) and result.verdict == "landmark" and result.photo:
                try:
                    self._draw(result.photo, result.predictions[0].landmark.id)
                except PhotoError as error:
                    problem(f"no heatmap: {error}")
            yield result

    def _draw(self, photo: str, landmark_id: str) -> None:
        heatmap = self._recognizer.heatmap(photo, landmark_id)
        shorter, longer = sorted((heatmap.width, heatmap.height))
        picture = Image.fromarray(decode(photo, min_side=max(1, shorter * LONGEST_PX // longer)))
        picture.thumbnail((LONGEST_PX, LONGEST_PX))
        drawn = Image.fromarray(draw_heatmap(np.asarray(picture), heatmap))
        owner = _owner_for(photo)
        stream = io.BytesIO()
        drawn.save(stream, "JPEG", quality=_QUALITY, comment=owner)
        self._write(Path(photo).stem, owner, stream.getvalue())
        self.written += 1

    def _write(self, stem: str, owner: bytes, content: bytes) -> None:
        """Write under the first name that is free, or that has this photo's heatmap already."""
        for number in itertools.count(1):
            numbered = f"-{number}" if number > 1 else ""
            target = self._folder / f"{_short(stem)}{numbered}{SUFFIX}"
            if self._owners.get(target.name, owner) != owner:
                continue
            if _create(target, content):
                found = owner
            elif (found := _owner_of(target)) == owner:
                _replace(target, content)
            self._owners[target.name] = found
            if found == owner:
                return


def _short(stem: str) -> str:
    """A stem that leaves room for what comes after it, cut between two characters."""
    name = os.fsencode(stem)
    return stem if len(name) <= _LONGEST_STEM else name[:_LONGEST_STEM].decode("utf-8", "ignore")


def _owner_for(photo: str) -> bytes:
    path = os.fsencode(Path(photo).absolute())
    return _COMMENT + hashlib.blake2b(path, digest_size=_HASH_BYTES).hexdigest().encode()


def _owner_of(path: Path) -> bytes:
    """The comment of a heatmap; empty for any other file, and for what is none."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return b""  # to open a pipe would wait for ever, and a link is somebody else's
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return b""
    at = head.find(_COMMENT)
    return head[at : at + len(_COMMENT) + 2 * _HASH_BYTES] if at >= 0 else b""


def _create(target: Path, content: bytes) -> bool:
    """Write a file that is not there yet; False if it is."""
    try:
        file = target.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except BaseException:  # half a picture is none
        target.unlink(missing_ok=True)
        raise
    return True


def _replace(target: Path, content: bytes) -> None:
    fresh = target.with_name(f".whereshot-{secrets.token_hex(8)}")
    if _create(fresh, content):
        fresh.replace(target)
