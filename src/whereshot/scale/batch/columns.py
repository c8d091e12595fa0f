"""Which columns of a data set have the photos, and what its rows are as items."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from whereshot.errors import BatchError

Content = Literal["paths", "bytes"]

_NAMES = ("photo", "path", "file_name", "filename", "url", "id", "key")


@dataclass(frozen=True, slots=True)
class Item:
    """One photo: what it is called, and its encoded bytes; None: they are at that path or URL."""

    name: str
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row the photo is, and what it is called; `name` is None if nothing says that."""

    photo: str
    content: Content
    name: str | None = None

    @property
    def wanted(self) -> list[str]:
        """The columns that must be read."""
        return list(dict.fromkeys([self.photo, *([self.name] if self.name else [])]))

    def items(self, rows: Any, first: int, where: str) -> Iterator[Item]:
        """The rows of a batch as items; `first` is the number of its first row in `where`."""
        photos = rows.column(self.photo).to_pylist()
        names = rows.column(self.name).to_pylist() if self.name else [None] * len(photos)
        for number, (photo, name) in enumerate(zip(photos, names, strict=True), start=first):
            if isinstance(photo, dict):  # as Hugging Face's data sets keep images
                name = name if name is not None else photo.get("path")
                photo = photo.get("bytes")
            if self.content == "bytes":
                yield Item(f"{where}#{number}" if name is None else str(name), photo or b"")
            else:
                yield Item(os.fsdecode(photo) if photo else f"{where}#{number}")


def find_columns(schema: Any, column: str | None, name_column: str | None, where: str) -> Columns:
    """Which columns have the photos and their names, by what was asked for or by their types."""
    fits: dict[str, Content] = {
        name: kind for name in schema.names if (kind := _content_of(schema.field(name).type))
    }
    for asked in (column, name_column):
        if asked is not None and asked not in schema.names:
            raise BatchError(
                f"{where!r} has no column {asked!r}, it has {', '.join(schema.names)}. "
                "Give one of those"
            )
    if column is None:
        of_bytes = [name for name, content in fits.items() if content == "bytes"]
        likely = [name for name in fits if name in _NAMES]
        candidates = of_bytes or likely or list(fits)
        if len(candidates) != 1:
            raise BatchError(
                f"{where!r} has the columns {', '.join(schema.names)}; expected one of bytes, or "
                "one of paths. Say which has the photos: --column NAME"
            )
        (column,) = candidates
    if column not in fits:
        raise BatchError(
            f"The column {column!r} of {where!r} has the type {schema.field(column).type}; "
            "expected text (paths or URLs) or bytes. Give another with --column"
        )
    content = fits[column]
    if name_column is None and content == "bytes":
        name_column = next((n for n in _NAMES if n in schema.names and n != column), None)
    return Columns(column, content, name_column if content == "bytes" else None)


def _content_of(kind: Any) -> Content | None:
    types = pa.types
    if types.is_struct(kind):
        named = {kind.field(at).name: kind.field(at).type for at in range(kind.num_fields)}
        return "bytes" if "bytes" in named and _content_of(named["bytes"]) == "bytes" else None
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return "bytes"
    if types.is_dictionary(kind):
        return _content_of(kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return "paths" if text else None
