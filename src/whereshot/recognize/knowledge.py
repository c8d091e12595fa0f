"""What a recognizer knows: the landmarks of its bundle, and those that were enrolled."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from whereshot.errors import LandmarkNotFoundError
from whereshot.recognize.bundle import Bundle
from whereshot.recognize.enrolled import EnrolledLandmark
from whereshot.recognize.heatmap import Locator
from whereshot.recognize.judge import Judge
from whereshot.recognize.newcomers import Newcomers
from whereshot.records import Landmark


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What changes when a landmark is enrolled; replaced as a whole, so that no photo sees half."""

    name: str
    landmarks: tuple[Landmark, ...]
    judge: Judge
    locator: Locator

    def number_of(self, landmark_id: str) -> int:
        """The landmark's place in the set; raises `LandmarkNotFoundError`."""
        for number, landmark in enumerate(self.landmarks):
            if landmark.id == landmark_id:
                return number
        raise LandmarkNotFoundError(
            f"{self.name} knows no landmark {landmark_id!r}, expected one of its "
            f"{len(self.landmarks)} ids. `landmarks` lists them"
        )


def knowledge_of(bundle: Bundle, enrolled: Sequence[EnrolledLandmark]) -> Knowledge:
    """All that follows from a bundle and the landmarks that were taught to its network."""
    prototypes, trained = bundle.prototypes, len(bundle.landmarks)
    if not enrolled:
        judge = Judge(bundle.temperature, prototypes, bundle.rule)
        return Knowledge(bundle.title, bundle.landmarks, judge, Locator(prototypes))
    examples = [entry.embeddings for entry in enrolled]
    newcomers = Newcomers(examples, prototypes, trained, bundle.strictness)
    owners = [np.full(len(each.prototypes), trained + at) for at, each in enumerate(enrolled)]
    everybody = replace(
        prototypes,
        vectors=np.concatenate([prototypes.vectors, *(each.prototypes for each in enrolled)]),
        owner=np.concatenate([prototypes.owner, *owners]),
    )
    return Knowledge(
        f"{bundle.title}+{_digest_of(enrolled)}",
        (*bundle.landmarks, *(entry.landmark for entry in enrolled)),
        Judge(bundle.temperature, prototypes, bundle.rule, newcomers),
        Locator(everybody),
    )


def _digest_of(enrolled: Sequence[EnrolledLandmark]) -> str:
    digest = hashlib.sha256()
    for entry in enrolled:
        digest.update(repr(entry.landmark).encode())
        digest.update(entry.embeddings.tobytes())
    return digest.hexdigest()[:6]
