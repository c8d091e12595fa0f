"""What is known of one photo of a library, and what a person said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from whereshot.records import Landmark, Location, Prediction, Recognition

Verdict = Literal["accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word: the photo shows this landmark, or it does not."""

    verdict: Verdict
    landmark: Landmark


@dataclass(frozen=True, slots=True)
class CatalogPhoto:
    """One photo of a library, as it was when it was read.

    `content_hash` is the hex of 128 bits over the whole file, empty if it was not read yet.
    `taken_at` is aware if the photo says its offset to UTC, else naive local time. `own_location`
    is its own GPS position. `recognition` is None where there is none yet, or none can be:
    `error` then says why the photo could not be read. `written_at` is when a sidecar of it was
    last written by whereshot, `written_as` the landmark that this says. `decision` is
    what a person said of it. `id` is the number that the catalog gave it, None for a photo that is
    not out of one.
    """

    path: Path
    size: int
    mtime_ns: int
    content_hash: str = ""
    taken_at: datetime | None = None
    camera: str = ""
    own_location: Location | None = None
    recognition: Recognition | None = None
    error: str | None = None
    written_at: str | None = None
    decision: Decision | None = None
    written_as: Landmark | None = field(default=None, compare=False)
    id: int | None = field(default=None, compare=False)

    @property
    def best(self) -> Prediction | None:
        """The landmark that it looks most like; None where nothing was recognized."""
        recognition = self.recognition
        return recognition.predictions[0] if recognition and recognition.predictions else None

    @property
    def shown(self) -> Landmark | None:
        """The landmark that it shows: what a person accepted, else what the recognizer is sure of.

        A rejection is of one landmark: if another recognizer is sure of another one, that counts.
        """
        decision, recognition, best = self.decision, self.recognition, self.best
        if decision is not None and decision.verdict == "accepted":
            return decision.landmark
        if recognition is None or best is None or recognition.verdict != "landmark":
            return None
        if decision is not None and decision.landmark.id == best.landmark.id:
            return None
        return best.landmark

    @property
    def is_accepted(self) -> bool:
        """Whether a person said what it shows."""
        return self.decision is not None and self.decision.verdict == "accepted"

    @property
    def is_to_be_written(self) -> bool:
        """Whether what a person said is not what its sidecar says, as far as is known."""
        written = self.written_as.id if self.written_as is not None else ""
        if self.decision is None:
            return False
        if self.is_accepted:
            return written != self.decision.landmark.id
        return bool(written) and self.shown is None

    @property
    def certainty(self) -> float | None:
        """The chance that it shows its landmark, which is what a verdict goes by, in [0, 1]."""
        if self.is_accepted:
            return 1.0
        if self.recognition is None or self.best is None:
            return None
        certainty = self.recognition.certainty
        return self.best.probability if certainty is None else certainty
