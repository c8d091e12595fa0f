from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import RecipeError
from whereshot.learn.config import (
    AugmentConfig,
    DataConfig,
    ModelConfig,
    OptimConfig,
    Recipe,
    ScheduleConfig,
    from_dict,
    override,
    read_recipe,
    to_dict,
)

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_recipe_reads() -> None:
    # A loop, not parameters: it also holds while there are none yet.
    for path in sorted(RECIPES.glob("*.toml")):
        assert isinstance(read_recipe(path), Recipe), path


def test_a_recipe_file_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    text = 'name = "a"\nseed = 3\n[optim]\nlr = 1\n[model]\nhead = "cosine"\nmargin = 0.2\n'
    recipe = read_recipe(written(tmp_path, text))
    assert (recipe.name, recipe.seed, recipe.optim.lr) == ("a", 3, 1.0)
    assert isinstance(recipe.optim.lr, float)
    assert recipe.model == dataclasses.replace(Recipe().model, head="cosine", margin=0.2)
    assert recipe.data == Recipe().data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sed = 1", "Unknown recipe key 'sed'. Did you mean 'seed'?"),
        ("[optm]\nlr = 1.0", "Unknown recipe key 'optm'. Did you mean 'optim'?"),
        ("[optim]\nlearning_rate = 1.0", "Unknown recipe key 'optim.learning_rate'."),
        ("[optim]\nhaed_lr = 1.0", "Did you mean 'optim.head_lr'?"),
        ("[model]\nxyzzy = 1", "Known: architecture, class_share, drop_path,"),
        ("optim = 3", "Recipe section 'optim' must be a table, got 3."),
    ],
)
def test_an_unknown_key_is_refused_with_the_closest_match(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(RecipeError, match=re.escape(said)):
        read_recipe(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1.5", "'seed' must be a whole number, got 1.5"),
        ("seed = true", "'seed' must be a whole number, got True"),
        ('seed = "1"', "'seed' must be a whole number, got '1'"),
        ("name = 7", "'name' must be a text in quotes, got 7"),
        ('[optim]\nlr = "fast"', "'optim.lr' must be a number, got 'fast'"),
        ("[optim]\nlr = false", "'optim.lr' must be a number, got False"),
        ("[schedule]\nfreeze_batch_norm = 1", "must be true or false, got 1"),
        ('[model]\nhead = "cosin"', "'model.head' must be one of softmax, cosine, got 'cosin'"),
        ("[model]\nhead = []", "'model.head' must be one of softmax, cosine, got []"),
        ("[data]\nleave_out = 'Petra'", "'data.leave_out' must be a list of texts in quotes"),
        ("[data]\nleave_out = ['Petra', 3]", "'data.leave_out' must be a list of texts in quotes"),
        ("[data]\ntrain = 2026-11-01", "'data.train' must be a text in quotes"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(said)):
        read_recipe(written(tmp_path, text))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        (DataConfig, "validation", -0.1),
        (DataConfig, "validation", 0.9),
        (DataConfig, "balance", 1.1),
        (DataConfig, "workers", -1),
        (AugmentConfig, "min_scale", 0.0),
        (AugmentConfig, "mixup", -1.0),
        (AugmentConfig, "cutmix", math.inf),
        (ModelConfig, "size", 31),
        (ModelConfig, "size", 1025),
        (ModelConfig, "embedding", -1),
        (ModelConfig, "subcenters", 0),
        (ModelConfig, "scale", 0.0),
        (ModelConfig, "margin", 1.6),
        (ModelConfig, "margin", -0.1),
        (ModelConfig, "dropout", 1.0),
        (ModelConfig, "drop_path", -0.1),
        (OptimConfig, "lr", 0.0),
        (OptimConfig, "lr", math.inf),
        (OptimConfig, "lr", math.nan),
        (OptimConfig, "head_lr", -1.0),
        (OptimConfig, "weight_decay", -0.1),
        (OptimConfig, "weight_decay", math.nan),
        (OptimConfig, "batch", 1),
        (OptimConfig, "accumulate", 0),
        (OptimConfig, "clip", -1.0),
        (OptimConfig, "layer_decay", 0.0),
        (OptimConfig, "label_smoothing", 1.0),
        (OptimConfig, "ema", 1.0),
        (ScheduleConfig, "warmup", 1.5),
        (ScheduleConfig, "grow", -0.1),
        (ScheduleConfig, "freeze_stages", -2),
        (ScheduleConfig, "patience", -1),
        (ScheduleConfig, "start_size", 8),
        (ScheduleConfig, "end_size", 8),
        (ScheduleConfig, "frozen_epochs", -1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(section: type, key: str, value: float) -> None:
    with pytest.raises(RecipeError, match=rf"\.{key} .*must be .*got {value}"):
        section(**{key: value})


def test_a_run_needs_an_epoch() -> None:
    with pytest.raises(RecipeError, match=r"must be 1 or more, got 0 \+ 0"):
        ScheduleConfig(frozen_epochs=0, epochs=0)


@pytest.mark.parametrize("name", ["", " ", "..", "a/b", "a\\b"])
def test_a_name_that_is_no_folder_name_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match="usable as a folder's name"):
        Recipe(name=name)


def test_a_margin_or_subcenters_without_a_cosine_head_are_refused() -> None:
    with pytest.raises(RecipeError, match=r'need model\.head = "cosine"'):
        ModelConfig(margin=0.3)
    with pytest.raises(RecipeError, match=r'need model\.head = "cosine"'):
        ModelConfig(subcenters=2)


@pytest.mark.parametrize("mixing", ["mixup", "cutmix"])
def test_a_margin_with_mixed_labels_is_refused(mixing: str) -> None:
    changes = ["model.head=cosine", "model.margin=0.3", f"augment.{mixing}=0.2"]
    with pytest.raises(RecipeError, match=r"set model\.margin = 0, or augment\.mixup = 0"):
        override(Recipe(), changes)


def test_overrides_are_read_as_toml_and_texts_need_no_quotes() -> None:
    recipe = override(
        Recipe(),
        [
            "optim.lr=3e-4",
            "optim.ema=0",
            "schedule.freeze_batch_norm=false",
            "seed = 1_000",
            "model.head=cosine",
            'model.fit="squash"',
            "model.pool='gem'",
            "data.train=/data/a=b, c # d",
            "name=2026",
        ],
    )
    assert recipe.optim.lr == 3e-4
    assert recipe.optim.ema == 0.0
    assert recipe.schedule.freeze_batch_norm is False
    assert recipe.seed == 1000
    assert (recipe.model.head, recipe.model.fit, recipe.model.pool) == ("cosine", "squash", "gem")
    assert recipe.data.train == "/data/a=b, c # d"
    assert recipe.name == "2026"


def test_the_last_of_two_overrides_wins() -> None:
    assert override(Recipe(), ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("optim.lr", "Expected key=value such as optim.lr=3e-4, got 'optim.lr'."),
        ("optim.lrr=1", "Unknown recipe key 'optim.lrr'. Did you mean 'optim.lr'?"),
        ("optum.lr=1", "Unknown recipe key 'optum'. Did you mean 'optim'?"),
        ("=1", "Unknown recipe key ''."),
        ("optim.lr=fast", "'optim.lr' must be a number, got 'fast'."),
        ("optim.lr=", "'optim.lr' must be a number, got ''."),
        ("optim.lr=1\nseed=2", "'optim.lr' must be a number"),
        ("optim={lr = 1.0}", "'optim' is a section: set a key in it"),
        ("model.size.width=3", "'model.size' is a value: nothing can be set in it"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(assignment: str, said: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(said)):
        override(Recipe(), [assignment])


def test_a_missing_recipe_says_where_the_shipped_ones_are(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"No recipe at .*nothing\.toml.*recipes/"):
        read_recipe(tmp_path / "nothing.toml")


@pytest.mark.parametrize("content", [b"seed = ", b"\xff\xfe", b"seed = 1\nseed = 2"])
def test_a_recipe_that_is_not_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="is not valid TOML"):
        read_recipe(path)


@given(
    st.builds(
        Recipe,
        seed=st.integers(0, 2**31),
        precision=st.sampled_from(["auto", "float32", "bfloat16"]),
        data=st.builds(DataConfig, train=st.text(), validation=st.floats(0, 0.89)),
        augment=st.builds(AugmentConfig, mixup=st.floats(0, 5), preset=st.just("strong")),
        model=st.builds(ModelConfig, size=st.integers(32, 1024), scale=st.floats(1, 64)),
        optim=st.builds(OptimConfig, lr=st.floats(1e-8, 1), accumulate=st.integers(1, 9)),
        schedule=st.builds(ScheduleConfig, epochs=st.integers(1, 99), start_size=st.just(64)),
    )
)
def test_a_recipe_survives_the_way_through_json(recipe: Recipe) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(recipe)))) == recipe
