"""Enrolled landmarks as files: one landmark each, or several in one file to pass on.

::

    blarney_castle.npz      an archive of NumPy arrays
      landmark.json         schema, landmark, bundle, network, date, digests of the photos
      prototypes.npy        float32 (P, D), L2-normalized
      embeddings.npy        float32 (N, D), L2-normalized: every photo that it was learned from
      pictures.npy          uint8: N small JPEGs, one after the other
      picture_sizes.npy     int64 (N,): the bytes of each, 0 where it was left out

A file to pass on is a zip archive of such files. Nothing is compressed, so nothing can unfold into
more than is there, and nothing is code: reading one runs no pickle.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import EnrollmentError
from whereshot.recognize.enrolled_landmark import EnrolledLandmark
from whereshot.records import Landmark

SCHEMA = "1.0"
SUFFIX = ".npz"
MOST_LANDMARKS = 10_000  # in a file to pass on

_MANIFEST = "landmark.json"
_ARRAYS: Mapping[str, tuple[np.dtype[Any], int]] = {  # dtype and number of dimensions
    "prototypes": (np.dtype("<f4"), 2),
    "embeddings": (np.dtype("<f4"), 2),
    "pictures": (np.dtype("u1"), 1),
    "picture_sizes": (np.dtype("<i8"), 1),
}
_TEXTS = ("id", "name", "country", "country_code", "city", "region", "wikidata", "kind")
_NUMBERS = ("latitude", "longitude", "radius_km")


def landmark_to_bytes(entry: EnrolledLandmark) -> bytes:
    """The content of a landmark's file; `landmark_from_bytes` reads it back."""
    manifest = {
        "schema": SCHEMA,
        "landmark": {**asdict(entry.landmark), "aliases": list(entry.landmark.aliases)},
        "bundle": entry.bundle,
        "model_sha256": entry.model_sha256,
        "created": entry.created,
        "digests": list(entry.digests),
    }
    arrays = {
        "prototypes": entry.prototypes,
        "embeddings": entry.embeddings,
        "pictures": np.frombuffer(b"".join(entry.pictures), dtype=np.uint8),
        "picture_sizes": np.array([len(picture) for picture in entry.pictures], dtype=np.int64),
    }
    members = {_MANIFEST: json.dumps(manifest, ensure_ascii=False, allow_nan=False).encode()}
    members |= {f"{name}.npy": _array_to_bytes(name, array) for name, array in arrays.items()}
    return _archive(members)


def landmark_from_bytes(content: bytes, where: str) -> EnrolledLandmark:
    """Read and validate the content of a landmark's file; `where` opens each message.

    Raises `EnrollmentError` for anything that is not what `landmark_to_bytes` writes.
    """
    members = _members(content, where)
    if sorted(members) != sorted([_MANIFEST, *(f"{name}.npy" for name in _ARRAYS)]):
        raise _refused(where, f"holds {', '.join(sorted(members)[:9]) or 'nothing'}")
    try:
        manifest = _parse(members[_MANIFEST])
        arrays = {name: _array_from_bytes(name, members[f"{name}.npy"]) for name in _ARRAYS}
        return EnrolledLandmark(
            landmark=_landmark(_typed(manifest, "landmark", dict)),
            prototypes=arrays["prototypes"],
            embeddings=arrays["embeddings"],
            created=_typed(manifest, "created", str),
            bundle=_typed(manifest, "bundle", str),
            model_sha256=_typed(manifest, "model_sha256", str),
            digests=_texts(manifest, "digests"),
            pictures=_pictures(arrays["pictures"], arrays["picture_sizes"]),
        )
    except (ValueError, OverflowError, RecursionError) as error:
        raise _refused(where, str(error)) from error


def landmarks_to_bytes(entries: Sequence[EnrolledLandmark]) -> bytes:
    """The content of a file with several landmarks."""
    return _archive({f"{entry.landmark.id}{SUFFIX}": landmark_to_bytes(entry) for entry in entries})


def landmarks_from_bytes(content: bytes, where: str) -> tuple[EnrolledLandmark, ...]:
    """Read and validate a file with several landmarks, or with a single one.

    Raises `EnrollmentError` as `landmark_from_bytes` does; one bad landmark spoils all of them.
    """
    members = _members(content, where)
    if _MANIFEST in members:
        return (landmark_from_bytes(content, where),)
    if not members or not all(name.endswith(SUFFIX) for name in members):
        raise _refused(where, f"holds {', '.join(sorted(members)[:9]) or 'nothing'}")
    entries: list[EnrolledLandmark] = []
    for name, inner in members.items():
        entry = landmark_from_bytes(inner, f"{where}, {name!r}")
        if name != f"{entry.landmark.id}{SUFFIX}":
            raise _refused(where, f"calls {entry.landmark.id!r} {name!r}")
        entries.append(entry)
    return tuple(sorted(entries, key=lambda entry: entry.landmark.id))


