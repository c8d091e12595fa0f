"""Names of landmarks and countries in other languages, as people there write them.

The table has the names that differ from the English ones; where it has none, English is what is
shown. Regions and cities stay in the gazetteer's language.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from whereshot.errors import GazetteerError
from whereshot.records import Landmark

SHIPPED = Path(__file__).with_name("localized.csv")
ENGLISH = "en"


class Localized:
    """Names in one language, by landmark id (`taj_mahal`) or country code (`IN`)."""

    def __init__(self, language: str, names: dict[str, str]) -> None:
        self.language = language
        self._names = names

    def landmark(self, landmark: Landmark) -> str:
        """The landmark's name in this language, else its own.

        >>> from whereshot.gazetteer import load_gazetteer
        >>> load_localized("de").landmark(load_gazetteer().resolve("Eiffel Tower"))
        'Eiffelturm'
        """
        return self._names.get(landmark.id, landmark.name)

    def country(self, landmark: Landmark) -> str:
        """The name of the landmark's country in this language, else in its own."""
        return self._names.get(landmark.country_code, landmark.country)


def languages() -> tuple[str, ...]:
    """The languages that there are names in, by ISO 639-1 code, English among them."""
    return tuple(sorted({ENGLISH, *_table()}))


def load_localized(language: str) -> Localized:
    """The names in a language, such as `de` or `pt_BR` (its region does not count).

    Raises `GazetteerError` for a language that there are no names in.
    """
    code = language.replace("_", "-").partition("-")[0].lower()
    if code not in languages():
        raise GazetteerError(
            f"There are no names in the language {language!r}. Choose one of "
            f"{', '.join(languages())}"
        )
    return Localized(code, _table().get(code, {}))


@cache
def _table() -> dict[str, dict[str, str]]:
    """Names by key, by language."""
    table: dict[str, dict[str, str]] = {}
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["language"], {})[row["id"]] = row["name"]
    return table
