from __future__ import annotations

import pytest

from whereshot.errors import RecipeError
from whereshot.learn.config import Recipe, override
from whereshot.learn.study.plan import plan_study


def test_the_default_study_is_every_backbone_at_every_size_in_every_mode() -> None:
    plan = plan_study(Recipe())
    assert len(plan) == len({cell.name for cell in plan}) == 27
    assert plan[0].name == "tf_efficientnet_lite0-192-frozen"
    assert all(cell.recipe.name == cell.name for cell in plan)
    assert all(cell.recipe.model.architecture == cell.backbone for cell in plan)


def test_the_modes_differ_in_what_trains_and_in_nothing_else() -> None:
    base = override(Recipe(), ["optim.lr=2e-4", "augment.preset=strong"])
    frozen, partial, full = plan_study(base, ["resnet18"], [224], epochs=4)
    assert (frozen.recipe.schedule.frozen_epochs, frozen.recipe.schedule.epochs) == (4, 0)
    assert (partial.recipe.schedule.epochs, partial.recipe.schedule.freeze_stages) == (4, 3)
    assert (full.recipe.schedule.epochs, full.recipe.schedule.freeze_stages) == (4, -1)
    for cell in (frozen, partial, full):
        assert cell.backbone == "timm/resnet18"
        assert cell.recipe.optim == base.optim
        assert cell.recipe.augment == base.augment
        assert cell.recipe.data == base.data


def test_photos_that_grow_during_training_grow_in_proportion_to_the_size() -> None:
    base = override(Recipe(), ["model.size=200", "schedule.start_size=150"])
    frozen, full = plan_study(base, sizes=[100], modes=["frozen", "full"], backbones=["resnet18"])
    assert full.recipe.schedule.start_size == 75
    assert frozen.recipe.schedule.start_size == 0  # the head alone would see small photos only
    (other,) = plan_study(Recipe(), ["resnet18"], [100], ["full"])
    assert other.recipe.schedule.start_size == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modes": ["whole"]}, "Unknown mode 'whole'. Expected some of: frozen, partial, full"),
        ({"sizes": []}, "needs a backbone, a size and a mode"),
        ({"backbones": ["resnet18", "timm/resnet18"]}, "names 'resnet18-192-frozen' twice"),
        ({"sizes": [8]}, r"model.size must be in \[32, 1024\] px, got 8"),
        ({"epochs": 0}, "epochs must be 1 or more, got 0"),
    ],
)
def test_a_wrong_plan_says_what_is_expected(change: dict, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        plan_study(Recipe(), **change)


def test_without_held_out_photos_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(RecipeError, match=r"data\.validation = 0"):
        plan_study(override(Recipe(), ["data.validation=0"]))
