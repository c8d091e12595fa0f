"""The tool that runs notebooks: what it keeps, what it drops, what it refuses to write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_cells import NAMES, NOTEBOOKS, code_cells, problems, read, tool

run = tool("run")


def picture(**data: str) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": "<Image>", **data})


def printed(text: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=text)


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


def test_stripping_drops_what_cells_with_the_tag_show_and_nothing_else() -> None:
    tagged = new_code_cell(metadata={"tags": ["shows-photos"]}, outputs=[picture()])
    other = new_code_cell(metadata={"tags": ["chart"]}, outputs=[picture(), printed("1")])
    text = new_markdown_cell("photos", metadata={"tags": ["shows-photos"]})
    given = notebook(tagged, other, text)

    run.strip(given)

    assert tagged.outputs == []
    assert len(other.outputs) == 2
    assert other.metadata == {"tags": ["chart"]}
    assert text.source == "photos"


def test_stripping_leaves_no_trace_of_the_run() -> None:
    cell = new_code_cell(
        metadata={"execution": {"iopub.execute_input": "2026-01-01T00:00:00"}, "scrolled": True},
        outputs=[picture(**{"image/png": "a", "image/jpeg": "b"})],
    )
    cell.outputs[0]["metadata"] = {"image/png": {"width": 7}}
    given = notebook(cell)
    given.metadata = {"kernelspec": {"name": "my-env"}, "language_info": {"version": "3.11.2"}}

    run.strip(given)

    assert given.metadata == run.METADATA
    assert cell.metadata == {}
    assert cell.outputs[0].metadata == {}
    assert set(cell.outputs[0].data) == {"text/plain", "image/png"}
    nbformat.validate(given)


@pytest.mark.parametrize(
    "text",
    [
        "PosixPath('/home/somebody/photos')",
        "'/srv/a.jpg' can't be read",
        "see /tmp/whereshot-123/x",
        "C:\\Users\\somebody",
    ],
)
def test_paths_of_a_machine_are_found_wherever_they_are_read(text: str) -> None:
    html = new_output("display_data", data={"text/html": f"<td>{text}</td>"})
    error = new_output("error", ename="OSError", evalue=text, traceback=[])
    for output in (printed(text), picture(**{"text/markdown": text}), html, error):
        assert list(run.machine_paths(notebook(new_code_cell(outputs=[output]))))


@pytest.mark.parametrize(
    "text",
    [
        "../runs/world and runs/world/meta.json",
        "<td>95.2 %</td><br/></tr>",
        "https://example.org/a/b",
        "photos/s at 3/4",
        "either/or, 1/2/3",
    ],
)
def test_what_is_no_path_of_a_machine_is_none(text: str) -> None:
    assert not list(run.machine_paths(notebook(new_code_cell(outputs=[printed(text)]))))


def test_pixels_are_not_searched_for_paths() -> None:
    output = picture(**{"image/png": "iVBOR/home/abc/def"})
    assert not list(run.machine_paths(notebook(new_code_cell(outputs=[output]))))


def test_an_unknown_name_is_wrong_usage_that_tells_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["04_nothing"])
    assert ended.value.code == 2
    assert NAMES[0] in capsys.readouterr().err


def test_without_photos_it_says_where_it_looked_and_what_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["--photos", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"No folder '{tmp_path / 'world'}'. ")


def test_problems_are_found() -> None:
    """What the tests of the committed notebooks rely on can fail."""
    chart, image = {"tags": ["chart"]}, picture(**{"image/png": "a"})
    good = new_code_cell(metadata=chart, outputs=[image], execution_count=1)
    assert not list(problems(notebook(good)))
    for bad in (
        new_code_cell(metadata=chart, execution_count=1),
        new_code_cell(metadata=chart, outputs=[image], execution_count=2),
        new_code_cell(metadata={"tags": ["table"]}, outputs=[printed("a")], execution_count=1),
        new_code_cell(outputs=[image], execution_count=1),
        new_code_cell(
            metadata={"tags": ["shows-photos"]}, outputs=[printed("a")], execution_count=1
        ),
        new_code_cell(outputs=[new_output("stream", name="stderr", text="!")], execution_count=1),
    ):
        assert len(list(problems(notebook(bad)))) == 1


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The tool in a process of its own, far from the real photos and from pytest's warnings."""
    environment = os.environ | {"WHERESHOT_PHOTOS": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(folder / "run.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with the tool and one notebook, `1.ipynb`."""
    (tmp_path / "run.py").write_bytes((NOTEBOOKS / "run.py").read_bytes())
    (tmp_path / "world").mkdir()  # photos that nothing looks at
    return tmp_path


def write(room: Path, *sources: str) -> Path:
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(notebook(*cells), room / "1.ipynb")
    return room / "1.ipynb"


@pytest.mark.slow
def test_a_notebook_is_run_in_its_folder_and_written_in_place(room: Path) -> None:
    path = write(room, "from pathlib import Path", "sorted(path.name for path in Path().iterdir())")

    done = started(room)

    assert done.returncode == 0, done.stderr
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == [1, 2]
    assert cells[1].outputs[0].data["text/plain"] == "['1.ipynb', 'run.py', 'world']"


@pytest.mark.slow
def test_a_failing_cell_or_a_path_in_an_output_leaves_the_file_as_it_was(room: Path) -> None:
    for source, said in (("1 / 0", "ZeroDivisionError"), ("print('/home/me/x')", "/home/me/x")):
        path = write(room, source)
        before = path.read_bytes()

        done = started(room)

        assert done.returncode == 1
        assert said in done.stderr
        assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_runs_from_the_top_without_the_real_photos(name: str, tmp_path: Path) -> None:
    before = (NOTEBOOKS / f"{name}.ipynb").read_bytes()

    done = started(NOTEBOOKS, "--fast", "--to", str(tmp_path / "out"), name)

    assert done.returncode == 0, done.stderr
    found = read(tmp_path / "out" / f"{name}.ipynb")
    assert not list(problems(found))
    assert (NOTEBOOKS / f"{name}.ipynb").read_bytes() == before
    sources = [cell.source for cell in found.cells]
    assert sources == [cell["source"] for cell in _cells(before)]


def _cells(text: bytes) -> list[dict[str, str]]:
    """The cells of a notebook file, each source as one text."""
    cells = json.loads(text)["cells"]
    return [{"source": "".join(cell["source"])} for cell in cells]
