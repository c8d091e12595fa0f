"""What holds for every page: links lead somewhere, commands exist, keys and recipes are real."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from pages import (
    README,
    ROOT,
    SHIPPED_BUNDLE,
    blocks,
    find_verb,
    inline_code,
    name_of,
    pages,
    prose,
    shell_commands,
    spellings,
)

CLI_PAGE = ROOT / "docs" / "cli.md"
FOREIGN_OPTIONS = {
    *("--logdir", "--stop-timeout"),  # of programs that are not ours
    "--measure",  # of a benchmark
}
COMES_WITH_THE_BUNDLE = {"docs/images/app.png", "docs/log.md"}

each_page = pytest.mark.parametrize("page", pages(), ids=name_of)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """docs/make_cli_reference.py as a module."""
    path = ROOT / "docs" / "make_cli_reference.py"
    spec = importlib.util.spec_from_file_location("make_cli_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if name_of(target) in COMES_WITH_THE_BUNDLE and not SHIPPED_BUNDLE.is_dir():
            continue
        assert target.exists(), f"{name_of(page)} links to {link}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} links to {link}: no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)\s]+\.md)\)", prose(README)))
    assert {name_of(page) for page in pages() if page != README} <= linked


@each_page
def test_every_command_line_in_a_block_is_one_that_whereshot_takes(page: Path) -> None:
    for line, words in shell_commands(page):
        if words[0] != "whereshot":
            continue
        verb, arguments = find_verb(words[1:])
        try:
            # Parses arguments and options with their types, and runs nothing.
            verb.make_context(verb.name, list(arguments))
        except Exception as error:  # noqa: BLE001 - click's own errors share no public base here
            # What a page calls ~/Pictures need not be on this machine.
            if not re.search(r"(dir|file) '.+' does not exist", str(error), re.IGNORECASE):
                pytest.fail(f"{name_of(page)}: {line}: {error}")
        assert not hasattr(verb, "commands"), f"{name_of(page)}: {line} names no verb"


@each_page
def test_every_other_command_in_a_block_has_what_it_names(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line, words in shell_commands(page):
        match words:
            case ["make", target, *variables]:
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), line
                for variable in variables:
                    assert f"{variable.partition('=')[0]} ?=" in makefile, line
            case ["python", script, *_]:
                assert (ROOT / script).is_file(), line
            case ["pip", "install", what]:
                extra = re.fullmatch(r"\.(?:\[(\w+)\])?", what)
                assert extra, line
                assert extra[1] is None or extra[1] in extras["optional-dependencies"], line
            case _:
                known = {"whereshot", "base64", "curl", "find", "head", "jq", "printf", "."}
                assert words[0] in known, f"what is {line}?"


@each_page
def test_every_command_and_option_in_a_sentence_exists(page: Path) -> None:
    known = set(FOREIGN_OPTIONS)
    for verb in ALL_VERBS:
        known |= spellings(find_verb(verb.split())[0])
    known |= spellings(find_verb([])[0])
    for code in inline_code(page):
        words = code.split()
        if words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), f"{name_of(page)}: {code}"
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        if words[0] == "whereshot" and len(words) > 1 and not words[1].isupper():
            verb, rest = find_verb(words[1:])
            assert len(rest) < len(words) - 1 or words[1].startswith("-"), f"no verb: {code}"
            assert options <= spellings(verb), f"{name_of(page)}: {code}"
        elif words[0] == "whereshot" or words[0].startswith("--"):
            assert options <= known, f"{name_of(page)}: {code}"


@each_page
def test_every_recipe_key_in_a_sentence_exists(page: Path) -> None:
    from whereshot.learn.config import Recipe

    sections = {
        field.name: {inner.name for inner in dataclasses.fields(default)}
        for field in dataclasses.fields(Recipe)
        if dataclasses.is_dataclass(default := getattr(Recipe(), field.name))
    }
    assert set(sections) == {"data", "augment", "model", "optim", "schedule"}
    for code in inline_code(page):
        key = re.match(rf"({'|'.join(sections)})\.(\w+)(?=$|=)", code)
        if key and code != "model.onnx":
            assert key[2] in sections[key[1]], f"{name_of(page)}: no recipe key {code}"


@each_page
def test_every_recipe_that_is_named_or_shown_can_be_read(page: Path, tmp_path: Path) -> None:
    from whereshot.learn.config import read_recipe

    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"\brecipes/\w+\.toml", text)):
        read_recipe(ROOT / name)
    for number, block in enumerate(blocks(page, "toml")):
        shown = tmp_path / f"{number}.toml"
        shown.write_text(block.text, encoding="utf-8")
        read_recipe(shown)


def _walk(command: object, name: str = "") -> list[str]:
    inner = getattr(command, "commands", {})
    if not inner:
        return [name]
    return [verb for key in inner for verb in _walk(inner[key], f"{name} {key}".strip())]


ALL_VERBS = _walk(find_verb([])[0])


def test_the_command_line_reference_is_fresh(generator: ModuleType) -> None:
    assert CLI_PAGE.read_text(encoding="utf-8") == generator.render(), (
        "docs/cli.md is stale. Run: python docs/make_cli_reference.py"
    )


@pytest.mark.parametrize("verb", ALL_VERBS)
def test_every_verb_and_every_option_is_in_the_reference(verb: str) -> None:
    text = CLI_PAGE.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n## whereshot {verb}\n")
    assert found, f"docs/cli.md has no section on {verb}"
    part = rest.partition("\n## ")[0]
    for option in spellings(find_verb(verb.split())[0]) - {"--help"}:
        assert re.search(rf"`{re.escape(option)}[` ]", part), f"{verb}: {option} is missing"


def test_the_reference_has_a_check_that_fails_when_it_is_stale(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "TARGET", tmp_path / "cli.md")
    monkeypatch.setattr("sys.argv", ["make_cli_reference.py", "--check"])
    assert generator.main() == 1
    (tmp_path / "cli.md").write_text(generator.render(), encoding="utf-8")
    assert generator.main() == 0
    (tmp_path / "cli.md").write_text(generator.render() + "x", encoding="utf-8")
    assert generator.main() == 1
