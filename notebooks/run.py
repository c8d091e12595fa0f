"""Run the notebooks from the top, and keep of their outputs what may be published.

    python notebooks/run.py                          # all of them, in place
    python notebooks/run.py 02_transfer_learning     # one of them
    python notebooks/run.py --fast                   # made photos, small networks; writes nothing

A run that is not finished is trained on the way, which takes as long as it takes. What is written
has no outputs of cells with the tags `shows-photos` and `widget`, no times, and no paths of this
machine.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.stem for path in HERE.glob("[0-9]*.ipynb")))

PHOTOS = "shows-photos"
"""The tag of cells whose outputs show photos that are not ours to publish."""
WIDGET = "widget"
"""The tag of cells that show something to use, which does nothing without a running kernel."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""All that a notebook says of where it was run."""

_PATH = re.compile(r"(?<![\w.:/<*\\-])/(?:[\w.-]+/)+[\w.-]*|[A-Za-z]:\\\\?\w")


def run(notebook: NotebookNode, *, fast: bool, photos: Path) -> None:
    """Execute a notebook from the top, in its folder, by this Python; outputs go into it.

    Raises CellExecutionError at the first cell that fails.
    """
    with TemporaryDirectory(prefix="whereshot-") as home:
        environment = {
            **os.environ,
            "WHERESHOT_NOTEBOOK_FAST": "1" if fast else "0",
            "WHERESHOT_PHOTOS": str(photos.resolve()),
            "IPYTHONDIR": home,  # nobody's startup files, nobody's history
            "PYTHONHASHSEED": "0",
        }
        client = NotebookClient(
            notebook,
            timeout=None,
            startup_timeout=600,  # a machine may be busy
            kernel_name="python3",
            config=_private(home),
            resources={"metadata": {"path": str(HERE)}},
            record_timing=False,
        )
        client.execute(env=environment)


def _private(home: str) -> Config:
    """Talk to the kernel through files that nobody else may open, where the system has such."""
    sockets = {"transport": "ipc", "ip": f"{home}/kernel"}
    return Config() if sys.platform == "win32" else Config({"KernelManager": sockets})


def strip(notebook: NotebookNode) -> None:
    """Drop what must not be published, and what differs from one run to the next for nothing."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := tags_of(cell)) else {})
        if cell.cell_type != "code":
            continue
        if PHOTOS in tags or WIDGET in tags:
            cell.outputs = []
        for output in cell.outputs:
            if "data" in output:
                output["metadata"] = nbformat.from_dict({})
                if "image/png" in output["data"]:
                    output["data"].pop("image/jpeg", None)  # Pillow gives both


def tags_of(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def machine_paths(notebook: NotebookNode) -> Iterator[str]:
    """Absolute paths in the outputs, each with the number of its cell."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            for found in _PATH.finditer("\n".join(_texts(output))):
                yield f"cell {number}: {found[0]}"


def _texts(output: NotebookNode) -> Iterator[str]:
    """What people read of an output."""
    yield from (str(output[key]) for key in ("text", "ename", "evalue") if key in output)
    data: dict[str, Any] = output.get("data", {})
    yield from (str(value) for kind, value in data.items() if not kind.startswith("image/"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 where a cell failed or an output can't be published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--fast", action="store_true", help="made photos, small networks")
    parser.add_argument("--photos", type=Path, help="folder of world/ and not_landmarks/")
    parser.add_argument("--to", type=Path, help="write here instead of in place")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    photos = options.photos or Path(os.environ.get("WHERESHOT_PHOTOS", HERE.parent / "photos"))
    if not options.fast and not (photos / "world").is_dir():
        print(
            f"No folder '{photos / 'world'}'. Say where photos are: --photos DIR", file=sys.stderr
        )
        return 1
    target = options.to or (None if options.fast else HERE)
    for name in options.names or NAMES:
        notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
        started = time.monotonic()
        try:
            run(notebook, fast=options.fast, photos=photos)
        except CellExecutionError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        strip(notebook)
        if paths := list(machine_paths(notebook)):
            print(f"{name} tells of this machine: {'; '.join(paths)}", file=sys.stderr)
            return 1
        if target is not None:
            target.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, target / f"{name}.ipynb")
        print(f"{name}: {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
