"""The frame of the command line: help, version, exit statuses, what is loaded and what is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from whereshot.cli import _shared
from whereshot.errors import BundleError, PhotoNotFoundError

VERBS = ("predict", "landmarks", "serve", "train", "evaluate", "export", "data", "bench")
DATA_VERBS = ("data check", "data stats", "data fetch")
WITH_EXAMPLES = (*(verb for verb in VERBS if verb != "data"), *DATA_VERBS)


def test_help_names_every_verb_and_shows_how_to_begin(run) -> None:
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    assert "Where was this shot?" in out
    assert "whereshot predict photo.jpg" in out
    for verb in VERBS:
        assert f" {verb} " in out


@pytest.mark.parametrize("verb", WITH_EXAMPLES)
def test_every_verb_explains_itself_with_an_example(run, verb: str) -> None:
    status, out, err = run(*verb.split(), "--help")
    assert (status, err) == (0, "")
    assert "Examples" in out
    assert f"whereshot {verb}" in out.split("Examples", 1)[1]


def test_the_verb_with_verbs_lists_them(run) -> None:
    status, out, _ = run("data", "--help")
    assert status == 0
    for verb in ("check", "stats", "fetch"):
        assert f" {verb} " in out


def test_the_version_is_the_package_s(run) -> None:
    import whereshot

    assert run("--version") == (0, f"whereshot {whereshot.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-verb"],
        ["--no-such-option"],
        ["predict"],
        ["predict", "a.jpg", "-k", "0"],
        ["predict", "a.jpg", "-k", "many"],
        ["predict", "a.jpg", "--workers", "0"],
        ["predict", "a.jpg", "--null"],
        ["bench"],
        ["bench", "a.jpg", "--repeats", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_says_why_on_stderr(run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert "Usage" in err


def test_no_arguments_show_the_help(run) -> None:
    status, out, err = run()
    assert status == 2
    assert "predict" in out + err


def failing(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    "error",
    [
        BundleError("no bundle 'wrld'. Did you mean 'world'?"),
        PhotoNotFoundError("no photo 'a.jpg'"),
        PermissionError(13, "Permission denied", "report.html"),
    ],
)
def test_an_expected_error_is_one_line_and_status_1(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _shared.run_guarded(failing(error)) == 1
    assert capsys.readouterr() == ("", f"whereshot: {error}\n")


def test_a_message_of_several_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert _shared.run_guarded(failing(BundleError("a  b\nc\x1b[2J"))) == 1
    assert capsys.readouterr().err == "whereshot: a  b c\\x1b[2J\n"


def test_an_error_without_words_is_told_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert _shared.run_guarded(failing(BundleError())) == 1
    assert capsys.readouterr().err == "whereshot: BundleError\n"


def test_an_interrupt_exits_with_130_and_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert _shared.run_guarded(failing(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        _shared.run_guarded(lambda: 1 / 0)


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (3, 3), ("message", 1)])
def test_leaving_early_keeps_the_status(code: object, status: int) -> None:
    assert _shared.run_guarded(failing(SystemExit(code))) == status


def test_the_module_and_the_script_are_the_same_program(program) -> None:
    status, out, err = program("--version")
    assert (status, err) == (0, "")
    script = Path(sys.executable).with_name("whereshot")
    if not script.exists():
        pytest.skip("whereshot is not installed as a script beside this Python")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == out


def test_a_library_error_reaches_the_shell_as_one_line(program, tmp_path: Path) -> None:
    status, out, err = program("predict", "a.jpg", "--bundle", tmp_path / "nowhere")
    assert status == 1
    assert out == ""
    assert err.startswith("whereshot: no bundle ")
    assert err.count("\n") == 1


def test_help_loads_nothing_heavy() -> None:
    heavy = "numpy onnxruntime PIL fastapi uvicorn torch rich.table sqlite3 asyncio"
    code = (
        "import sys, whereshot.cli\n"
        f"print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_verb_has_its_options_whoever_asks(command) -> None:
    for words in (["tag", "--help"], ["data", "check", "--help"]):
        asked = subprocess.run(command(*words), capture_output=True, text=True, check=True)
        assert "--help" in asked.stdout
        assert ("--dry-run" in asked.stdout) == (words[0] == "tag")
    unknown = subprocess.run(command("predct"), capture_output=True, text=True)
    assert unknown.returncode == 2
    assert "Did you mean 'predict'?" in unknown.stderr


def test_a_shell_completes_the_options_of_a_verb(command) -> None:
    shell = {
        **os.environ,
        "_WHERESHOT_COMPLETE": "complete_bash",
        "COMP_WORDS": "whereshot organize --dr",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(command(), capture_output=True, text=True, env=shell)
    assert done.stdout.split() == ["--dry-run"]
