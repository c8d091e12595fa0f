"""Read a gazetteer from CSV; a wrong row is an error that names file, row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from whereshot.errors import GazetteerError
from whereshot.records import Landmark

REQUIRED_COLUMNS = ("id", "name", "latitude", "longitude", "radius_km", "country", "country_code")
OPTIONAL_COLUMNS = ("aliases", "wikidata", "city", "region", "kind")
ALIAS_SEPARATOR = "|"

_ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_WIKIDATA = re.compile(r"Q[1-9][0-9]*")
_COUNTRY_CODE = re.compile(r"[A-Z]{2}")
_KINDS = ("natural", "built")

Row = dict[str, str]


def read_table(path: str | PathLike[str]) -> list[tuple[int, Landmark]]:
    """The row numbers and landmarks of a CSV file: UTF-8, a header in row 1, one landmark a row.

    Raises `GazetteerError` for a file that can't be read, missing or unknown columns, and rows
    that are not a landmark. Whether names clash is the gazetteer's business, not the file's.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets like to write a BOM
    except FileNotFoundError:
        raise GazetteerError(
            f"No gazetteer at '{path}'. Give the path of a CSV file with the columns "
            f"{', '.join(REQUIRED_COLUMNS)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise GazetteerError(f"Can't read the gazetteer '{path}' as UTF-8 text: {error}") from error
    table = [(number, _landmark(path, number, row)) for number, row in _rows(path, text)]
    if not table:
        raise GazetteerError(f"The gazetteer '{path}' has no rows. Add one landmark or more")
    return table


def _rows(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    """Each row by column name, with the number of the line it ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        _check_header(path, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue  # spreadsheets leave empty lines at the end
            if len(cells) != len(header):
                raise GazetteerError(
                    f"{path}, row {reader.line_num}: {len(cells)} cells, expected {len(header)} as "
                    "in the header. Put quotes around a cell that has a comma in it"
                )
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
    except csv.Error as error:
        raise GazetteerError(f"{path}, row {reader.line_num}: not CSV: {error}") from error


def _check_header(path: Path, header: list[str]) -> None:
    expected = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    missing = [column for column in REQUIRED_COLUMNS if column not in header]
    unknown = [column for column in header if column not in expected]
    twice = sorted({column for column in header if header.count(column) > 1})
    if missing or unknown or twice:
        found = "; ".join(
            f"{what} {', '.join(map(repr, columns))}"
            for what, columns in (("no", missing), ("unknown", unknown), ("repeated", twice))
            if columns
        )
        raise GazetteerError(
            f"{path}, row 1: the header has {found}. Expected the columns "
            f"{', '.join(REQUIRED_COLUMNS)} and, if you like, {', '.join(OPTIONAL_COLUMNS)}"
        )


def _landmark(path: Path, number: int, row: Row) -> Landmark:
    def wrong(column: str, expected: str) -> GazetteerError:
        return GazetteerError(
            f"{path}, row {number}: {column} must be {expected}, got {row.get(column, '')!r}"
        )

    def degrees_or_km(column: str) -> float:
        try:
            return float(row[column])
        except ValueError:
            raise wrong(column, "a number with a decimal point") from None

    if not _ID.fullmatch(row["id"]):
        raise wrong("id", "lower-case words joined by underscores, such as great_wall_of_china")
    if row.get("wikidata") and not _WIKIDATA.fullmatch(row["wikidata"]):
        raise wrong("wikidata", "empty or an item such as Q12501")
    if not _COUNTRY_CODE.fullmatch(row["country_code"]):
        raise wrong("country_code", "two capital letters (ISO 3166-1), such as CN")
    if not row["country"]:
        raise wrong("country", "the country's name")
    kind = row.get("kind") or "built"
    if kind not in _KINDS:
        raise wrong("kind", "natural or built")
    aliases = [alias.strip() for alias in row.get("aliases", "").split(ALIAS_SEPARATOR)]
    latitude, longitude, radius_km = map(degrees_or_km, ("latitude", "longitude", "radius_km"))
    try:
        return Landmark(
            id=row["id"],
            name=row["name"],
            latitude=latitude,
            longitude=longitude,
            radius_km=radius_km,
            country=row["country"],
            country_code=row["country_code"],
            city=row.get("city", ""),
            region=row.get("region", ""),
            wikidata=row.get("wikidata", ""),
            kind=kind,
            aliases=tuple(alias for alias in aliases if alias),
        )
    except ValueError as error:
        raise GazetteerError(f"{path}, row {number}: {error}") from None
