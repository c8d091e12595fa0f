"""What the tests of batches share: a folder of photos, good and bad."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lance
import pytest


def _warn_but_not_of_forks(message: Any, *about: Any, **more: Any) -> None:
    if "fork-safe" not in str(message):
        warnings.warn(message, *about, **more)


# Once imported, Lance warns at every fork of the process. Other rooms fork too, and use no Lance.
lance.warnings = SimpleNamespace(warn=_warn_but_not_of_forks)

COLORS = ("red", "green", "blue", "grey")


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory, paint: Callable[..., Path]) -> Path:
    """Forty photos in three folders; two of them can't be read, one has its own GPS position."""
    folder = tmp_path_factory.mktemp("album")
    for number in range(37):
        part = ("", "trip", "trip/day 2")[number % 3]
        paint(folder / part / f"{number:03}.png", COLORS[number % 4])
    paint(folder / "gps.jpg", "blue", gps=(47, 8))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "trip" / "text.jpg").write_text("no photo at all", encoding="utf-8")
    (folder / "notes.txt").write_text("not taken for a photo", encoding="utf-8")
    return folder
