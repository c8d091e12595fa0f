from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whereshot.learn.losses import adaptive_margins, angular_margin, soft_cross_entropy

SCALE = 20.0


def penalized(cosine: float, margin: float) -> float:
    """What the margin makes of the true class's cosine; the other class's logit must stay."""
    logits = torch.tensor([[3.0, SCALE * cosine]])
    turned = angular_margin(logits, torch.tensor([1]), torch.tensor([9.0, margin]), SCALE)
    assert turned[0, 0] == 3.0
    return turned[0, 1].item() / SCALE


@given(st.floats(-0.999, 0.999), st.floats(0, 1.5))
def test_the_margin_matches_the_formula(cosine: float, margin: float) -> None:
    angle = math.acos(cosine)
    if angle + margin < math.pi - 1e-3:
        assert penalized(cosine, margin) == pytest.approx(math.cos(angle + margin), abs=1e-5)
    elif angle + margin > math.pi + 1e-3:
        expected = cosine - margin * math.sin(margin)
        assert penalized(cosine, margin) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.0])
def test_a_better_cosine_is_always_a_better_logit(margin: float) -> None:
    turned = [penalized(cosine, margin) for cosine in np.linspace(-1, 1, 400)]
    assert (np.diff(turned) >= 0).all()
    # and the margin never helps
    assert all(
        after <= before + 1e-6
        for after, before in zip(turned, np.linspace(-1, 1, 400), strict=True)
    )


def test_no_margin_changes_nothing() -> None:
    torch.manual_seed(0)
    logits = SCALE * (2 * torch.rand(6, 4) - 1)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    same = angular_margin(logits, labels, torch.zeros(4), SCALE)
    assert torch.allclose(same, logits, atol=1e-4)


def test_a_photo_without_a_landmark_gets_no_margin() -> None:
    torch.manual_seed(0)
    logits, margins = SCALE * (2 * torch.rand(3, 2) - 1), torch.tensor([0.3, 0.3])
    turned = angular_margin(logits, torch.tensor([2, 0, 2]), margins, SCALE)
    assert torch.equal(turned[[0, 2]], logits[[0, 2]])
    assert turned[1, 0] < logits[1, 0]


def test_each_photo_gets_the_margin_of_its_own_class() -> None:
    logits = torch.zeros(3, 3)  # right angles everywhere
    margins = torch.tensor([0.1, 0.2, 0.3])
    turned = angular_margin(logits, torch.tensor([2, 0, 1]), margins, SCALE)
    expected = np.zeros((3, 3))
    for row, label in enumerate((2, 0, 1)):
        expected[row, label] = SCALE * math.cos(math.pi / 2 + margins[label].item())
    assert np.allclose(turned.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("cosine", [-1.0, -0.9999999, 0.0, 0.9999999, 1.0])
def test_the_gradient_is_finite_even_at_the_poles(cosine: float) -> None:
    logits = torch.tensor([[0.0, SCALE * cosine]], requires_grad=True)
    margins = torch.tensor([0.3, 0.3])
    angular_margin(logits, torch.tensor([1]), margins, SCALE).sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_rare_classes_get_larger_margins_and_the_mean_is_as_asked() -> None:
    margins = adaptive_margins([16, 1, 81, 0], margin=0.4)
    # 16^-1/4 = 1/2, 81^-1/4 = 1/3, and an empty class counts as one photo
    expected = np.array([1 / 2, 1, 1 / 3, 1])
    assert margins.numpy() == pytest.approx(0.4 * expected / expected.mean())
    assert margins.mean().item() == pytest.approx(0.4)
    assert adaptive_margins([3, 200], margin=0.0).tolist() == [0.0, 0.0]


def test_soft_cross_entropy_matches_a_hand_computation() -> None:
    logits = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    targets = np.array([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    smooth = 0.9 * targets + 0.1 / 3
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -(smooth * log_p).sum(1).mean()
    loss = soft_cross_entropy(torch.tensor(logits), torch.tensor(targets), smoothing=0.1)
    assert loss.item() == pytest.approx(expected)
