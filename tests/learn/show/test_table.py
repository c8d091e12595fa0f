"""A table of texts, for notebooks and for terminals."""

from __future__ import annotations

import pytest

from whereshot.learn.show.table import Table


def test_a_notebook_gets_html_in_which_nothing_can_be_injected() -> None:
    shown = Table(("name",), (("<script>",),))._repr_html_()
    assert shown.startswith("<table>")
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells, got 1"):
        Table(("a", "b"), (("only one",),))


def test_a_table_without_rows_is_its_head() -> None:
    assert repr(Table(("a", "b"), ())) == "a  b"
