from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from tiny_training import history_of, meta_of, tiny_photos, tiny_recipe

from whereshot.learn.distributed import Team
from whereshot.learn.learner import Learner
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

STILL = ("model.dropout=0", "optim.clip=0", "optim.ema=0", "optim.label_smoothing=0")


def learner_of(*assignments: str) -> Learner:
    learner = Learner(tiny_recipe("photos", *assignments), [4, 4, 4], Team())
    learner.begin(frozen=False)
    return learner


def batch(photos: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    planes = torch.randint(0, 256, (photos, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return planes, torch.arange(photos) % 3


def step(learner: Learner, turn: tuple[int, int] = (0, 0)) -> float:
    planes, labels = batch()
    blended, targets = learner.blend(planes, labels, photos=6, turn=turn)
    loss = learner.backward(blended, targets, labels, photos=6)
    learner.update()
    return loss


# -- what is random ------------------------------------------------------------------------


def test_chance_is_decided_by_seed_and_turn_alone() -> None:
    lively = ("augment.mixup=1.0", "model.dropout=0.5", "model.drop_path=0.3")
    losses: list[float] = []
    for noise, turn in ((1, (2, 5)), (2, (2, 5)), (1, (2, 6))):
        learner = learner_of(*lively)
        torch.manual_seed(noise)
        losses.append(step(learner, turn))
    assert losses[0] == losses[1] != losses[2]


def test_processes_mix_alike_and_drop_out_differently() -> None:
    planes, labels = batch()
    drawn: list[tuple[torch.Tensor, torch.Tensor]] = []
    for rank in (0, 1):
        learner = learner_of("augment.mixup=1.0")
        learner.team = Team(rank, 1)
        _, targets = learner.blend(planes, labels, photos=6, turn=(0, 0))
        drawn.append((targets, torch.rand(4)))
    assert torch.equal(drawn[0][0], drawn[1][0])
    assert not torch.equal(drawn[0][1], drawn[1][1])


# -- shares --------------------------------------------------------------------------------


def test_unequal_shares_add_up_to_the_gradient_of_the_whole_batch() -> None:
    planes, labels = batch(5)
    frozen_norms = ("schedule.freeze_batch_norm=true", *STILL)
    learner = learner_of(*frozen_norms)
    blended, targets = learner.blend(planes, labels, photos=5, turn=(0, 0))
    whole_loss = learner.backward(blended, targets, labels, photos=5)
    whole = learner.network.head.get_parameter("linear.weight").grad
    assert whole is not None
    total, loss = torch.zeros_like(whole), 0.0
    for rank in (0, 1):
        learner = learner_of(*frozen_norms)
        mine = Team(rank, 2).share(5)
        blended, targets = learner.blend(planes[mine], labels[mine], photos=5, turn=(0, 0))

        class Counted(Team):  # as one of two, but alone in this process
            def total(self, mine: float) -> float:
                return mine

        learner.team = Counted(rank, 2)
        loss += learner.backward(blended, targets, labels[mine], photos=5)
        gradient = learner.network.head.get_parameter("linear.weight").grad
        assert gradient is not None
        total += gradient / 2  # what is exchanged is the mean over processes
    assert loss == pytest.approx(whole_loss, rel=1e-5)
    assert torch.allclose(total, whole, atol=1e-7)


# -- float16 -------------------------------------------------------------------------------


def test_only_float16_scales_the_loss() -> None:
    for precision in ("float32", "bfloat16", "float16"):
        learner = learner_of(f"precision={precision}")
        assert learner.scaler.is_enabled() == (precision == "float16")


def test_a_scaled_step_is_the_unscaled_one_by_hand_clipping_included() -> None:
    learner = learner_of("precision=float16", "optim.clip=0.05", *STILL[2:])
    planes, labels = batch()
    blended, targets = learner.blend(planes, labels, photos=6, turn=(0, 0))

    by_hand = copy.deepcopy(learner.network)
    with torch.autocast("cpu", torch.float16):
        logits = by_hand.from_planes(blended.contiguous(memory_format=torch.channels_last)).logits
    (1024 * torch.nn.functional.cross_entropy(logits.float(), targets)).backward()
    expected = flat_gradient(by_hand) / 1024
    assert expected.norm() > 0.1  # so there is something to clip

    learner.backward(blended, targets, labels, photos=6)
    scale = learner.scaler.get_scale()
    assert scale > 1
    assert torch.allclose(flat_gradient(learner.network).norm() / scale, expected.norm(), rtol=0.02)
    seen: list[torch.Tensor] = []
    step = learner.optimizer.step
    learner.optimizer.step = lambda: (seen.append(flat_gradient(learner.network)), step())  # type: ignore[method-assign, assignment, return-value]
    learner.update()
    assert float(seen[0].norm()) == pytest.approx(0.05, rel=1e-3)
    assert float(torch.nn.functional.cosine_similarity(seen[0], expected, 0)) > 0.999


def flat_gradient(network: torch.nn.Module) -> torch.Tensor:
    gradients = [value.grad for value in network.parameters()]
    return torch.cat([each.flatten().clone() for each in gradients if each is not None])


def test_a_step_that_overflows_is_left_out_and_the_scale_halved() -> None:
    learner = learner_of("precision=float16")
    before = copy.deepcopy(learner.network.state_dict())
    planes, labels = batch()
    blended, targets = learner.blend(planes, labels, photos=6, turn=(0, 0))
    learner.backward(blended, targets, labels, photos=6)
    weight = learner.network.head.get_parameter("linear.weight")
    assert weight.grad is not None
    weight.grad[0, 0] = float("inf")
    scale = learner.scaler.get_scale()
    learner.update()
    assert learner.scaler.get_scale() == scale / 2
    assert torch.equal(weight, before["head.linear.weight"])
    assert learner.is_finite()


def test_the_scale_goes_on_with_the_run() -> None:
    learner = learner_of("precision=float16")
    step(learner)
    learner.scaler.update(new_scale=1024.0)
    other = learner_of("precision=float16")
    other.load_state_dict(learner.state_dict())
    assert other.scaler.get_scale() == 1024.0
    assert step(other, (0, 1)) == step(learner, (0, 1))


def test_a_state_from_before_there_was_a_scale_is_read() -> None:
    learner = learner_of()
    step(learner)
    state = learner.state_dict()
    del state["scaler"]
    for group in state["optimizer"]["param_groups"]:
        del group["part"]
    other = learner_of()
    other.load_state_dict(state)
    assert set(other.learning_rates()) == {"learning_rate/backbone"}
    assert step(other, (0, 1)) == step(learner, (0, 1))


@pytest.mark.slow
def test_float16_trains_stops_and_goes_on(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path)
    recipe = tiny_recipe(photos, "precision=float16", "schedule.epochs=1")

    def stop(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if stage == "epoch 2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "stopped", report=stop)
    train(recipe, tmp_path / "stopped", resume=True)
    train(recipe, tmp_path / "whole")
    weights = [
        (tmp_path / name / "weights.safetensors").read_bytes() for name in ("stopped", "whole")
    ]
    assert weights[0] == weights[1]
    assert meta_of(tmp_path / "whole")["results"]["precision"] == "float16"
    assert len(history_of(tmp_path / "whole")) == 2
