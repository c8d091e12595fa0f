"""Rows of a catalog, made up: photos that were read and recognized, without files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from whereshot.library.catalog import CatalogPhoto
from whereshot.records import Landmark, Prediction, Recognition, Verdict


def made_landmark(name: str) -> Landmark:
    """A landmark in Peru, by its id."""
    return Landmark(
        id=name,
        name=name.replace("_", " ").title(),
        latitude=-13.1631,
        longitude=-72.545,
        radius_km=2.0,
        country="Perú",
        country_code="PE",
        region="Cusco",
        wikidata="Q676203",
        aliases=("Old Peak",),
    )


def answer(
    name: str, probability: float = 0.9, *, verdict: Verdict = "landmark", bundle: str = "tiny@1"
) -> Recognition:
    """A recognition: this landmark, and another far behind."""
    predictions = (
        Prediction(made_landmark(name), probability),
        Prediction(made_landmark("somewhere_else"), round(1 - probability, 6)),
    )
    location = predictions[0].landmark.location if verdict == "landmark" else None
    return Recognition(verdict, predictions, location, bundle, certainty=probability / 2)


def known_photo(path: Path, recognition: Recognition | None = None, **fields: Any) -> CatalogPhoto:
    """A photo that was read and recognized; what is not given follows from its path."""
    path = path.absolute()
    recognition = answer("machu_picchu") if recognition is None else recognition
    own = fields.get("own_location")
    recognition = replace(recognition, location=own or recognition.location, photo=str(path))
    defaults: dict[str, Any] = {
        "size": 1000,
        "mtime_ns": 1_700_000_000_123_456_789,
        "content_hash": hashlib.sha256(os.fsencode(path)).hexdigest()[:32],
        "recognition": recognition,
    }
    return CatalogPhoto(path=path, **(defaults | fields))
