"""The notebooks, taken apart for the tests that keep them runnable and publishable."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))

CHART, SAMPLES, PHOTOS, TABLE, OPTIONAL, WIDGET = (
    "chart",  # a picture of figures
    "sample-photos",  # a picture of the CC0 photos
    "shows-photos",  # a picture of photos that are not ours: never committed
    "table",
    "optional",  # has no output where what it shows has not been made
    "widget",  # something to use: nothing of it can be committed
)
TAGS = {CHART, SAMPLES, PHOTOS, TABLE, OPTIONAL, WIDGET}

CHARTS = {
    "show_confidence",
    "show_confusion",
    "show_counts",
    "show_curves",
    "show_embeddings",
    "show_filters",
    "show_trade_off",
}
"""Functions whose pictures show no photo."""
PICTURES = {
    "show_answers",
    "show_batch",
    "show_confused_pairs",
    "show_fits",
    "show_looks",
    "show_photos",
    "show_views",
}
"""Functions whose pictures show the photos that they are given, or find."""


def tool(name: str) -> ModuleType:
    """A module of notebooks/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"notebooks_{name}", NOTEBOOKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> NotebookNode:
    """A notebook file, which has to be valid."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that can be run, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags_of(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def lines_of(cell: NotebookNode) -> list[str]:
    """The lines of a cell that do something."""
    lines = (line.strip() for line in cell.source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def shown_by(cell: NotebookNode) -> set[str]:
    """The functions called in a cell that make pictures."""
    return set(re.findall(r"\b(show_\w+)\(", cell.source))


def kinds_of(cell: NotebookNode) -> set[str]:
    """The MIME types of what a cell shows."""
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def problems(notebook: NotebookNode) -> Iterator[str]:
    """What is wrong with a notebook that was run: nothing, if it may be committed."""
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        yield f"it was not run once, from the top: {counts}"
    for number, cell in enumerate(cells, 1):
        tags, kinds = tags_of(cell), kinds_of(cell)
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"In [{number}] failed or complained: {output.get('text', output)}"
        if PHOTOS in tags and cell.outputs:
            yield f"In [{number}] shows photos that are not ours"
        if any(kind.startswith("image/") for kind in kinds) and not tags & {CHART, SAMPLES}:
            yield f"In [{number}] has a picture that nobody has said to be free of photos"
        expected = {CHART: "image/png", SAMPLES: "image/png", TABLE: "text/html"}
        for tag in tags & set(expected):
            if expected[tag] not in kinds and OPTIONAL not in tags:
                yield f"In [{number}] is a {tag} and shows {kinds or 'nothing'}"
