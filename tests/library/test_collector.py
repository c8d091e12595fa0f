from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from whereshot.library._collector import collector_held_back


@pytest.fixture(autouse=True)
def collector_on() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_is_held_back_until_the_last_one_is_done() -> None:
    with collector_held_back():
        with collector_held_back():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_lets_it_go_on() -> None:
    with pytest.raises(KeyError), collector_held_back():
        raise KeyError
    assert gc.isenabled()


def test_who_has_turned_it_off_finds_it_so() -> None:
    gc.disable()
    with collector_held_back():
        pass
    assert not gc.isenabled()
