"""What every test room shares: where the photos are, and what to do when a part is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def skip_or_fail(reason: str) -> None:
    """Skip with a reason; fail where the machine promised to have everything."""
    if os.environ.get("WHERESHOT_REQUIRE_ALL") == "1":
        pytest.fail(f"WHERESHOT_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder of real photos; never part of the project."""
    folder = Path(os.environ.get("WHERESHOT_PHOTOS", ROOT / "../shared/photos")).resolve()
    if not (folder / "world" / "test").is_dir():
        # The photos are data with mixed licences: a machine without them is not a broken machine.
        pytest.skip(f"no photos at {folder}: set WHERESHOT_PHOTOS to the folder that has world/test")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The two CC0 photos that ship with the project's tests."""
    return ROOT / "tests" / "samples"


@pytest.fixture(scope="session")
def exiftool() -> str:
    """The path of the real exiftool."""
    found = shutil.which("exiftool")
    if found is None:
        skip_or_fail("exiftool is not installed (Debian: libimage-exiftool-perl)")
    return str(found)


@pytest.fixture(scope="session")
def exiv2() -> str:
    """The path of the real exiv2."""
    found = shutil.which("exiv2")
    if found is None:
        skip_or_fail("exiv2 is not installed (Debian: exiv2)")
    return str(found)
