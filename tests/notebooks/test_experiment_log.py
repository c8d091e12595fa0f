"""Parts of the log for a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_cells import tool

log = tool("experiment_log")

TEXT = """# Log

## Today: `world@1`

### What ships
one
### What was tried
two
#### Losses
three
### Data
four
## Yesterday: from scratch
five
### What was tried
six
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "log.md").write_text(TEXT)
    return tmp_path / "log.md"


def test_a_section_comes_with_those_inside_it_and_not_with_those_after_it(path: Path) -> None:
    found = log.from_log("WORLD@1", "what was tried", log=path)
    assert found == "#### What was tried\ntwo\n\n##### Losses\nthree"


def test_all_sections_with_the_words_are_told(path: Path) -> None:
    found = log.from_log("what was tried", log=path)
    assert "two" in found
    assert "six" in found
    assert "five" not in found


def test_words_may_stand_in_a_heading_above(path: Path) -> None:
    assert log.from_log("scratch", "tried", log=path) == "#### What was tried\nsix"
    assert "five" in log.from_log("scratch", log=path)


def test_where_there_is_nothing_the_text_says_so(path: Path) -> None:
    assert log.NOTHING in log.from_log("nowhere", log=path)


def test_a_notebook_shows_it_as_markdown(path: Path) -> None:
    found = log.from_log("data", log=path)
    assert found._repr_markdown_() == "#### Data\nfour"


def test_the_real_log_tells_of_what_ships() -> None:
    assert log.NOTHING not in log.from_log("`world@1`", "what was tried")
