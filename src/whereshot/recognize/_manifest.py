"""`bundle.json`: parsed strictly, so that what is wrong is named by its place in the file.

Unknown keys are kept and ignored: a newer minor version of the schema may add some.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

from whereshot.errors import BundleError, BundleVersionError
from whereshot.photo import Preprocessing
from whereshot.photo.prepare import Fit
from whereshot.recognize.verdict import SIGNALS, Rule, Strictness
from whereshot.records import Landmark

SCHEMA = "1.1"  # 1.1 added verdict.rule, verdict.false_shares and calibration.held_out
SUPPORTED_MAJOR = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Json = dict[str, Any]
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What `bundle.json` says of one file beside it: the SHA-256 in hex, and the size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `bundle.json`, typed; `raw` is all of it, unknown keys included."""

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
    files: Mapping[str, FileRecord]
    raw: Mapping[str, Any]


def parse_manifest(text: str | bytes, where: str) -> Manifest:
    """Parse the text of a `bundle.json`; `where` opens each message, such as `Bundle 'runs/a'`.

    Raises `BundleVersionError` for an unknown major version, `BundleError` for anything else that
    is missing, of a wrong type, out of range or contradictory.
    """
    raw = _parse_json(text, where)
    root = _Node(raw, "", where)
    _check_schema(root.get("schema", str), where)

    name = root.get("name", str)
    if not _NAME.fullmatch(name):
        root.fail("name", f"must be letters, digits, '.', '_' and '-', got {name!r}")
    version = root.get("version", int)
    if version < 1:
        root.fail("version", f"must be 1 or more, got {version}")
    calibration, verdict = root.child("calibration"), root.child("verdict")
    rule = _rule(verdict.child("rule")) if "rule" in verdict.value else None
    return Manifest(
        name=name,
        version=version,
        created=root.get("created", str, ""),
        landmarks=_landmarks(root),
        preprocessing=_preprocessing(root.child("preprocessing")),
        temperature=calibration.number("temperature", above=0.0),
        held_out=tuple(calibration.numbers("held_out", low=0.0, high=1.0)),
        min_probability=verdict.number("min_probability", low=0.0, high=1.0),
        rule=rule,
        strictness=_strictness(verdict, rule),
        files=_files(root.child("files")),
        raw=raw,
    )


def manifest_text(fields: Mapping[str, Any]) -> str:
    """Serialize the fields of a `bundle.json`, the schema version first."""
    return json.dumps({"schema": SCHEMA, **fields}, indent=1, ensure_ascii=False, allow_nan=False)


def landmark_to_json(landmark: Landmark) -> Json:
    """One full landmark record; `parse_manifest` reads it back."""
    return {**asdict(landmark), "aliases": list(landmark.aliases)}


def _parse_json(text: str | bytes, where: str) -> Json:
    try:
        raw = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{where}: bundle.json is not JSON ({error}). Get the bundle again, or export it again"
        ) from error
    if not isinstance(raw, dict):
        raise BundleError(f"{where}: bundle.json must be an object, got {_json_type(raw)}")
    return cast(Json, raw)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _check_schema(schema: str, where: str) -> None:
    major = schema.partition(".")[0]
    if not re.fullmatch(r"\d{1,9}\.\d{1,9}", schema):
        raise BundleError(f"{where}: schema must be a version such as '{SCHEMA}', got {schema!r}")
    if int(major) != SUPPORTED_MAJOR:
        raise BundleVersionError(
            f"{where} has schema {schema}, this whereshot reads {SUPPORTED_MAJOR}.x. "
            "Update whereshot, or export the bundle again with this one"
        )


def _landmarks(root: _Node) -> tuple[Landmark, ...]:
    entries = root.get("landmarks", list)
    if not entries:
        root.fail("landmarks", "must name one landmark or more, got none")
    landmarks = tuple(
        _landmark(_Node(entry, f"landmarks[{index}]", root.where))
        for index, entry in enumerate(entries)
    )
    seen: set[str] = set()
    for landmark in landmarks:
        if landmark.id in seen:
            root.fail("landmarks", f"must have different ids, got {landmark.id!r} twice")
        seen.add(landmark.id)
    return landmarks


