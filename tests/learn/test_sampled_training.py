"""Heads that are compared with a share of the classes in each step, from recipe to run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_training import history_of, tiny_photos, tiny_recipe
from torch import Tensor

from whereshot.errors import RecipeError
from whereshot.learn.distributed import Team
from whereshot.learn.heads import CosineHead
from whereshot.learn.learner import Learner
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

ARCFACE = (
    "model.head=cosine",
    "model.subcenters=2",
    "model.margin=0.3",
    "model.dropout=0.2",
    "optim.ema=0",
    "schedule.freeze_batch_norm=true",
)
# Rounded to a whole number of classes it is all of them, and yet they are drawn.
ALL = "model.class_share=0.9999"
FEW = "model.class_share=0.2"
CLASSES = 30


def learner_of(*assignments: str, counts: int = CLASSES) -> Learner:
    recipe = tiny_recipe("photos", *ARCFACE, *assignments)
    learner = Learner(recipe, [4 + n for n in range(counts)], Team())
    learner.begin(frozen=False)
    return learner


def gradients(learner: Learner, turn: tuple[int, int] = (0, 0), *, unknown: bool = False) -> float:
    generator = torch.Generator().manual_seed(3)
    planes = torch.randint(0, 256, (6, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = 7 * (torch.arange(6) % 3)
    if unknown:
        labels[-1] = CLASSES
    blended, targets = learner.blend(planes, labels, photos=6, turn=turn)
    return learner.backward(blended, targets, labels, photos=6)


def centers_of(learner: Learner) -> torch.nn.Parameter:
    head = learner.network.head
    assert isinstance(head, CosineHead)
    return head.centers


def gradient_of(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


@pytest.mark.parametrize(
    "settings",
    [(), ("augment.mixup=0.4", "model.margin=0"), ("optim.label_smoothing=0",)],
    ids=["margin", "mixup", "hard labels"],
)
@pytest.mark.parametrize("unknown", [False, True])
def test_all_classes_drawn_is_the_full_loss_with_its_gradients(
    settings: tuple[str, ...], unknown: bool
) -> None:
    full, drawn = learner_of(*settings), learner_of(*settings, ALL)
    assert gradients(full, unknown=unknown) == gradients(drawn, unknown=unknown)
    assert gradient_of(centers_of(drawn)).is_sparse
    pairs = zip(full.network.named_parameters(), drawn.network.parameters(), strict=True)
    for (name, one), other in pairs:
        assert torch.equal(gradient_of(one), gradient_of(other).to_dense()), name


def test_all_classes_drawn_is_the_full_training_step_by_step() -> None:
    full, drawn = learner_of(), learner_of(ALL)
    for number in range(4):
        for learner in (full, drawn):
            gradients(learner, (0, number))
            learner.update()
    # Their optimizers round in another order.
    assert torch.allclose(centers_of(full), centers_of(drawn), atol=1e-5)
    before = centers_of(learner_of())
    assert (centers_of(full) - before).abs().max() > 1e-2


def test_a_class_that_was_not_drawn_has_no_gradient_and_stays_where_it_is() -> None:
    learner = learner_of(FEW)
    before = centers_of(learner).detach().clone()
    gradients(learner)
    assert learner.chosen is not None
    drawn = {row for label in learner.chosen.tolist() for row in (label, CLASSES + label)}
    assert len(drawn) == 2 * round(0.2 * CLASSES)
    assert {0, 7, 14} <= drawn
    rows = gradient_of(centers_of(learner)).coalesce()
    assert set(rows.indices()[0].tolist()) == drawn
    learner.update()
    moved = (centers_of(learner) - before).abs().amax(1)
    assert {row for row, length in enumerate(moved.tolist()) if length > 0} == drawn
    memory = learner.optimizer.state[centers_of(learner)]
    assert set(memory["row_steps"].nonzero().flatten().tolist()) == drawn


def test_seed_and_turn_decide_which_classes_are_drawn() -> None:
    drawn: list[list[int]] = []
    for seed, turn, noise in ((0, (1, 2), 1), (0, (1, 2), 2), (0, (1, 3), 1), (1, (1, 2), 1)):
        learner = learner_of(FEW, f"seed={seed}")
        torch.manual_seed(noise)
        gradients(learner, turn)
        assert learner.chosen is not None
        drawn.append(learner.chosen.tolist())
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[0] != drawn[3]


def test_gradients_of_several_batches_add_up_over_their_classes() -> None:
    learner = learner_of(FEW, "optim.accumulate=2")
    chosen: set[int] = set()
    for number in range(2):
        gradients(learner, (0, number))
        assert learner.chosen is not None
        chosen |= set(learner.chosen.tolist())
    assert len(chosen) > round(0.2 * CLASSES)
    rows = gradient_of(centers_of(learner)).coalesce().indices()[0]
    assert {int(row) % CLASSES for row in rows} == chosen


def test_it_learns_sixteen_photos_by_heart_though_it_never_sees_all_classes() -> None:
    recipe = tiny_recipe(
        "photos",
        "model.head=cosine",
        "model.class_share=0.7",  # of 30: the sixteen, and five others
        "optim.lr=0.01",
        "optim.head_lr=0.01",
        "optim.ema=0",
    )
    learner = Learner(recipe, [1] * CLASSES, Team())
    learner.begin(frozen=False)
    generator = torch.Generator().manual_seed(5)
    planes = torch.randint(0, 256, (16, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.arange(16)
    for number in range(50):
        blended, targets = learner.blend(planes, labels, photos=16, turn=(0, number))
        learner.backward(blended, targets, labels, photos=16)
        assert learner.chosen is not None
        assert len(learner.chosen) == 21
        learner.update()
    with torch.inference_mode():
        answers = learner.network(planes.permute(0, 2, 3, 1)).logits.argmax(1).tolist()
    assert answers == labels.tolist()


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path, classes=6, each=4)
    recipe = tiny_recipe(photos, *ARCFACE, "model.class_share=0.5", "optim.accumulate=2")
    whole = train(recipe, tmp_path / "whole")

    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def stop(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (stage, done) == ("epoch 3", 2):
            raise Stopped

    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=stop)
    train(recipe, tmp_path / "run", resume=True)
    one, other = (each / "weights.safetensors" for each in (whole, tmp_path / "run"))
    assert one.read_bytes() == other.read_bytes()
    assert history_of(whole) == history_of(tmp_path / "run")


def test_only_a_cosine_head_can_be_sampled() -> None:
    with pytest.raises(RecipeError, match=r'model\.class_share need model\.head = "cosine"'):
        tiny_recipe("photos", "model.class_share=0.5")
    for share in ("0", "1.5", "nan"):
        with pytest.raises(RecipeError, match=r"class_share must be in \(0, 1\]"):
            tiny_recipe("photos", "model.head=cosine", f"model.class_share={share}")
