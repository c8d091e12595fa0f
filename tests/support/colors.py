"""A recognizer that goes by the mean color, without a network: for tests of many photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from whereshot.errors import PhotoError
from whereshot.photo import decode, read_exif
from whereshot.records import Failure, Landmark, Photo, Prediction, Recognition

LANDMARKS = tuple(
    Landmark(name, name.replace("_", " ").title(), latitude, 10.0, 2.0, "Somewhere", "SW")
    for name, latitude in (("red_rock", 10.0), ("green_hill", 20.0), ("blue_lake", 30.0))
)


class ColorRecognizer:
    """Takes red, green and blue for landmarks, surely; grey is unknown. Counts what it is asked."""

    landmarks = LANDMARKS

    def __init__(self, name: str = "colors@1") -> None:
        self.name = name
        self.asked = 0

    def recognize(self, photo: Photo, *, k: int = 5) -> Recognition:
        self.asked += 1
        red, green, blue = decode(photo).reshape(-1, 3).mean(axis=0).tolist()
        ranked = sorted(zip((red, green, blue), LANDMARKS, strict=True), key=lambda pair: -pair[0])
        total = sum(value for value, _ in ranked) or 1.0
        predictions = tuple(Prediction(each, round(value / total, 6)) for value, each in ranked)
        verdict = "landmark" if predictions[0].probability > 0.5 else "unknown"
        own = read_exif(photo).location
        place = own or (ranked[0][1].location if verdict == "landmark" else None)
        return Recognition(verdict, predictions[:k], place, self.name)

    def recognize_many(
        self, photos: Iterable[Photo], *, k: int = 5
    ) -> Iterator[Recognition | Failure]:
        for photo in photos:
            try:
                yield self.recognize(photo, k=k)
            except PhotoError as error:
                yield Failure(None if isinstance(photo, bytes) else str(photo), error)


class SlowColors(ColorRecognizer):
    """The same, with time for somebody to interrupt it; leaves a mark for each question."""

    def __init__(self, marks: Path, seconds: float = 0.05) -> None:
        super().__init__()
        self._marks = marks
        self._seconds = seconds

    def recognize(self, photo: Photo, *, k: int = 5) -> Recognition:
        import time

        time.sleep(self._seconds)
        with self._marks.open("a") as marks:
            marks.write("asked\n")
        return super().recognize(photo, k=k)
