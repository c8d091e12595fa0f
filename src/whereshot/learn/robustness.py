"""What a recognizer stands: the same photos in the dark, blurred, cropped, on their side.

Photos in a library are not as well behaved as those of a data set. Each change is made to the
pixels of the photo as it is decoded, and the changed photo goes through the recognizer as a file,
so the answers are those that its owner would get.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from whereshot.photo import decode
from whereshot.progress import silent
from whereshot.records import Failure, Recognition, Recognizer

Change = Callable[[Image.Image], Image.Image]

_QUALITY = 92  # of the JPEG that a changed photo becomes
_POOR_QUALITY = 8


@dataclass(frozen=True, slots=True)
class Stood:
    """What came of `photos` photos of landmarks after a change, as shares in [0, 1].

    `right` of them have the true landmark first, whatever the verdict; `named` rightly and `wrong`
    got the verdict `landmark`, with the true one first and with another one.
    """

    change: str
    photos: int
    right: float
    named: float
    wrong: float


def _part(photo: Image.Image) -> Image.Image:
    """A third of the photo: its middle."""
    width, height = photo.size
    edge = (1 - 3**-0.5) / 2
    return photo.crop(
        (
            round(edge * width),
            round(edge * height),
            round((1 - edge) * width),
            round((1 - edge) * height),
        )
    )


def _compressed(photo: Image.Image) -> Image.Image:
    return Image.open(io.BytesIO(_jpeg(photo, _POOR_QUALITY)))


CHANGES: Mapping[str, Change] = {
    "as it is": lambda photo: photo,
    "mirrored": ImageOps.mirror,
    "without color": lambda photo: ImageOps.grayscale(photo).convert("RGB"),
    "at a quarter of the light": lambda photo: ImageEnhance.Brightness(photo).enhance(0.25),
    "JPEG of quality 8": _compressed,
    "blurred by 1 % of its side": lambda photo: photo.filter(
        ImageFilter.GaussianBlur(max(photo.size) / 100)
    ),
    "only 96 px wide": lambda photo: ImageOps.contain(photo, (96, 96)),
    "the middle third of it": _part,
    "on its side": lambda photo: photo.transpose(Image.Transpose.ROTATE_90),
}
"""What may have happened to a photo, by its name."""


def measure_robustness(
    recognizer: Recognizer,
    photos: Sequence[tuple[Path, str]],
    changes: Mapping[str, Change] = CHANGES,
    *,
    report: Callable[[str, int, int], None] = silent,
) -> list[Stood]:
    """What becomes of photos, given with the id of the landmark that each shows, under changes.

    Reports (change, photos done, photos). Raises PhotoError for a photo that can't be read.
    """
    found: list[Stood] = []
    for name, change in changes.items():
        right = named = wrong = 0
        answers = recognizer.recognize_many(_changed(photos, change), k=1)
        for done, ((_, truth), answer) in enumerate(zip(photos, answers, strict=True), 1):
            match, is_named = _judged(answer, truth)
            right += match
            named += match and is_named
            wrong += is_named and not match
            report(name, done, len(photos))
        count = max(1, len(photos))
        found.append(Stood(name, len(photos), right / count, named / count, wrong / count))
    return found


def _changed(photos: Iterable[tuple[Path, str]], change: Change) -> Iterator[bytes]:
    for path, _ in photos:
        yield _jpeg(change(Image.fromarray(decode(path))), _QUALITY)


def _judged(answer: Recognition | Failure, truth: str) -> tuple[bool, bool]:
    """Whether the first candidate is the true one, and whether it was named."""
    if isinstance(answer, Failure):
        raise answer.error
    return answer.predictions[0].landmark.id == truth, answer.verdict == "landmark"


def _jpeg(photo: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
