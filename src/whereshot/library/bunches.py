"""Which files are one photo: raw and JPEG of one shot, their sidecars, a live photo's video."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from whereshot.library.catalog import CatalogPhoto
from whereshot.photo.suffixes import PHOTO_SUFFIXES, RAW_SUFFIXES, VIDEO_SUFFIXES

# XMP; edits of Apple Photos, RawTherapee, DxO, ON1; thumbnails and notes of older cameras.
_STEM_SUFFIXES = frozenset({".xmp", ".aae", ".pp3", ".dop", ".on1", ".thm"})
# After a whole file name stands what Google Takeout says of a photo, too.
_NAME_SUFFIXES = _STEM_SUFFIXES | {".json"}
_LIVE_SUFFIXES = frozenset({".mov", ".mp4"}) & VIDEO_SUFFIXES
# Of several photos with one stem, the camera's own leads.
_LEADS = (".jpg", ".jpeg", ".heic", ".heif")

ListFolder = Callable[[Path], Collection[str]]
"""The names in a folder; none where there is no such folder."""


@dataclass(slots=True)
class Bunch:
    """Files of one folder that stay together and keep one stem.

    The first of the `photos` says where the bunch belongs; `companions` mean nothing without them.
    """

    photos: list[CatalogPhoto]
    companions: list[Path] = field(default_factory=list[Path])

    @property
    def stem(self) -> str:
        """What all its file names begin with."""
        return self.photos[0].path.stem

    @property
    def files(self) -> list[Path]:
        """All files, photos first."""
        return [*(photo.path for photo in self.photos), *self.companions]


def gather(photos: Iterable[CatalogPhoto], list_folder: ListFolder) -> Iterator[Bunch]:
    """Gather photos and what lies beside them into bunches, folder by folder.

    A raw file goes with the photo of its stem. `IMG_1.JPG.xmp` belongs to IMG_1.JPG, and
    `IMG_1.xmp` to the raw file IMG_1.CR2 if there is one, as Lightroom writes it, else to the
    photo. Two photos of one stem that are not raw, such as a JPEG and a PNG, are two bunches.
    """
    folders: dict[Path, list[CatalogPhoto]] = {}
    for photo in photos:
        folders.setdefault(photo.path.parent, []).append(photo)
    for folder, inside in folders.items():
        bunches = _bunches(inside)
        _add_companions(folder, list_folder(folder), bunches)
        yield from bunches


def stem_of(name: str) -> str:
    """The stem of the photo that a file is or goes with.

    >>> stem_of("IMG_1.JPG"), stem_of("IMG_1.JPG.xmp"), stem_of("IMG_1.xmp")
    ('IMG_1', 'IMG_1', 'IMG_1')
    """
    path = PurePath(name)
    if path.suffix.lower() in _NAME_SUFFIXES and _is_photo(path.stem):
        return PurePath(path.stem).stem
    return path.stem


def _is_photo(name: str) -> bool:
    return PurePath(name).suffix.lower() in PHOTO_SUFFIXES | RAW_SUFFIXES


def _bunches(photos: Iterable[CatalogPhoto]) -> list[Bunch]:
    by_stem: dict[str, list[CatalogPhoto]] = {}
    for photo in photos:
        by_stem.setdefault(photo.path.stem, []).append(photo)
    bunches: list[Bunch] = []
    for same in by_stem.values():
        same.sort(key=lambda photo: _rank(photo.path))
        raws = [photo for photo in same if _is_raw(photo.path)]
        others = [photo for photo in same if not _is_raw(photo.path)]
        leads = others or raws[:1]
        rest = raws if others else raws[1:]
        bunches += [Bunch([leads[0], *rest]), *(Bunch([photo]) for photo in leads[1:])]
    return bunches


def _add_companions(folder: Path, names: Collection[str], bunches: list[Bunch]) -> None:
    by_name = {photo.path.name: bunch for bunch in bunches for photo in bunch.photos}
    by_stem: dict[str, Bunch] = {}
    for bunch in bunches:  # the first of a stem has the raw file
        by_stem.setdefault(bunch.stem, bunch)
    for name in sorted(names):
        path = PurePath(name)
        suffix = path.suffix.lower()
        if name in by_name:
            continue
        owner = by_name.get(path.stem) if suffix in _NAME_SUFFIXES else None
        if owner is None and suffix in _STEM_SUFFIXES | _LIVE_SUFFIXES:
            owner = by_stem.get(path.stem)
        if owner is not None:
            owner.companions.append(folder / name)


def _rank(path: Path) -> tuple[int, str]:
    suffix = path.suffix.lower()
    return (_LEADS.index(suffix) if suffix in _LEADS else len(_LEADS)), path.name


def _is_raw(path: Path) -> bool:
    return path.suffix.lower() in RAW_SUFFIXES
