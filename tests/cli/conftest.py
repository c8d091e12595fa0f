"""How the tests of the command line run it: in this process, or as a program of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process; `stdin` is what it gets on standard input."""
    from whereshot.cli import main

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = main(
            [os.fspath(each) if isinstance(each, Path) else str(each) for each in arguments]
        )
        return Ran(status, *capsys.readouterr())

    return call


@pytest.fixture
def one_quiet_process(one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch on one thread, and the allocator as it is: this process runs other tests too."""
    monkeypatch.setattr("whereshot.learn.memory.keep_freed_memory", lambda: True)


@pytest.fixture(scope="session")
def command() -> Callable[..., list[str | bytes]]:
    """The argument list that runs whereshot as a program."""

    def build(*arguments: str | bytes | Path) -> list[str | bytes]:
        fixed = [os.fspath(each) for each in arguments]
        return [sys.executable, "-m", "whereshot", *fixed]

    return build


@pytest.fixture(scope="session")
def program(command: Callable[..., list[str | bytes]]) -> Callable[..., Ran]:
    """Run whereshot as a program of its own."""

    def call(*arguments: str | bytes | Path, stdin: bytes = b"", **environment: str) -> Ran:
        done = subprocess.run(
            command(*arguments),
            input=stdin,
            capture_output=True,
            env={**os.environ, **environment},
            timeout=300,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call