def _landmark(node: _Node) -> Landmark:
    aliases = node.get("aliases", list, [])
    if not all(isinstance(alias, str) for alias in aliases):
        node.fail("aliases", f"must be a list of strings, got {aliases!r}")
    kind = node.get("kind", str, "built")
    if kind not in ("built", "natural"):
        node.fail("kind", f"must be 'built' or 'natural', got {kind!r}")
    texts = {key: node.get(key, str) for key in ("id", "name", "country", "country_code")}
    texts |= {key: node.get(key, str, "") for key in ("city", "region", "wikidata")}
    numbers = {key: node.number(key) for key in ("latitude", "longitude", "radius_km")}
    try:
        return Landmark(**texts, **numbers, kind=kind, aliases=tuple(aliases))  # pyright: ignore[reportArgumentType]
    except ValueError as error:
        raise BundleError(f"{node.where}: {node.path}: {error}") from error


def _preprocessing(node: _Node) -> Preprocessing:
    size = node.get("size", int)
    if not 1 <= size <= 4096:
        node.fail("size", f"must be in [1, 4096] pixels, got {size}")
    fit = node.get("fit", str, "crop")
    if fit not in ("crop", "squash"):
        node.fail("fit", f"must be 'crop' or 'squash', got {fit!r}")
    return Preprocessing(size, cast(Fit, fit))


def _rule(node: _Node) -> Rule:
    weights = node.child("weights")
    return Rule(node.number("bias"), {signal: weights.number(signal) for signal in SIGNALS})


def _strictness(verdict: _Node, rule: Rule | None) -> Strictness:
    """The threshold on the certainty, which without a rule is the probability itself."""
    if rule is None:
        threshold = verdict.number("min_probability", low=0.0, high=1.0)
    else:
        threshold = verdict.child("rule").number("min_certainty", low=0.0, high=1.0)
    pairs = verdict.get("false_shares", list, [])
    shares: list[tuple[float, float]] = []
    for index, pair in enumerate(pairs):
        numbers = _Node({"pair": pair}, f"{verdict.path}.false_shares[{index}]", verdict.where)
        values = numbers.numbers("pair", low=0.0, high=1.0)
        if len(values) != 2:
            numbers.fail("pair", f"must be a share and a certainty, got {pair!r}")
        shares.append((values[0], values[1]))
    if shares != sorted(shares, key=lambda pair: (-pair[0], pair[1])):
        verdict.fail("false_shares", "must go from the largest share to the smallest")
    return Strictness(threshold, tuple(shares))


def _files(node: _Node) -> Mapping[str, FileRecord]:
    files: dict[str, FileRecord] = {}
    for name in node.value:
        # A bundle speaks of the files in its own folder: no path may lead out of it.
        if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
            node.fail(name, "must be the plain name of a file in the bundle's folder")
        entry = node.child(name)
        sha256 = entry.get("sha256", str).lower()
        if not _SHA256.fullmatch(sha256):
            entry.fail("sha256", f"must be 64 hexadecimal digits, got {sha256!r}")
        files[name] = FileRecord(sha256, entry.get("bytes", int))
    return files


class _Node:
    """One JSON object together with its place in the file, for messages."""

    def __init__(self, value: object, path: str, where: str) -> None:
        if not isinstance(value, dict):
            raise BundleError(f"{where}: {path} must be an object, got {_json_type(value)}")
        self.value = cast(Json, value)
        self.path = path
        self.where = where

    def fail(self, key: str, problem: str) -> None:
        raise BundleError(f"{self.where}: {self._place(key)} in bundle.json {problem}")

    def child(self, key: str) -> _Node:
        return _Node(self.get(key, dict), self._place(key), self.where)

    def get(self, key: str, kind: type[_Value], default: _Value | None = None) -> _Value:
        value = self.value.get(key, default)
        if value is None and key not in self.value:
            self.fail(key, "is missing")
        # bool is an int in Python, not in JSON.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fail(key, f"must be {_JSON_TYPES[kind]}, got {_json_type(value)}")
        return cast(_Value, value)

    def number(
        self,
        key: str,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        return self._checked(key, self.value.get(key), low, high, above)

    def numbers(self, key: str, *, low: float, high: float) -> list[float]:
        """A list of numbers in [low, high]; empty where there is none."""
        found = self.get(key, list, [])
        return [self._checked(key, each, low, high, -math.inf) for each in found]

    def _checked(self, key: str, value: object, low: float, high: float, above: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, f"must be a number, got {_json_type(value)}")
        try:
            number = float(cast(float, value))
        except OverflowError:
            number = math.inf
        if not (math.isfinite(number) and low <= number <= high and number > above):
            wanted = f"above {above:g}" if above > -math.inf else f"in [{low:g}, {high:g}]"
            self.fail(key, f"must be {wanted} and finite, got {number}")
        return number

    def _place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


_JSON_TYPES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def _json_type(value: object) -> str:
    return _JSON_TYPES[type(value)]
