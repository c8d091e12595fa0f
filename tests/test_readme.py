"""The README: its Python runs and says what its comments say, its tree is the tree."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import README, ROOT, SHIPPED_BUNDLE, blocks, rows, section

import whereshot

COMES_WITH_THE_BUNDLE = {"src/whereshot/bundles/world", "docs/log.md", "benchmarks/results"}
NOT_MEASURED = "\N{EN DASH}"
BRANCH = re.compile(r"^((?:│   |    )*)(?:├── |└── )(.+)$")


@pytest.fixture
def shipped() -> Path:
    """The shipped bundle."""
    if not SHIPPED_BUNDLE.is_dir():
        pytest.skip("this tree has no shipped bundle yet: src/whereshot/bundles/world")
    return SHIPPED_BUNDLE


def python_block() -> str:
    (block,) = blocks(README, "python")
    return block.text


def claims(code: str) -> Iterator[tuple[str, str]]:
    """Expressions of the block whose comment begins with their value as a text in quotes."""
    for node in ast.parse(code).body:
        line = code.splitlines()[node.lineno - 1]
        if isinstance(node, ast.Expr) and (said := re.search(r'#\s+"([^"]*)"', line)):
            yield ast.unparse(node.value), said[1]


def test_the_python_block_runs_with_any_bundle(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = whereshot.load(tiny_bundle)
    monkeypatch.setattr(whereshot, "load", lambda: recognizer)
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(python_block(), names)
    assert isinstance(names["recognition"], whereshot.Recognition)


def test_the_python_block_says_what_the_shipped_bundle_answers(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    code = python_block()
    before_the_stream = code[: code.index("\nfor ")]
    names: dict[str, Any] = {}
    exec(before_the_stream, names)
    said = dict(claims(code))
    assert len(said) == 2
    for expression, value in said.items():
        assert eval(expression, names) == value
    assert names["recognition"].location.source == "landmark"


def test_the_python_block_is_six_lines_of_the_api_and_shows_each_part_of_an_answer() -> None:
    code = python_block()
    for part in ("verdict", "landmark.name", "probability", "location", "recognize_many"):
        assert part in code


def test_the_readme_opens_with_one_sentence_one_picture_and_the_commands() -> None:
    title, sentence, picture, commands = README.read_text(encoding="utf-8").split("\n\n")[:4]
    assert title == "# whereshot"
    assert sentence.count(".") == 1
    assert re.fullmatch(r"!\[.+\]\(docs/images/app\.png\)", picture)
    for command in ("make run", "make predict PHOTO=", "make test"):
        assert f"\n{command}" in commands


def tree() -> list[str]:
    """Every path in the tree, from the root on; folders without their slash."""
    above: list[str] = []
    found: list[str] = []
    for line in section(README, "tree").splitlines():
        match = BRANCH.match(line)
        if not match:
            assert line in ("```text", ".", "```"), f"not a branch of the tree: {line!r}"
            continue
        depth = len(match[1]) // 4
        first, *rest = re.split(r"  +", match[2])
        # Several on one branch are told from what is said about one by their endings.
        names = [
            first,
            *(name for name in rest if re.fullmatch(r"[\w.-]+(\.(py|js|css|svg)|/)", name)),
        ]
        names = [name.rstrip("/") for name in names]
        above = [*above[:depth], first.rstrip("/")]
        found += ["/".join([*above[:-1], name]) for name in names]
    return found


def test_every_path_in_the_tree_exists() -> None:
    missing = {path for path in tree() if not (ROOT / path).exists()}
    if not SHIPPED_BUNDLE.is_dir():
        missing -= COMES_WITH_THE_BUNDLE
    assert not missing


def test_no_path_is_in_the_tree_twice() -> None:
    paths = tree()
    assert len(paths) == len(set(paths))


def test_every_module_and_package_is_in_the_tree() -> None:
    modules = {
        path.relative_to(ROOT).as_posix()
        for folder in ("src/whereshot", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    packages = {str(Path(module).parent) for module in modules if module.endswith("__init__.py")}
    assert len(packages) >= 8
    missing = (modules | packages) - set(tree())
    assert not missing, "add to README.md's tree, each with its purpose: " + ", ".join(
        sorted(missing)
    )


def test_every_folder_and_file_beside_the_packages_is_in_the_tree() -> None:
    """What lies in a folder that the tree opens is in the tree, or the folder is not opened."""
    paths = set(tree())
    opened = {str(Path(path).parent) for path in paths} - {".", "tests", ".ci", "src"}
    for folder in sorted(opened):
        for entry in (ROOT / folder).iterdir():
            if entry.name.startswith((".", "__pycache__")) or entry.suffix == ".pyc":
                continue
            path = entry.relative_to(ROOT).as_posix()
            assert path in paths, f"{path} is not in README.md's tree"


def test_every_figure_names_the_command_that_prints_it() -> None:
    table = rows(section(README, "results"))
    assert len(table) >= 5
    for what, figure, printed_by in table:
        assert what
        assert figure
        assert re.fullmatch(r"`(whereshot|python benchmarks/|make) ?.+`", printed_by), printed_by


def test_no_figure_is_missing_where_there_is_a_bundle_to_measure(shipped: Path) -> None:
    assert NOT_MEASURED not in [figure for _, figure, _ in rows(section(README, "results"))]


def test_the_number_of_landmarks_is_the_bundle_s(shipped: Path) -> None:
    stated = re.search(r"which knows (\d+) landmarks", README.read_text(encoding="utf-8"))
    assert stated
    assert int(stated[1]) == len(whereshot.load(shipped).landmarks)


def test_the_python_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    assert f"Python {least} or newer" in README.read_text(encoding="utf-8")
