"""`whereshot forget`: what was enrolled goes, by any spelling, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from enrolled_landmarks import enrolled

from whereshot.recognize import EnrolledStore, read_bundle, store_of


@pytest.fixture
def store(tiny_bundle: Path) -> EnrolledStore:
    store = store_of(read_bundle(tiny_bundle))
    store.add(enrolled())
    return store


@pytest.fixture
def forget(run: Callable[..., Any], tiny_bundle: Path) -> Callable[..., Any]:
    return lambda name: run("forget", name, "--bundle", tiny_bundle)


@pytest.mark.parametrize("name", ["blarney_castle", "blarney castle", "caislean na blarnan"])
def test_it_is_forgotten_by_id_name_or_alias(forget, store: EnrolledStore, name: str) -> None:
    status, out, err = forget(name)
    assert (status, out, err) == (0, "forgot blarney_castle\n", "")
    assert store.ids() == ()


def test_a_near_miss_is_a_hint_and_forgets_nothing(forget, store: EnrolledStore) -> None:
    status, out, err = forget("blarny castel")
    assert (status, out) == (1, "")
    assert err == (
        "whereshot: No landmark 'blarny castel' is among the 1 enrolled. "
        "Did you mean Blarney Castle (blarney_castle)?\n"
    )
    assert store.ids() == ("blarney_castle",)


@pytest.mark.parametrize("name", ["golden_gate_bridge", "../../bundle", "", "\x1b[2J"])
def test_what_was_not_enrolled_can_not_be_forgotten(
    forget, store: EnrolledStore, tiny_bundle: Path, name: str
) -> None:
    before = {path: path.read_bytes() for path in tiny_bundle.iterdir()}
    status, _, err = forget(name)
    assert status == 1
    assert "--enrolled` lists all of them" in err
    assert "\x1b" not in err
    assert {path: path.read_bytes() for path in tiny_bundle.iterdir()} == before
    assert store.ids() == ("blarney_castle",)