def _refused(where: str, problem: str) -> EnrollmentError:
    return EnrollmentError(
        f"{where} is damaged, or is no file of enrolled landmarks: {problem}. Expected one that "
        "`whereshot landmarks --enrolled --export` wrote: export it again"
    )


def _archive(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            # Of a fixed date, so that equal landmarks make equal files.
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _members(content: bytes, where: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()
            if len(found) > MOST_LANDMARKS:
                raise ValueError(f"it has {len(found):,} parts")
            # The end of a part that is an archive itself, cut off there, looks like the end of all.
            if found and min(part.header_offset for part in found) > 0:
                raise ValueError("something is before its first part")
            # Stored parts that don't share bytes are no more than the file itself.
            if sum(part.file_size for part in found) > len(content):
                raise ValueError("its parts claim to be larger than it is")
            if any(part.compress_type != zipfile.ZIP_STORED for part in found):
                raise ValueError("its parts are compressed")
            members = {part.filename: archive.read(part) for part in found}
            if len(members) != len(found):
                raise ValueError("two of its parts share a name")
            return members
    except Exception as error:  # zipfile raises a dozen kinds for damage
        raise _refused(where, str(error) or type(error).__name__) from error


def _array_to_bytes(name: str, array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array.astype(_ARRAYS[name][0]), allow_pickle=False)
    return buffer.getvalue()


def _array_from_bytes(name: str, content: bytes) -> NDArray[Any]:
    dtype, dimensions = _ARRAYS[name]
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"{name} is an array of format {version}, expected (1, 0)")
    shape, fortran, found = np.lib.format.read_array_header_1_0(stream)
    if found != dtype or len(shape) != dimensions or fortran:
        raise ValueError(f"{name} must be {dtype} of {dimensions} dimensions, got {found} {shape}")
    rest = content[stream.tell() :]
    # numpy.load would make room for whatever the header claims.
    if min(shape) < 0 or int(np.prod(shape, dtype=object)) * dtype.itemsize != len(rest):
        raise ValueError(f"{name} is said to be {shape}, which its {len(rest):,} bytes are not")
    return np.frombuffer(rest, dtype=dtype).reshape(shape)


def _pictures(joined: NDArray[Any], sizes: NDArray[Any]) -> tuple[bytes, ...]:
    if len(sizes) and (sizes.min() < 0 or sizes.max() > len(joined)):
        raise ValueError("picture_sizes must be those of the pictures")
    ends = np.cumsum(sizes)
    if (int(ends[-1]) if len(ends) else 0) != len(joined):
        raise ValueError("picture_sizes must add up to the bytes of the pictures")
    content = joined.tobytes()
    starts = ends - sizes
    return tuple(content[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True))


def _parse(content: bytes) -> dict[str, Any]:
    manifest = json.loads(content, parse_constant=_refuse_constant)
    if not isinstance(manifest, dict):
        raise ValueError(f"{_MANIFEST} must be an object")
    manifest = cast("dict[str, Any]", manifest)
    schema = _typed(manifest, "schema", str)
    if schema.partition(".")[0] != SCHEMA.partition(".")[0]:
        raise ValueError(f"it has schema {schema!r}, this whereshot reads {SCHEMA}: update it")
    return manifest


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _typed(fields: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    value = fields.get(key)
    if not isinstance(value, kind):
        raise ValueError(f"{key} must be a {kind.__name__}, got {value!r:.60}")
    return value


def _texts(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = cast("list[object]", _typed(fields, key, list))
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} must be a list of strings")
    return cast("tuple[str, ...]", tuple(values))


def _landmark(fields: Mapping[str, Any]) -> Landmark:
    texts = {key: _typed(fields, key, str) for key in _TEXTS}
    numbers: dict[str, float] = {}
    for key in _NUMBERS:
        value = fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{key} must be a number, got {value!r:.60}")
        numbers[key] = float(value)
    return Landmark(**texts, **numbers, aliases=_texts(fields, "aliases"))  # pyright: ignore[reportArgumentType]
