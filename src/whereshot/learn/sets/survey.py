"""A look at every file of a data set: what `data check` judges and `data stats` counts.

Unlike `dataset.index_folder`, which refuses what can't be trained on, a survey takes a folder as it
is: its troubles are what it is for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError, PhotoError
from whereshot.learn.dataset import Part, find_part
from whereshot.learn.duplicates import DECODE_SIDE
from whereshot.learn.sets.pixels import DETAIL_SIDE, MeanPhoto, detail, square_of
from whereshot.photo import Limits, decode, read_exif, read_photo
from whereshot.photo.formats import HEAD_BYTES, Format, sniff
from whereshot.photo.jpeg import read_jpeg_header
from whereshot.photo.perceptual import PhotoHash, hash_pixels
from whereshot.photo.readers import open_image
from whereshot.photo.source import open_photo
from whereshot.photo.suffixes import is_photo


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """A folder of one landmark's photos; `part` is "train", "test", or "" in a plain folder."""

    part: str
    name: str


@dataclass(frozen=True, slots=True)
class SurveyedPhoto:
    """One photo file. `error` says why it can't be read; sides are pixels, 0 if unknown.

    Width and height are those of the upright photo where it was decoded, else as they are stored.
    `detail` is that of `pixels.detail`, None where it was not looked at or there is nothing to see.
    """

    path: Path
    folder: ClassFolder
    bytes: int
    kind: Format | None = None
    width: int = 0
    height: int = 0
    has_gps: bool = False
    hash: PhotoHash | None = None
    detail: float | None = None
    error: str | None = None

    @property
    def short_side(self) -> int:
        """Pixels of the shorter side."""
        return min(self.width, self.height)

    @property
    def long_side(self) -> int:
        """Pixels of the longer side."""
        return max(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Survey:
    """All class folders and photos under `root`, sorted, and photos that training won't see.

    `unseen` are photos by content that lie outside the class folders or lack a photo's suffix.
    `means` are the mean photos of the folders, where photos were decoded.
    """

    root: Path
    folders: tuple[ClassFolder, ...]
    photos: tuple[SurveyedPhoto, ...]
    unseen: Mapping[Path, Format] = field(default_factory=dict[Path, Format])
    means: Mapping[ClassFolder, MeanPhoto] = field(default_factory=dict[ClassFolder, MeanPhoto])

    def relative(self, path: Path) -> str:
        """A path as it is told: from the root on, with slashes."""
        return path.relative_to(self.root).as_posix()


OnPhoto = Callable[[int, int], object]
"""Called with the photos that are done and the number of all."""


def survey_folder(
    root: Path, *, decode_photos: bool = True, on_photo: OnPhoto | None = None
) -> Survey:
    """Look at all photos in `root`: a course layout, a folder of train and test, or of classes.

    Without `decode_photos` only headers are read: no hashes, no detail, no mean photos, and damage
    beyond the headers is not seen.
    Raises DatasetError if there are no class folders.
    """
    folders: dict[ClassFolder, Path] = {}
    for part, base in _parts(root):
        for path in sorted(base.iterdir()):
            if path.is_dir() and not path.name.startswith("."):
                folders[ClassFolder(part, path.name)] = path
    if not folders:
        raise DatasetError(
            f"'{root}' has no class folders. Expected one folder of photos per landmark, "
            "in 'train' and 'test' or on their own."
        )
    paths: list[Path] = []
    owners: list[ClassFolder] = []
    others = [path for _, base in _parts(root) for path in _files(base, deep=False)]
    for folder, base in folders.items():
        for path in _files(base, deep=True):
            if is_photo(path.name):
                paths.append(path)
                owners.append(folder)
            else:
                others.append(path)
    photos: list[SurveyedPhoto] = []
    means = {folder: MeanPhoto() for folder in folders}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # decoders release the GIL
        look = partial(_look, decode_photos=decode_photos)
        for photo, square in pool.map(look, paths, owners):
            photos.append(photo)
            if square is not None:
                means[photo.folder].add(square)
            if on_photo is not None:
                on_photo(len(photos), len(paths))
    return Survey(root, tuple(folders), tuple(photos), _unseen(others), means)


def _parts(root: Path) -> Sequence[tuple[str, Path]]:
    """The folders that hold class folders, by part."""
    parts = [(part, find_part(root, part)) for part in get_args(Part)]
    return [(part, base) for part, base in parts if base != root] or [("", root)]


def _files(base: Path, *, deep: bool) -> Iterator[Path]:
    for path in sorted(base.rglob("*") if deep else base.iterdir()):
        if not path.name.startswith(".") and path.is_file():
            yield path


def _look(
    path: Path, folder: ClassFolder, *, decode_photos: bool
) -> tuple[SurveyedPhoto, NDArray[np.uint8] | None]:
    """What there is to say of a photo, and its central square where it was decoded."""
    photo, square = SurveyedPhoto(path, folder, bytes=0), None
    try:
        photo = replace(photo, bytes=path.stat().st_size)
        photo = replace(photo, has_gps=read_exif(path).location is not None)
        kind, (width, height) = _read_header(path)
        photo = replace(photo, kind=kind, width=width, height=height)
        if decode_photos or not width:
            pixels = decode(path, min_side=DECODE_SIDE)
            if decode_photos:
                if (pixels.shape[1] > pixels.shape[0]) != (width > height):
                    photo = replace(photo, width=height, height=width)  # turned by its EXIF
                photo = replace(photo, hash=hash_pixels(pixels), detail=_detail(path, pixels))
                square = square_of(pixels)
    except (PhotoError, OSError) as error:
        photo = replace(photo, error=str(error))
    return photo, square


def _detail(path: Path, pixels: NDArray[np.uint8]) -> float | None:
    # Large photos come large enough already: the smallest scale of a JPEG is an eighth.
    enough = min(pixels.shape[:2]) >= DETAIL_SIDE
    return detail(pixels if enough else decode(path, min_side=DETAIL_SIDE))


def _read_header(path: Path) -> tuple[Format | None, tuple[int, int]]:
    """Format and sides as the first bytes tell them; what is wrong there, `decode` will say."""
    kind = None
    with open_photo(path) as stream:
        try:
            kind = sniff(stream.read(HEAD_BYTES))
            if kind == "JPEG":
                stream.seek(0)
                header = read_jpeg_header(stream)
                return kind, (header.width, header.height)
            return kind, open_image(read_photo(path), kind, Limits()).image.size
        except Exception:  # noqa: BLE001 - decoders raise anything on damaged files
            return kind, (0, 0)


def _unseen(paths: Sequence[Path]) -> dict[Path, Format]:
    unseen: dict[Path, Format] = {}
    for path in paths:
        try:
            with open_photo(path) as stream:
                unseen[path] = sniff(stream.read(HEAD_BYTES))
        except PhotoError:
            continue  # a list, a licence: data sets have such files, and nobody called it a photo
    return unseen
