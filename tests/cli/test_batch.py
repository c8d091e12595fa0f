"""`whereshot batch`: exit statuses, what it says, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from batch_work import Inline, results

from whereshot.cli import batch as verb
from whereshot.cli import main
from whereshot.scale import batch


@pytest.fixture
def trip(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    """A folder of three photos."""
    for name, color in (("a.png", "red"), ("b.png", "green"), ("c.png", "grey")):
        paint(tmp_path / "trip" / name, color)
    return tmp_path / "trip"


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The local engine works in this process; gives the workers that were asked for."""
    asked: list[int | None] = []

    def engine(workers: int | None = None) -> Inline:
        asked.append(workers)
        return Inline(1)

    monkeypatch.setattr(batch, "LocalEngine", engine)
    return asked


def test_photos_become_parquet_files_and_a_summary(
    trip: Path, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["batch", str(trip), str(out), "--bundle", str(tiny_bundle), "-k", "2"]
    assert main([*arguments, "--block-size", "2", "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "3 photos: 2 with a landmark, 1 unknown, 0 could not be read; 2 blocks; "
    )
    assert sorted(path.name for path in out.glob("*.parquet")) == [
        "block-0000000.parquet",
        "block-0000001.parquet",
    ]
    assert [len(record["predictions"]) for record in results(out)] == [2, 2, 2]

    assert main(arguments) == 0
    assert "3 photos, 3 of them done before: 2 with" in capsys.readouterr().err
    assert main([*arguments, "--threshold", "1"]) == 1
    assert "begun with the threshold 0.6; now it is 1.0" in capsys.readouterr().err


def test_a_photo_that_can_t_be_read_is_a_row_and_the_exit_status(
    trip: Path,
    tmp_path: Path,
    tiny_bundle: Path,
    inline: list[int | None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (trip / "bad.jpg").write_bytes(b"")
    arguments = ["batch", str(trip), str(tmp_path / "out"), "--bundle", str(tiny_bundle)]
    assert main([*arguments, "--workers", "3"]) == 1
    assert inline == [3]
    assert "1 could not be read" in capsys.readouterr().err
    errors = [record.get("error", {}).get("type") for record in results(tmp_path / "out")]
    assert errors == [None, None, "DamagedPhotoError", None]
    assert main(arguments) == 1  # the row is there still


def test_a_log_gets_a_line_now_and_then(
    trip: Path,
    tmp_path: Path,
    tiny_bundle: Path,
    inline: list[int | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(verb, "_LOG_SECONDS", 0.0)
    assert main(["batch", str(trip), str(tmp_path / "out"), "--bundle", str(tiny_bundle)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "3 photos" in lines[0]
    assert [line.split(" photos")[0].split()[-1] for line in lines[2:-1]] == ["1/3", "2/3", "3/3"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--address", "auto"], "goes with --engine ray"),
        (["--threshold", "0.5", "--max-false-tags", "1%"], "give one of them"),
        (["--max-false-tags", "many"], "is no share"),
        (["--max-false-tags", "0.0000001"], "false"),
        (["-k", "0"], "Invalid value"),
        (["--engine", "spark"], "Invalid value"),
        (["--device", "cuda"], "CUDAExecutionProvider"),
    ],
)
def test_wrong_usage_is_told_apart(
    options: list[str],
    message: str,
    trip: Path,
    tmp_path: Path,
    inline: list[int | None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["batch", str(trip), str(tmp_path / "out"), *options]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("asked", "message"),
    [("nothing/*.jpg", "no photos in"), ("nowhere://x", "is no URL"), ("x.parquet", "Parquet")],
)
def test_inputs_that_are_none_fail(
    asked: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", asked, str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
