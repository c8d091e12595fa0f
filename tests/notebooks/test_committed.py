"""The committed notebooks: they were run, and nothing in them is not ours to publish."""

from __future__ import annotations

import re

import pytest
from notebook_cells import (
    CHART,
    CHARTS,
    NAMES,
    NOTEBOOKS,
    PHOTOS,
    PICTURES,
    SAMPLES,
    TAGS,
    code_cells,
    kinds_of,
    lines_of,
    problems,
    read,
    shown_by,
    tags_of,
    tool,
)

MOST_LINES = 6
SAYS_SO = "# Shows photos: its output is not committed."

each_notebook = pytest.mark.parametrize("name", NAMES)


def committed(name: str):
    return read(NOTEBOOKS / f"{name}.ipynb")


def test_there_are_the_notebooks_that_the_readme_names() -> None:
    assert {"01_cnn_from_scratch", "02_transfer_learning", "03_app"} <= set(NAMES)


def trains(name: str) -> bool:
    return any("train(recipe" in cell.source for cell in code_cells(committed(name)))


def test_the_notebooks_that_train_are_known() -> None:
    assert [name for name in NAMES if trains(name)] == [
        "01_cnn_from_scratch",
        "02_transfer_learning",
    ]


@each_notebook
def test_it_was_run_once_from_the_top_and_has_its_outputs(name: str) -> None:
    assert not list(problems(committed(name))), "run it: make notebooks"


@each_notebook
def test_cells_are_short_because_the_package_computes(name: str) -> None:
    for cell in code_cells(committed(name)):
        assert len(lines_of(cell)) <= MOST_LINES, cell.source


@each_notebook
def test_every_tag_is_one_that_means_something(name: str) -> None:
    for cell in committed(name).cells:
        assert tags_of(cell) <= TAGS


@each_notebook
def test_what_draws_pictures_of_photos_is_tagged(name: str) -> None:
    for cell in code_cells(committed(name)):
        functions, tags = shown_by(cell), tags_of(cell)
        if functions & PICTURES:
            assert len(tags & {PHOTOS, SAMPLES}) == 1, cell.source
        elif functions:
            assert CHART in tags, cell.source
        if SAMPLES in tags:  # the CC0 photos, and no others
            assert functions <= {"show_fits", "show_views", "show_looks", "show_answers"}
            assert re.search(r"\((\w+, )?SAMPLES\b", cell.source), cell.source
        if CHART in tags:
            assert functions <= CHARTS
        if PHOTOS in tags:
            assert cell.source.startswith(SAYS_SO)


@each_notebook
def test_it_says_that_photos_are_left_out(name: str) -> None:
    first = committed(name).cells[0]
    assert "photos are left out" in first.source
    assert f"`{PHOTOS}`" in first.source


def test_every_function_that_shows_something_is_known_to_show_photos_or_not() -> None:
    from whereshot.learn import explain, show

    public = [*show.__all__, *explain.__all__]
    assert {each for each in public if each.startswith("show_")} == CHARTS | PICTURES
    assert not CHARTS & PICTURES


@each_notebook
def test_it_tells_nothing_of_the_machine_it_was_run_on(name: str) -> None:
    run, notebook = tool("run"), committed(name)

    assert notebook.metadata == run.METADATA
    assert not list(run.machine_paths(notebook))
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}
        assert not any(output.get("metadata") for output in cell.get("outputs", []))


@pytest.mark.parametrize("name", [name for name in NAMES if trains(name)])
def test_it_was_run_with_the_recipe_that_is_in_recipes(name: str) -> None:
    (cell,) = (
        cell
        for cell in code_cells(committed(name))
        if re.search(r"print\(Path\(\"\.\./recipes/\w+\.toml\"\)", cell.source)
    )
    recipe = re.search(r"\.\./recipes/\w+\.toml", cell.source)
    assert recipe
    (output,) = cell.outputs
    assert output.text.strip() == (NOTEBOOKS / recipe[0]).read_text(encoding="utf-8").strip()


@each_notebook
def test_the_log_had_something_to_tell(name: str) -> None:
    nothing = tool("experiment_log").NOTHING
    for cell in code_cells(committed(name)):
        for output in cell.outputs:
            assert nothing not in str(output.get("data", {}).get("text/markdown", ""))


@each_notebook
def test_figures_are_printed_and_not_typed_in(name: str) -> None:
    for cell in committed(name).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\d\.\d\s?%|\d\.\d points", cell.source), cell.source


@each_notebook
def test_every_link_leads_somewhere(name: str) -> None:
    for cell in committed(name).cells:
        if cell.cell_type == "markdown":
            for link in re.findall(r"\]\(([^)\s]+)\)", cell.source):
                assert (NOTEBOOKS / link.partition("#")[0]).exists(), link


@each_notebook
def test_a_notebook_stays_small_enough_to_be_read_on_the_web(name: str) -> None:
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < 3_000_000


def test_pictures_are_there_in_one_format_only() -> None:
    for name in NAMES:
        for cell in code_cells(committed(name)):
            assert sum(kind.startswith("image/") for kind in kinds_of(cell)) <= 1
