"""Recognitions as columns of the catalog: small, and rebuilt as they were."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, replace
from typing import Literal, cast

from whereshot.records import Landmark, Location, Prediction, Recognition, Verdict

_DIGITS = 6  # of probabilities: no more than float32 has

Columns = tuple[int | None, str | None, str | None, float | None]
"""The columns bundle, verdict, predictions and certainty."""


class Answers:
    """Turns recognitions into columns and back; landmarks and bundles get numbers, once each.

    A landmark is stored with all that its bundle said of it, so an answer stays whole when the
    bundle is gone.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._landmarks: dict[int, Landmark] = {}
        self._landmark_numbers: dict[Landmark, int] = {}
        self._titles: dict[int, str] = {}
        self._bundle_numbers: dict[str, int] = {}

    def columns(self, recognition: Recognition | None) -> Columns:
        """A recognition as columns; call it inside a transaction."""
        if recognition is None:
            return (None, None, None, None)
        predictions = [
            [self.landmark_number(each.landmark), round(each.probability, _DIGITS)]
            for each in recognition.predictions
        ]
        return (
            self.bundle_number(recognition.bundle),
            recognition.verdict,
            json.dumps(predictions, separators=(",", ":")),
            recognition.certainty,
        )

    def recognition(
        self, columns: Columns, own: Location | None, photo: str | None
    ) -> Recognition | None:
        """The recognition of a row, without its times; None if the row has none."""
        bundle, verdict, predictions, certainty = columns
        if bundle is None or verdict is None or predictions is None:
            return None
        ranked = tuple(
            Prediction(self.landmark(number), probability)
            for number, probability in cast("list[tuple[int, float]]", json.loads(predictions))
        )
        return Recognition(
            cast("Verdict", verdict),
            ranked,
            _where(verdict, ranked, own),
            self._title(bundle),
            photo,
            certainty=certainty,
        )

    def bundle_number(self, title: str) -> int:
        """The number of a bundle such as `world@1`; a new one gets the next."""
        number = self._bundle_numbers.get(title)
        if number is None:
            number = self._bundle_numbers[title] = self._number("bundles", "title", title)
        return number

    def landmark_number(self, landmark: Landmark) -> int:
        """The number of a landmark; a new one gets the next."""
        number = self._landmark_numbers.get(landmark)
        if number is None:
            record = json.dumps(asdict(landmark), ensure_ascii=False, sort_keys=True)
            number = self._number("landmarks", "record", record)
            self._landmark_numbers[landmark] = number
        return number

    def _number(
        self, table: Literal["bundles", "landmarks"], column: Literal["title", "record"], text: str
    ) -> int:
        find = f"SELECT number FROM {table} WHERE {column} = ?"  # noqa: S608 - both are ours
        if self._connection.execute(find, (text,)).fetchone() is None:
            add = f"INSERT INTO {table} ({column}) VALUES (?)"  # noqa: S608
            self._connection.execute(add, (text,))
        return self._connection.execute(find, (text,)).fetchone()[0]

    def landmark(self, number: int) -> Landmark:
        """The landmark of a number."""
        landmark = self._landmarks.get(number)
        if landmark is None:
            find = "SELECT record FROM landmarks WHERE number = ?"
            (record,) = self._connection.execute(find, (number,)).fetchone()
            fields = json.loads(record)
            fields["aliases"] = tuple(fields["aliases"])
            landmark = self._landmarks[number] = Landmark(**fields)
        return landmark

    def _title(self, number: int) -> str:
        title = self._titles.get(number)
        if title is None:
            find = "SELECT title FROM bundles WHERE number = ?"
            (title,) = self._connection.execute(find, (number,)).fetchone()
            self._titles[number] = title
        return title


def place(recognition: Recognition, own: Location | None, photo: str | None) -> Recognition:
    """The same answer for another photo: its own GPS position wins over the landmark's place."""
    location = _where(recognition.verdict, recognition.predictions, own)
    return replace(recognition, location=location, photo=photo, milliseconds={})


def _where(verdict: str, ranked: tuple[Prediction, ...], own: Location | None) -> Location | None:
    if own is None and verdict == "landmark" and ranked:
        return ranked[0].landmark.location
    return own
