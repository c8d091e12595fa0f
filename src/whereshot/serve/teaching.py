"""Jobs for a worker: landmarks are taught, forgotten and looked at, in the user's own folder."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from whereshot.errors import EnrollmentError, LandmarkNotFoundError, PhotoError
from whereshot.recognize import EnrolledLandmark, store_of

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

_NUMBER = re.compile(r"Photo (\d+)\b")  # what `enroll` calls photos that have no path


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A landmark as a person describes it; what is None is looked up. Degrees and km."""

    name: str
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    kind: Literal["natural", "built"] | None = None


def teach(lesson: Lesson, photos: tuple[bytes, ...], recognizer: OnnxRecognizer) -> dict[str, Any]:
    """Enroll a landmark; what came of it as JSON, photos named by their index in `photos`.

    Raises `EnrollmentError` if nothing can be learned.
    """
    from whereshot.recognize import enroll

    readable: list[int] = []
    failures: list[dict[str, Any]] = []
    for index, photo in enumerate(photos):
        try:
            recognizer.look(photo)
        except PhotoError as error:
            described = {"type": type(error).__name__, "message": str(error)}
            failures.append({"photo": index, "error": described})
        else:
            readable.append(index)
    if not readable:
        raise EnrollmentError(
            f"No photo of {lesson.name!r} can be read. The first of {len(photos)}: "
            f"{failures[0]['error']['message']} Give others"
        )
    done = enroll(recognizer, photos=[photos[index] for index in readable], **asdict(lesson))
    warnings = [
        {"kind": each.kind, "photo": _index(each.message, readable), "message": each.message}
        for each in done.warnings
    ]
    return {
        "landmark": asdict(done.landmark),
        "photos": done.photos,
        "added": done.added,
        "views": done.views,
        "warnings": warnings,
        "failures": failures,
    }


def unlearn(landmark_id: str, recognizer: OnnxRecognizer) -> str:
    """Forget what was taught; its id. Raises `LandmarkNotFoundError`."""
    from whereshot.recognize import forget

    return forget(store_of(recognizer.bundle), landmark_id)


def taught(recognizer: OnnxRecognizer) -> list[dict[str, Any]]:
    """All that was taught to the bundle, as JSON; a file that can't be used is left out."""
    known = {landmark.id for landmark in recognizer.landmarks}
    entries = store_of(recognizer.bundle).read(skip=lambda _: None)
    return [
        {
            **asdict(entry.landmark),
            "photos": entry.photos,
            "pictures": [index for index, picture in enumerate(entry.pictures) if picture],
            "taught": entry.created,
            "bundle": entry.bundle,
            "used": entry.landmark.id in known,
        }
        for entry in entries
    ]


def picture(landmark_id: str, index: int, recognizer: OnnxRecognizer) -> bytes:
    """The small JPEG of one of the photos; raises `LandmarkNotFoundError` if there is none."""
    entry: EnrolledLandmark | None = store_of(recognizer.bundle).get(landmark_id)
    if entry is None or not 0 <= index < entry.photos or not entry.pictures[index]:
        raise LandmarkNotFoundError(
            f"There is no photo {index} of {landmark_id[:60]!r}: expected one of those that "
            "/api/enrolled lists. Ask there."
        )
    return entry.pictures[index]


def _index(message: str, readable: list[int]) -> int | None:
    found = _NUMBER.match(message)
    return readable[int(found[1]) - 1] if found else None
