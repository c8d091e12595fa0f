"""What the inputs of a batch are: photos to list, or a data set that knows its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from whereshot.errors import BatchError
from whereshot.photo.suffixes import is_photo
from whereshot.scale.batch.listing import files_matching, is_pattern, walk
from whereshot.scale.batch.sources import LanceRows, ParquetRows, open_lance, open_parquet
from whereshot.scale.batch.storage import Place, locate

Kind = Literal["photos", "parquet", "lance"]

_PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was asked for: paths, patterns and URLs, and the columns of a data set."""

    names: tuple[str, ...]
    column: str | None = None
    name_column: str | None = None

    def kind(self) -> Kind:
        """What they are, by content; raises BatchError where they are not all of one kind."""
        kinds: set[Kind] = {_kind_of(locate(name)) for name in self.names}
        if len(kinds) != 1:
            raise BatchError(
                f"The inputs are {', '.join(sorted(kinds)) or 'none'}; expected some of one kind. "
                "Give photos, Parquet files or a Lance data set an output of their own"
            )
        (kind,) = kinds
        if kind == "photos" and (self.column or self.name_column):
            raise BatchError(
                f"A column was named, but {self.names[0]!r} has none; expected Parquet or Lance. "
                "Leave out --column and --name-column"
            )
        if kind == "lance" and len(self.names) > 1:
            raise BatchError(
                f"There are {len(self.names)} Lance data sets; expected one. Give each an output "
                "of its own"
            )
        return kind

    def parquet(self) -> ParquetRows:
        """The rows of Parquet files."""
        files = [file for name in self.names for file in _parquet_files(locate(name))]
        if not files:
            raise BatchError(
                f"There is no Parquet file in {', '.join(map(repr, self.names))}; expected one or "
                "more. Check the spelling"
            )
        return open_parquet(files, self.column, self.name_column)

    def lance(self, version: int | None = None) -> LanceRows:
        """The rows of a Lance data set, at a version, or as it is now."""
        return open_lance(locate(self.names[0]).name, self.column, self.name_column, version)


def _kind_of(place: Place) -> Kind:
    name = place.last.lower()
    if name.endswith(".lance"):
        return "lance"
    if name.endswith(_PARQUET_SUFFIXES):
        return "parquet"
    if is_pattern(place) or place.kind() != "folder":
        return "photos"
    if any(folder.last == "_versions" for folder in place.children()[1]):
        return "lance"
    for file in walk(place):  # the first that is one or the other: all may be a billion
        if file.last.lower().endswith(_PARQUET_SUFFIXES):
            return "parquet"
        if is_photo(file.last):
            return "photos"
    return "photos"


def _parquet_files(place: Place) -> list[Place]:
    if is_pattern(place):
        return [file for file in files_matching(place) if file.kind() == "file"]
    if place.kind() != "folder":
        return [place]
    return [
        file
        for file in walk(place)
        if file.last.lower().endswith(_PARQUET_SUFFIXES) and not _is_set_aside(file, place)
    ]


def _is_set_aside(file: Place, folder: Place) -> bool:
    """Whether it is in a folder such as `_temporary`, which readers of Parquet pass over."""
    inner: Sequence[str] = file.path[len(folder.path) :].split("/")
    return any(part.startswith("_") for part in inner)
