from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_recipe

from whereshot.errors import RecipeError
from whereshot.learn.config import Recipe, override
from whereshot.learn.tune.space import (
    Choice,
    Range,
    check_space,
    default_space,
    from_plain,
    to_plain,
    value_in,
    with_values,
)
from whereshot.learn.tune.space_reader import read_space

RECIPE = tiny_recipe("photos")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("optim.lr=1e-4:1e-2:log", Range("optim.lr", 1e-4, 1e-2, log=True)),
        ("augment.mixup=0:0.8", Range("augment.mixup", 0.0, 0.8)),
        ("schedule.epochs=2:9", Range("schedule.epochs", 2, 9)),
        ("augment.preset=light, strong", Choice("augment.preset", ("light", "strong"))),
        ("optim.batch=16,32", Choice("optim.batch", (16, 32))),
        ("optim.ema=0,0.99", Choice("optim.ema", (0.0, 0.99))),
        (
            "schedule.freeze_batch_norm=true,false",
            Choice("schedule.freeze_batch_norm", (True, False)),
        ),
    ],
)
def test_words_are_ranges_and_choices(word: str, expected: Range | Choice) -> None:
    (found,) = read_space([word], RECIPE)
    assert found == expected
    assert [type(end) for end in found.ends] == [type(end) for end in expected.ends]
    assert from_plain(to_plain((found,))) == (found,)


def test_a_file_has_sections_or_whole_keys_and_later_words_win(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(
        """
        "model.dropout" = {low = 0, high = 0.5}
        [optim]
        lr = {low = 1e-4, high = 1e-2, log = true}
        batch = [16, 32]
        """
    )
    found = read_space([str(path), "optim.batch=8,16"], RECIPE)
    assert found == (
        Range("model.dropout", 0.0, 0.5),
        Range("optim.lr", 1e-4, 1e-2, log=True),
        Choice("optim.batch", (8, 16)),
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("optim.lr", "is neither a file nor a range"),
        ("optim.lr=3", "Expected key=low:high"),
        ("optim.lr=1:2:3:4", "Expected key=low:high"),
        ("optim.lr=1e-4:1e-2:linear", "Expected key=low:high"),
        ("optim.lrr=1:2", "Did you mean 'optim.lr'"),
        ("optim=1:2", "'optim' is a section"),
        ("optim.lr=1e-2:1e-4", "from a lower to a higher number"),
        ("optim.lr=0.1:0.1", "from a lower to a higher number"),
        ("optim.lr=0:1", "optim.lr must be above 0"),
        ("model.dropout=0:0.5:log", "must begin above 0"),
        ("model.dropout=0:1", r"model.dropout must be in \[0, 1\)"),
        ("model.dropout=0:nan", "from a lower to a higher number"),
        ("model.dropout=a:b", "from and to numbers, got 'a'"),
        ("schedule.epochs=1.5:3", "from and to whole numbers, got 1.5"),
        ("augment.preset=1:2", "is not a number: list the values"),
        ("augment.preset=light,strange", "must be one of light, strong"),
        ("optim.batch=16,16", "two different values or more"),
        ("seed=1:5", "can't be searched"),
        ("data.validation=0.1:0.3", "can't be searched"),
        ("data.train=a,b", "can't be searched"),
    ],
)
def test_what_can_not_be_searched_is_an_error_that_says_why(word: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        read_space([word], RECIPE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr = ", "is not valid TOML"),
        ("[optim]\nlr = 3", "must be {low = ..., high = ...} or a list"),
        ("[optim]\nlr = {low = 1, high = 2, log = 1}", "must be true or false"),
        ("[optim]\nlr = {low = 1, high = 2, step = 1}", "must be {low"),
        ("[optim]\nlr = [[1], [2]]", "can't be"),
        ("", "nothing to search"),
    ],
)
def test_a_wrong_file_is_an_error_that_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "space.toml").write_text(text)
    with pytest.raises(RecipeError, match=said):
        read_space([str(tmp_path / "space.toml")], RECIPE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nothing.toml' is neither a file nor a range"):
        read_space([str(tmp_path / "nothing.toml")], RECIPE)


def keys_of(*assignments: str) -> set[str]:
    return {each.key for each in default_space(override(Recipe(), assignments))}


def test_the_default_space_has_what_matters_for_the_recipe() -> None:
    everything = {
        "optim.lr",
        "optim.head_lr",
        "optim.layer_decay",
        "optim.weight_decay",
        "model.dropout",
        "model.drop_path",
        "augment.preset",
        "augment.min_scale",
        "augment.mixup",
        "augment.cutmix",
    }
    assert keys_of() == everything
    probe = keys_of("schedule.epochs=0")
    assert probe == everything - {"optim.lr", "optim.layer_decay", "model.drop_path"}
    assert keys_of("model.weights=none") == everything - {"optim.layer_decay"}
    plain = keys_of("model.architecture=plain", "model.weights=none")
    assert plain == everything - {"optim.layer_decay", "model.drop_path"}
    margin = keys_of("model.head=cosine", "model.margin=0.2")
    assert margin == everything - {"augment.mixup", "augment.cutmix"}


@settings(deadline=None, max_examples=25)
@given(
    st.floats(1e-6, 10),
    st.sampled_from([0.0, 0.01, 0.9]),
    st.floats(0.01, 1.0),
    st.sampled_from([0.0, 0.1, 0.99]),
)
def test_the_recipe_s_own_values_are_in_the_default_space(
    rate: float, decay: float, scale: float, dropout: float
) -> None:
    recipe = override(
        RECIPE,
        [
            f"optim.lr={rate}",
            f"optim.weight_decay={decay}",
            f"augment.min_scale={scale}",
            f"model.dropout={dropout}",
        ],
    )
    space = default_space(recipe)
    check_space(space, recipe)
    outside = [each.key for each in space if not each.holds(value_in(recipe, each.key))]
    # None of a decay is at no distance by ratio from any: there the search begins at random.
    assert outside == (["optim.weight_decay"] if decay == 0 else [])


@settings(deadline=None, max_examples=25)
@given(st.floats(1e-8, 1e3))
def test_values_reach_the_recipe_unchanged(rate: float) -> None:
    changed = with_values(RECIPE, {"optim.lr": rate, "augment.preset": "strong"})
    assert changed.optim.lr == rate
    assert changed.augment.preset == "strong"
    assert math.isclose(changed.optim.head_lr, RECIPE.optim.head_lr)
