from __future__ import annotations

import platform
from pathlib import Path

import pytest

from whereshot.recognize.machine import processor_name


def test_the_processor_has_a_name() -> None:
    assert processor_name()
    info = Path("/proc/cpuinfo")
    if info.exists() and "model name" in (text := info.read_text()):
        assert processor_name() in text


def test_where_linux_has_no_list_the_platform_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("whereshot.recognize.machine.Path", lambda _: tmp_path / "none")
    monkeypatch.setattr(platform, "processor", lambda: "a processor")
    assert processor_name() == "a processor"
