"""Enrolled landmarks made up for tests."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from whereshot.recognize.enrolled_landmark import EnrolledLandmark
from whereshot.recognize.views import prototypes_of
from whereshot.records import Landmark

NETWORK = hashlib.sha256(b"a network").hexdigest()
CASTLE = Landmark(
    id="blarney_castle",
    name="Blarney Castle",
    latitude=51.929,
    longitude=-8.571,
    radius_km=0.5,
    country="Ireland",
    country_code="IE",
    city="Cork",
    region="Munster",
    wikidata="Q883998",
    aliases=("Caisleán na Blarnan",),
)


def vectors(count: int, size: int = 4, seed: int = 0) -> np.ndarray:
    """Unit vectors (count, size), float32."""
    drawn = np.random.default_rng(seed).normal(size=(count, size))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def enrolled(landmark: Landmark = CASTLE, *photos: str, **fields: Any) -> EnrolledLandmark:
    """An enrolled landmark learned from photos that are no more than a word each."""
    words = photos or ("front", "back", "tower")
    seeds = [int.from_bytes(word.encode(), "big") % 2**32 for word in words]
    embeddings = np.concatenate([vectors(1, seed=seed) for seed in seeds])
    known: dict[str, Any] = {
        "landmark": landmark,
        "prototypes": prototypes_of(embeddings),
        "embeddings": embeddings,
        "created": "2026-11-26",
        "bundle": "tiny@1",
        "model_sha256": NETWORK,
        "digests": tuple(hashlib.sha256(word.encode()).hexdigest() for word in words),
        "pictures": tuple(b"\xff\xd8" + word.encode() for word in words),
    }
    return EnrolledLandmark(**(known | fields))


def same(a: EnrolledLandmark, b: EnrolledLandmark) -> bool:
    """Whether two are equal in every field."""
    plain = ("landmark", "created", "bundle", "model_sha256", "digests", "pictures")
    return all(getattr(a, name) == getattr(b, name) for name in plain) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("prototypes", "embeddings")
    )
