"""Writing a bundle: whole or not at all."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from whereshot.errors import BundleError
from whereshot.photo import Preprocessing
from whereshot.recognize._manifest import landmark_to_json, manifest_text
from whereshot.recognize.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    PROTOTYPES_FILE,
    Bundle,
    read_bundle,
)
from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.verdict import Rule, Strictness
from whereshot.records import Landmark


def write_bundle(
    folder: str | PathLike[str],
    *,
    name: str,
    version: int,
    model: bytes | PathLike[str],
    landmarks: Sequence[Landmark],
    prototypes: Prototypes,
    preprocessing: Preprocessing,
    temperature: float,
    min_probability: float,
    rule: Rule | None = None,
    strictness: Strictness | None = None,
    held_out: Sequence[float] = (),
    chosen_for: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    created: datetime.date | None = None,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle into a folder and read it back.

    `model` is the ONNX graph or its path. `min_probability` is the threshold where certainty is the
    best probability; a `rule` makes a better one, and then `strictness` has its threshold.
    `held_out` are the probabilities of the true landmarks of photos that training did not see;
    `chosen_for` holds the figures that the threshold was chosen for.

    All files are written into a new folder beside `folder`, which then takes its name: whoever
    reads `folder` sees the old bundle or the new one, never a half.

    Raises `BundleError` if something is there that is not a bundle, if a bundle is there and
    `overwrite` is False, or if the parts don't fit together.
    """
    folder = Path(folder)
    _check_free(folder, overwrite)
    if (rule is None) != (strictness is None):
        raise ValueError("a rule needs the strictness that was chosen for it, and the other way")
    if problem := prototypes.problem(len(landmarks)):
        raise BundleError(f"Bundle {str(folder)!r} can't be written: {problem}")
    arrays = io.BytesIO()
    np.savez(
        arrays,
        prototypes=prototypes.vectors,
        owner=prototypes.owner,
        others=prototypes.others,
        # Half the digits are enough to weigh newcomers by, and half the size.
        witnesses=prototypes.witnesses.embeddings.astype(np.float16),
        best=prototypes.witnesses.best.astype(np.float32),
    )
    files = {
        MODEL_FILE: model if isinstance(model, bytes) else Path(model).read_bytes(),
        PROTOTYPES_FILE: arrays.getvalue(),
    }
    fields = {
        "name": name,
        "version": version,
        "created": (created or datetime.datetime.now(datetime.UTC).date()).isoformat(),
        "preprocessing": {"size": preprocessing.size, "fit": preprocessing.fit},
        "landmarks": [landmark_to_json(landmark) for landmark in landmarks],
        "calibration": {
            "temperature": float(temperature),
            "held_out": sorted(float(probability) for probability in held_out),
        },
        "verdict": {
            "min_probability": float(min_probability),
            **_ruled(rule, strictness),
            "chosen_for": dict(chosen_for or {}),
        },
        "provenance": dict(provenance or {}),
        "files": {
            file: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for file, content in files.items()
        },
    }
    files[MANIFEST_FILE] = (manifest_text(fields) + "\n").encode()

    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    temporary.mkdir()
    try:
        for file, content in files.items():
            _write_durably(temporary / file, content)
        read_bundle(temporary)  # what can't be read back must not take the place of what can
        _put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return read_bundle(folder)


def _ruled(rule: Rule | None, strictness: Strictness | None) -> dict[str, Any]:
    if rule is None or strictness is None:
        return {}
    return {
        "rule": {
            "bias": float(rule.bias),
            "weights": {signal: float(weight) for signal, weight in rule.weights.items()},
            "min_certainty": float(strictness.min_certainty),
        },
        "false_shares": [[float(share), float(at)] for share, at in strictness.false_shares],
    }


def _check_free(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MANIFEST_FILE).is_file():
        raise BundleError(
            f"{str(folder)!r} is there and is not a bundle: it is left as it is. "
            "Give the path of a new folder"
        )
    if not overwrite:
        raise BundleError(
            f"there is a bundle at {str(folder)!r} already. "
            "Give the path of a new folder, or ask to overwrite it"
        )


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        temporary.rename(folder)
        return
    # A folder can't be renamed over a full one: the old bundle steps aside, and comes back if
    # the new one can't take its place.
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    folder.rename(aside)
    try:
        temporary.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
