"""The results of a batch on disk or in a bucket: files of whole blocks, and what they are of.

::

    OUTPUT/
      block-0000000.parquet      the records of the first photos, in order
      block-0000001.parquet      those that follow
      _whereshot/batch.json      settings, bundle, inputs: written when the list is complete
      _whereshot/photos-*.parquet    the list of photos, where they were found in folders

A block is seen whole or not at all, so one that is there is done.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from whereshot.errors import BatchError
from whereshot.scale.batch.inputs import Kind
from whereshot.scale.batch.storage import TEMPORARY, Place
from whereshot.scale.batch.table import RECORD_SCHEMA, Table

SCHEMA = "1.0"
OWN_FOLDER = "_whereshot"
_MANIFEST = "batch.json"
_BLOCK = re.compile(r"block-(\d{7})\.parquet")
_COUNTS = b"whereshot.counts"
_THREADS = 16

_SETTINGS = {
    "bundle": "bundle",
    "bundle_sha256": "content of the bundle",
    "k": "number of candidates (-k)",
    "min_certainty": "threshold",
    "inputs": "inputs",
    "column": "column",
    "name_column": "column of names",
    "kind": "kind of inputs",
    "block_size": "block size",
}
"""What must be the same for a batch to go on, and what messages call it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `batch.json`.

    `inputs` are as they were given, `fingerprint` is of the photos that they stood for; `photos` is
    the number of these, in all and (`files`) in each file that lists them. `version` is that of a
    Lance data set, 0 elsewhere. Relative paths begin at `folder`.
    """

    bundle: str
    bundle_sha256: str
    k: int
    min_certainty: float
    kind: Kind
    inputs: tuple[str, ...]
    column: str | None
    name_column: str | None
    photos: int
    files: tuple[int, ...]
    version: int
    fingerprint: str
    block_size: int
    created: str
    whereshot: str
    folder: str = ""

    @property
    def blocks(self) -> int:
        """How many blocks there will be."""
        return -(-self.photos // self.block_size)

    def span(self, block: int) -> tuple[int, int]:
        """The photos of a block: the first, and the one after the last."""
        start = block * self.block_size
        return start, min(start + self.block_size, self.photos)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos of a block got which answer."""

    landmark: int = 0
    unknown: int = 0
    failed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.landmark + other.landmark,
            self.unknown + other.unknown,
            self.failed + other.failed,
        )

    @property
    def photos(self) -> int:
        """All of them."""
        return self.landmark + self.unknown + self.failed


class Output:
    """The folder or URL that the results of one batch are in."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.own_folder = place / OWN_FOLDER

    def manifest(self) -> Manifest | None:
        """What is there already; None if nothing has begun.

        Raises BatchError if something else is there, or what a newer whereshot wrote.
        """
        kind = self.place.kind()
        if kind == "nothing":
            return None
        if kind == "file":
            raise BatchError(
                f"The output {self.place.name!r} is a file; expected a folder, new or of this "
                "batch. Name one after the inputs"
            )
        try:
            text = (self.own_folder / _MANIFEST).read()
        except FileNotFoundError:
            self._check_empty()
            return None
        return _parse(text, self.place.name)

    def begin(self, manifest: Manifest) -> None:
        """Say what the results are going to be of."""
        content = json.dumps({"schema": SCHEMA, **asdict(manifest)}, indent=1) + "\n"
        (self.own_folder / _MANIFEST).write(content.encode("utf-8", "surrogateescape"))

    def finished(self, manifest: Manifest) -> dict[int, Counts]:
        """The blocks that are done, with what they count. A damaged one is not done."""
        files = {
            int(named[1]): file
            for file in self.place.children()[0]
            if (named := _BLOCK.fullmatch(file.last))
        }
        with ThreadPoolExecutor(_THREADS) as pool:
            counted = dict(zip(files, pool.map(_counts_of, files.values()), strict=True))
        return {
            block: counts
            for block, counts in sorted(counted.items())
            if block < manifest.blocks
            and counts is not None
            and counts.photos == manifest.span(block)[1] - manifest.span(block)[0]
        }

    def write(self, block: int, table: Table) -> Counts:
        """Write the records of a block, whole or not at all."""
        counts = _count(table)
        about = {_COUNTS: json.dumps(asdict(counts)).encode()}
        buffer = io.BytesIO()
        pq.write_table(table.replace_schema_metadata(about), buffer, compression="zstd")
        self._block(block).write(buffer.getbuffer())
        return counts

    def read(self, block: int) -> Table:
        """The records of a block."""
        with self._block(block).open() as stream:
            return pq.read_table(stream, schema=RECORD_SCHEMA)

    def _block(self, block: int) -> Place:
        return self.place / f"block-{block:07}.parquet"

    def _check_empty(self) -> None:
        files, folders = self.place.children()
        names = [each.last for each in (*files, *folders)]
        foreign = [n for n in names if n != OWN_FOLDER and not n.startswith(TEMPORARY)]
        if foreign:
            raise BatchError(
                f"The output {self.place.name!r} holds {foreign[0]!r}, which is of no batch; "
                "expected a folder that is new or empty. Give another output"
            )


def check_same(there: Manifest, wanted: Mapping[str, Any], where: str) -> None:
    """Raise BatchError if a batch that is there was begun with other settings."""
    for field, called in _SETTINGS.items():
        before, now = getattr(there, field), wanted.get(field, getattr(there, field))
        if before != now:
            raise BatchError(
                f"The output {where!r} was begun with the {called} {_shown(before)}; now it is "
                f"{_shown(now)}. Go on with what it was, or give another output"
            )


def _shown(value: object) -> str:
    values = cast("Sequence[object]", value) if isinstance(value, tuple | list) else (value,)
    return ", ".join("none" if each is None else repr(each) for each in values)


def _parse(text: bytes, where: str) -> Manifest:
    try:
        raw: dict[str, Any] = json.loads(text.decode("utf-8", "surrogateescape"))
        schema = str(raw.pop("schema"))
        if schema.partition(".")[0] == SCHEMA.partition(".")[0]:
            known = {field.name for field in fields(Manifest)}
            given = {name: value for name, value in raw.items() if name in known}
            for name in ("inputs", "files"):
                given[name] = tuple(given[name])
            return Manifest(**given)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BatchError(
            f"The output {where!r} has a {_MANIFEST} that can't be read ({error}); expected what "
            "a batch says of itself. Give another output"
        ) from error
    raise BatchError(
        f"The output {where!r} has the schema {schema}, this whereshot writes {SCHEMA}. "
        "Go on with the whereshot that began it, or give another output"
    )


def _count(table: Table) -> Counts:
    counted = table["verdict"].value_counts().to_pylist()
    verdicts = {each["values"]: each["counts"] for each in counted}
    landmark, unknown = verdicts.get("landmark", 0), verdicts.get("unknown", 0)
    return Counts(landmark, unknown, table.num_rows - landmark - unknown)


def _counts_of(place: Place) -> Counts | None:
    try:
        with place.open() as stream:
            about = pq.read_metadata(stream).metadata or {}
        return Counts(**json.loads(about[_COUNTS]))
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None
