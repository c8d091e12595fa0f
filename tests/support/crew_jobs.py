"""Jobs for worker processes: importable, so that a process of its own can find them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from whereshot.errors import BundleNotFoundError


class LearningRecognizer:
    """A fake that recognizes nothing; its name tells how often it has read what is enrolled."""

    landmarks = ()
    read = 0

    @property
    def name(self) -> str:
        return f"fake@1+{self.read}" if self.read else "fake@1"

    def read_enrolled(self) -> None:
        self.read += 1


def make_fake() -> LearningRecognizer:
    return LearningRecognizer()


def make_nothing() -> LearningRecognizer:
    raise BundleNotFoundError("No bundle 'nowhere'.")


def make_death() -> LearningRecognizer:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def make_once(folder: Path) -> LearningRecognizer:
    """A recognizer for the first who asks; those that come later die."""
    try:
        (folder / "made").touch(exist_ok=False)
    except FileExistsError:
        make_death()
    return LearningRecognizer()


def pid(recognizer: Any) -> int:
    return os.getpid()


def name(recognizer: Any) -> str:
    return recognizer.name


def tenfold(number: int, recognizer: Any, seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return number * 10


def size(content: bytes, recognizer: Any) -> int:
    return len(content)


def wait_for(path: Path, recognizer: Any) -> str:
    """Make `path` with `.begun` at its end, and wait until it is there itself."""
    path.with_name(f"{path.name}.begun").touch()
    while not path.exists():
        time.sleep(0.005)
    return path.name


def sleep(seconds: float, recognizer: Any) -> None:
    time.sleep(seconds)


def die(recognizer: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: Path, recognizer: Any) -> str:
    if not mark.exists():
        mark.touch()
        die(recognizer)
    return "alive"


def fail(recognizer: Any) -> None:
    raise ValueError("thirteen")


def unpicklable(recognizer: Any) -> Any:
    return lambda: None


def fill_memory(megabytes: int, recognizer: Any) -> int:
    return len(bytearray(megabytes * 1024**2))
