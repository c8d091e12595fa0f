"""Bundles: everything a recognizer needs, in one folder, as data that is verified when it is read.

::

    world/
      model.onnx       pixels uint8 (B, S, S, 3) -> logits (B, K), embedding (B, D), features
      bundle.json      landmarks in output order, preprocessing, calibration, SHA-256 of each file
      prototypes.npz   prototypes float32 (P, D), owner int64 (P,), others float32 (M, D),
                       witnesses float16 (H, D), best float32 (H,)

Nothing in a bundle is code, and reading one runs none: JSON, an ONNX graph, arrays without pickle.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath, sep
from pathlib import Path
from typing import Any

import numpy as np

from whereshot.errors import BundleError, BundleIntegrityError, BundleNotFoundError
from whereshot.photo import Preprocessing
from whereshot.recognize._manifest import FileRecord, parse_manifest
from whereshot.recognize.prototypes import Prototypes, Witnesses
from whereshot.recognize.verdict import Rule, Strictness
from whereshot.records import Landmark

MANIFEST_FILE = "bundle.json"
MODEL_FILE = "model.onnx"
PROTOTYPES_FILE = "prototypes.npz"
DEFAULT_BUNDLE = "world"
SHIPPED = Path(__file__).resolve().parents[1] / "bundles"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read and verified; `raw` is the whole `bundle.json`, as parsed.

    `held_out` are the probabilities that photos which training did not see give to their landmark.
    `rule` makes certainties and `strictness` has the one that a verdict takes; where there is no
    rule, the certainty is the probability, and `min_probability` is asked of it.
    """

    path: Path
    name: str
    version: int
    created: str
    landmarks: tuple[Landmark, ...]
    preprocessing: Preprocessing
    temperature: float
    held_out: tuple[float, ...]
    min_probability: float
    rule: Rule | None
    strictness: Strictness
    prototypes: Prototypes = field(repr=False, compare=False)
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """Name and version, such as `world@1`."""
        return f"{self.name}@{self.version}"

    @property
    def model_path(self) -> Path:
        """The ONNX graph."""
        return self.path / MODEL_FILE

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the bundle comes from: recipe, data, versions, figures."""
        found = self.raw.get("provenance")
        return found if isinstance(found, dict) else {}


def shipped_bundles(shipped: Path = SHIPPED) -> tuple[str, ...]:
    """The names of the bundles that come with whereshot, sorted."""
    return tuple(sorted(found.parent.name for found in shipped.glob(f"*/{MANIFEST_FILE}")))


def find_bundle(
    name_or_folder: str | PathLike[str] | None = None, *, shipped: Path = SHIPPED
) -> Path:
    """The folder of a bundle: a shipped one by name, or any by its path; None is the default one.

    A name wins over a folder of the same name in the working directory: write `./world` for that.
    Raises `BundleNotFoundError`, which lists what there is.
    """
    wanted = DEFAULT_BUNDLE if name_or_folder is None else fspath(name_or_folder)
    names = shipped_bundles(shipped)
    if wanted in names:
        return shipped / wanted
    folder = Path(wanted)
    if (folder / MANIFEST_FILE).is_file():
        return folder
    if folder.is_dir():
        raise BundleNotFoundError(
            f"{wanted!r} is a folder without {MANIFEST_FILE}. {_hint(folder)}"
        )
    if folder.exists():
        raise BundleNotFoundError(
            f"{wanted!r} is a file: a bundle is a folder with {MANIFEST_FILE}"
        )
    raise BundleNotFoundError(f"no bundle {wanted!r}{_suggest(wanted, names)}")


def _hint(folder: Path) -> str:
    if (folder / "weights.safetensors").is_file():
        run = str(folder)
        return (
            f"It is a training run: make a bundle of it with whereshot export {run} --format onnx"
        )
    return "A bundle is made by whereshot export"


def _suggest(wanted: str, names: tuple[str, ...]) -> str:
    available = f"available are {', '.join(names)}" if names else "no bundle is installed"
    if sep not in wanted and (close := difflib.get_close_matches(wanted, names, n=1)):
        return f". Did you mean {close[0]!r}? ({available}, or the path of a bundle's folder)"
    return f": {available}, or give the path of a bundle's folder"


def read_bundle(path: str | PathLike[str]) -> Bundle:
    """Read and verify the bundle in a folder.

    Raises `BundleNotFoundError` (no `bundle.json` there), `BundleVersionError` (schema of another
    major version), `BundleIntegrityError` (a file is missing or is not the one that was written)
    and `BundleError` (anything else: not JSON, a wrong type, arrays that don't fit).
    """
    folder = Path(path)
    where = f"Bundle {str(folder)!r}"
    try:
        text = (folder / MANIFEST_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleNotFoundError(f"{where} has no {MANIFEST_FILE}. {_hint(folder)}") from error
    except OSError as error:
        raise BundleError(f"{where}: {MANIFEST_FILE} can't be read: {error.strerror}") from error
    manifest = parse_manifest(text, where)
    for name in (MODEL_FILE, PROTOTYPES_FILE):
        if name not in manifest.files:
            raise BundleError(f"{where}: files.{name} in {MANIFEST_FILE} is missing")
    for name, record in manifest.files.items():
        _verify(folder / name, record, where)
    return Bundle(
        path=folder,
        name=manifest.name,
        version=manifest.version,
        created=manifest.created,
        landmarks=manifest.landmarks,
        preprocessing=manifest.preprocessing,
        temperature=manifest.temperature,
        held_out=manifest.held_out,
        min_probability=manifest.min_probability,
        rule=manifest.rule,
        strictness=manifest.strictness,
        prototypes=_read_prototypes(folder, len(manifest.landmarks), where),
        raw=manifest.raw,
    )


def _verify(path: Path, record: FileRecord, where: str) -> None:
    if not path.is_file():
        raise BundleIntegrityError(
            f"{where}: {path.name} is missing; expected a file of {record.bytes} bytes with "
            f"SHA-256 {record.sha256}. Get the bundle again"
        )
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise BundleError(f"{where}: {path.name} can't be read: {error.strerror}") from error
    if found != record.sha256 or size != record.bytes:
        raise BundleIntegrityError(
            f"{where}: {path.name} is not the file that was written; expected SHA-256 "
            f"{record.sha256} ({record.bytes} bytes), found {found} ({size} bytes). "
            "Get the bundle again"
        )


def _read_prototypes(folder: Path, classes: int, where: str) -> Prototypes:
    try:
        with (
            (folder / PROTOTYPES_FILE).open("rb") as file,  # np.load leaks one that it opens
            np.load(file, allow_pickle=False) as arrays,
        ):
            prototypes = Prototypes(arrays["prototypes"], arrays["owner"])
            if "others" in arrays:  # since schema 1.1
                witnesses = Witnesses(arrays["witnesses"].astype(np.float32), arrays["best"])
                prototypes = dataclasses.replace(
                    prototypes, others=arrays["others"], witnesses=witnesses
                )
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"{where}: {PROTOTYPES_FILE} can't be read as the arrays `prototypes` and `owner` "
            f"({type(error).__name__}: {error}). Export the bundle again"
        ) from error
    if problem := prototypes.problem(classes):
        raise BundleError(f"{where}: {PROTOTYPES_FILE}: {problem}. Export the bundle again")
    return prototypes
