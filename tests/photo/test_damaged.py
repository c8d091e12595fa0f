"""A thousand damaged files give pixels or a PhotoError: no crash, no hang, no gigabytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from damage import DAMAGES, damaged, originals

from whereshot.photo import decode, read_exif

SUPPORT = Path(__file__).resolve().parents[1] / "support"
COUNT = 1000

# A process of its own: a crash of a decoder must fail this test, not end the test run; and memory
# is that of the decoders alone. Warnings are errors there, so that none can come from us unseen.
WORKER = """
import collections, json, resource, sys, time
from damage import damaged, damaged_headers
from whereshot.errors import PhotoError
from whereshot.photo import decode, read_exif

answers, slowest, other = collections.Counter(), (0.0, ""), []
for number, (name, data) in enumerate(eval(sys.argv[1])):
    print(name, file=sys.stderr, flush=True)
    start = time.process_time()
    try:
        pixels = decode(data, min_side=None if number % 2 else 48)
        answers["pixels"] += 1
        if pixels.dtype != "uint8" or pixels.ndim != 3 or pixels.shape[2] != 3:
            other.append(f"{name}: {pixels.dtype} of shape {pixels.shape}")
    except PhotoError as error:
        answers[type(error).__name__] += 1
        if isinstance(error.__cause__, Warning) or "photo (" not in str(error):
            other.append(f"{name}: {error!r}")
    except BaseException as error:
        other.append(f"{name}: {error!r}")
    try:
        read_exif(data)
    except BaseException as error:
        other.append(f"{name}: EXIF: {error!r}")
    slowest = max(slowest, (time.process_time() - start, name))
if sys.platform == "linux":
    # Not ru_maxrss: there, a program starts with the peak of the process that started it.
    status = open("/proc/self/status").read()
    megabytes = int(status.split("VmHWM:")[1].split()[0]) / 1024
else:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(json.dumps(dict(answers=answers, slowest=slowest, other=other, megabytes=megabytes)))
"""


def run(files: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WORKER, files],
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"died with {done.returncode} at {done.stderr[-300:]}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def report() -> dict:
    return run(f"damaged({COUNT}, seed=2026)")


def test_every_damaged_file_gives_pixels_or_a_photo_error(report: dict) -> None:
    assert report["other"] == []
    assert sum(report["answers"].values()) == COUNT


def test_damage_is_found_and_what_can_be_shown_is_shown(report: dict) -> None:
    assert report["answers"]["DamagedPhotoError"] > COUNT / 4
    assert report["answers"]["pixels"] > COUNT / 10


def test_no_damaged_file_hangs(report: dict) -> None:
    seconds, name = report["slowest"]
    assert seconds < 5, name


def test_no_damaged_file_takes_a_gigabyte(report: dict) -> None:
    assert report["megabytes"] < 1000


def test_no_byte_of_a_header_crashes_a_decoder() -> None:
    # libheif's Python binding did, on lengths of metadata and on a wrong bit depth.
    report = run("damaged_headers()")
    assert report["other"] == []
    assert report["slowest"][0] < 5
    assert report["megabytes"] < 1000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_other_damages_are_survived_too(seed: int) -> None:
    report = run(f"damaged(4000, {seed})")
    assert report["other"] == []
    assert report["slowest"][0] < 5
    assert report["megabytes"] < 1000


def test_the_sound_files_all_decode() -> None:
    for name, data in originals().items():
        assert decode(data).shape[2] == 3, name
        read_exif(data)


def test_every_kind_of_damage_meets_every_file() -> None:
    names = [name.split("_", 1)[1] for name, _ in damaged(3000)]
    assert len(set(names)) > 0.9 * len(DAMAGES) * len(originals())


def test_the_same_seed_gives_the_same_damage() -> None:
    assert list(damaged(60, seed=3)) == list(damaged(60, seed=3))
    assert list(damaged(60, seed=3)) != list(damaged(60, seed=4))
