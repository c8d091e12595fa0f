"""A server that is killed while it writes: what it has done can be taken back."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import dying_server
import httpx2
import pytest
from library_app import decide, done
from plug import tree_of
from typer.testing import CliRunner

from whereshot.cli import make_app

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX"),
    pytest.mark.usefixtures("direct"),
]


def test_undo_takes_back_what_a_killed_server_has_written(folder: Path, tiny_bundle: Path) -> None:
    before = tree_of(folder)
    command = [sys.executable, dying_server.__file__, str(tiny_bundle), str(folder), "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with httpx2.Client(base_url=address, timeout=60) as http:
            done(http, http.post("/api/library/index", json={}))
            decide(http, "accept", "1.png", "3.png", "5.png")
            assert tree_of(folder) == before
            with suppress(httpx2.HTTPError):  # it may die before it has answered
                http.post("/api/library/write", json={"dry_run": False})
            assert server.wait(60) == -signal.SIGKILL
    sidecars = {name for name in tree_of(folder) if str(name).endswith(".xmp")}
    assert len(sidecars) == 2
    result = CliRunner().invoke(make_app(), ["undo"])
    assert result.exit_code == 0, result.output
    assert tree_of(folder) == before
