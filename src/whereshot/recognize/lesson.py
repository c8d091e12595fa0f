"""The photos that a landmark is taught with: looked at side by side, and what is odd about them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from PIL import Image

from whereshot.cores import available_cores
from whereshot.errors import EnrollmentError, PhotoError
from whereshot.photo import decode, read_photo
from whereshot.recognize._stream import ordered_map
from whereshot.recognize.enrolled_landmark import MOST_PHOTOS, EnrolledLandmark, digest_of
from whereshot.recognize.prototypes import NEIGHBOURS, Prototypes
from whereshot.recognize.views import Vectors
from whereshot.records import Failure, Photo, Recognition

if TYPE_CHECKING:
    from whereshot.recognize.recognizer import OnnxRecognizer

FEW_PHOTOS = 3
"""From so many photos on, there is enough to tell what they have in common."""
ODD = 0.65
"""A photo is odd whose mean cosine to the others is below this share of the median of such means.

Of ten photos of a landmark that a network of `recipes/world_without_ten.toml` had never seen, 5 %
are odd, and of one photo of something else among them 94 %; of five, 3 and 88 %.
"""
STRANGE = 1.5
"""A photo seems to show no landmark if it is so many times as near to those that show none.

As above: 1 % of ten photos, and 92 % of one photo without a landmark among them; of five, 6 and
96 %.
"""
PICTURE_SIDE = 384  # px, the longer side: what is kept to learn from again
_JPEG_QUALITY = 90

CautionKind = Literal[
    "few_photos", "odd_photo", "known_landmark", "no_landmark", "place", "not_learned"
]
Progress = Callable[[int, int], None]
"""Takes how many photos are done, of how many."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to look at before relying on an enrolled landmark; `photo` is the path, if any."""

    kind: CautionKind
    message: str
    photo: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A photo that could be read: what is kept of it, and what the recognizer says of it so far.

    `photo` is its path, or None for bytes; `name` is what messages call it.
    """

    photo: str | None
    name: str
    digest: str
    embedding: Vectors
    picture: bytes
    seen: Recognition


def look_at(
    recognizer: OnnxRecognizer, photos: Iterable[Photo], progress: Progress | None = None
) -> tuple[list[Shot], list[Failure]]:
    """Look at photos side by side, in order: those that can be read, and those that can't.

    A photo that is there twice, by its bytes, counts once. Raises `EnrollmentError` for more than
    `MOST_PHOTOS`.
    """
    given = [photos] if isinstance(photos, str | bytes | PathLike) else list(photos)
    if len(given) > MOST_PHOTOS:
        raise EnrollmentError(
            f"Got {len(given):,} photos of one landmark, expected at most {MOST_PHOTOS:,}. "
            "Choose those that show it best: ten teach most of it"
        )

    def look(numbered: tuple[int, Photo]) -> Shot | Failure:
        number, photo = numbered
        try:
            return _look(recognizer, photo, number)
        except PhotoError as error:
            return Failure(_path_of(photo), error)

    shots: dict[str, Shot] = {}
    failures: list[Failure] = []
    results = ordered_map(look, enumerate(given, start=1), workers=available_cores())
    for done, result in enumerate(results, start=1):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            shots.setdefault(result.digest, result)
        if progress is not None:
            progress(done, len(given))
    return list(shots.values()), failures


def picture_of(photo: Photo) -> bytes:
    """A small upright JPEG of a photo, without its metadata."""
    image = Image.fromarray(decode(photo, min_side=PICTURE_SIDE))
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def is_empty(embedding: np.ndarray) -> bool:
    """Whether the network sees nothing in a photo: its embedding has no direction then."""
    return not 0.5 < float(np.linalg.norm(embedding)) < 2  # false for nan too


def cautions(
    prototypes: Prototypes, entry: EnrolledLandmark, shots: Sequence[Shot]
) -> list[Caution]:
    """What is odd about an enrolled landmark, and about the photos that it was just taught with.

    `prototypes` are the bundle's own.
    """
    found: list[Caution] = []
    if entry.photos < FEW_PHOTOS:
        found.append(
            Caution(
                "few_photos",
                f"{entry.landmark.name!r} was learned from {entry.photos} "
                f"{'photo' if entry.photos == 1 else 'photos'}: expected {FEW_PHOTOS} or more, "
                "better ten, from different sides. Add some",
            )
        )
    rows = {digest: row for row, digest in enumerate(entry.digests)}
    odd = set(odd_photos(entry.embeddings))
    strange = set(_strange_photos(prototypes, entry.embeddings))
    for shot in shots:
        row = rows.get(shot.digest)
        best = shot.seen.predictions[0].landmark
        if row is None:
            message = f"{shot.name} shows nothing that the network takes for a landmark: left out"
            found.append(Caution("no_landmark", message, shot.photo))
        elif shot.seen.verdict == "landmark" and best.id != entry.landmark.id:
            message = (
                f"{shot.name} looks like {best.name} ({best.id}), which is known already. "
                f"Enroll without it, if it does not show {entry.landmark.name}"
            )
            found.append(Caution("known_landmark", message, shot.photo))
        elif row in strange:
            message = f"{shot.name} looks like photos without any landmark. {_ADVICE}"
            found.append(Caution("no_landmark", message, shot.photo))
        elif row in odd:
            message = f"{shot.name} looks unlike the other photos. {_ADVICE}"
            found.append(Caution("odd_photo", message, shot.photo))
    return found


_ADVICE = "If it does not show the landmark, forget the landmark and enroll it without this photo"


def odd_photos(embeddings: Vectors) -> list[int]:
    """Which of N photos look unlike the others, by embeddings (N, D); none of fewer than three."""
    count = len(embeddings)
    if count < FEW_PHOTOS:
        return []
    cosines = embeddings.astype(np.float64) @ embeddings.T
    means = (cosines.sum(axis=1) - np.diag(cosines)) / (count - 1)
    return np.flatnonzero(means < ODD * np.median(means)).tolist()


def _strange_photos(prototypes: Prototypes, embeddings: Vectors) -> list[int]:
    """Which of N photos are nearer to photos without a landmark than to each other."""
    count = len(embeddings)
    if count < FEW_PHOTOS or not len(prototypes.others):
        return []
    cosines = embeddings.astype(np.float64) @ embeddings.T
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.sort(cosines, axis=1)[:, -min(NEIGHBOURS, count - 1) :].mean(axis=1)
    return np.flatnonzero(prototypes.strangeness(embeddings) > STRANGE * nearest).tolist()


def _look(recognizer: OnnxRecognizer, photo: Photo, number: int) -> Shot:
    look = recognizer.look(photo)
    outputs = recognizer.outputs(look.pixels[None], ("embedding",))
    path = _path_of(photo)
    return Shot(
        photo=path,
        name=f"Photo {number}" if path is None else f"The photo {path!r}",
        digest=digest_of(read_photo(photo)),
        embedding=cast(np.ndarray, outputs.embedding)[0],
        picture=picture_of(photo),
        seen=recognizer.answer(look, k=1),
    )


def _path_of(photo: Photo) -> str | None:
    return None if isinstance(photo, bytes) else os.fspath(photo)
