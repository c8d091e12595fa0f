from __future__ import annotations

import numpy as np
import pytest
import torch

from whereshot.learn.heads import AveragePool, CosineHead, GeneralizedMean, SoftmaxHead


def cosine_head(
    centers: list[list[float]], *, subcenters: int = 1, dropout: float = 0.0
) -> CosineHead:
    classes = len(centers) // subcenters
    head = CosineHead(2, classes, subcenters=subcenters, scale=10.0, dropout=dropout)
    head.centers.data = torch.tensor(centers)
    return head.eval()


def test_cosine_logits_match_a_hand_computation() -> None:
    # (3, 4) has length 5: its cosine to (1, 0) is 0.6, to (0, 2) 0.8, to (-5, 0) -0.6.
    head = cosine_head([[1.0, 0.0], [0.0, 2.0], [-5.0, 0.0]])
    logits = head(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
    assert torch.allclose(logits, torch.tensor([[6.0, 8.0, -6.0]] * 2))


def test_the_nearest_of_a_classes_subcenters_counts() -> None:
    # Two classes with two centers each: rows are (center 0 of both), (center 1 of both).
    head = cosine_head([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [-1.0, 0.0]], subcenters=2)
    logits = head(torch.tensor([[0.6, 0.8], [0.0, -3.0], [-1.0, 0.0]]))
    # class 0 has centers (1, 0) and (0, -1); class 1 has (0, 1) and (-1, 0)
    assert torch.allclose(logits, torch.tensor([[6.0, 8.0], [10.0, 0.0], [0.0, 10.0]]), atol=1e-5)


def test_cosine_logits_stay_within_the_scale() -> None:
    torch.manual_seed(0)
    head = CosineHead(16, 7, subcenters=3, scale=20.0, dropout=0.5)
    logits = head(100 * torch.randn(50, 16))
    assert logits.shape == (50, 7)
    assert logits.abs().max() <= 20.0001


def test_a_silent_embedding_gives_finite_logits_and_gradients() -> None:
    head = CosineHead(4, 3, subcenters=2, scale=10.0, dropout=0.0)
    embedding = torch.zeros(2, 4, requires_grad=True)
    logits = head(embedding)
    logits.sum().backward()
    assert logits.abs().max() == 0
    assert embedding.grad is not None
    assert embedding.grad.isfinite().all()


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    for head in (
        SoftmaxHead(8, 3, dropout=0.5),
        CosineHead(8, 3, subcenters=1, scale=10.0, dropout=0.5),
    ):
        embedding = torch.randn(4, 8)
        assert not torch.equal(head.train()(embedding), head(embedding))
        assert torch.equal(head.eval()(embedding), head(embedding))


def test_a_softmax_head_is_linear_and_starts_nearly_undecided() -> None:
    torch.manual_seed(0)
    head = SoftmaxHead(8, 3, dropout=0.0).eval()
    x = torch.randn(5, 8)
    expected = x.numpy() @ head.linear.weight.detach().numpy().T
    assert np.allclose(head(x).detach().numpy(), expected, atol=1e-6)
    assert head(x).softmax(1).sub(1 / 3).abs().max() < 0.05


def test_average_pooling_takes_the_mean_of_each_channel() -> None:
    features = torch.arange(12.0).reshape(1, 2, 2, 3)
    assert AveragePool()(features).tolist() == [[2.5, 8.5]]


def test_generalized_mean_matches_a_hand_computation() -> None:
    # The cube root of (1 + 8 + 27 + 64) / 4 = 25; and of a channel that is constant.
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[2.0, 2.0], [2.0, 2.0]]]])
    pooled = GeneralizedMean(3.0)(features)
    assert pooled.tolist()[0] == pytest.approx([25 ** (1 / 3), 2.0], rel=1e-5)


@pytest.mark.parametrize(("power", "expected"), [(1.0, 2.5), (60.0, 4.0)])
def test_the_power_leads_from_the_mean_to_the_maximum(power: float, expected: float) -> None:
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert GeneralizedMean(power)(features).item() == pytest.approx(expected, rel=0.03)


def test_generalized_mean_learns_its_power_even_where_a_channel_is_silent() -> None:
    pool = GeneralizedMean()
    features = torch.tensor([[[[0.0, 0.0]], [[1.0, 5.0]], [[-3.0, 0.0]]]], requires_grad=True)
    pool(features).sum().backward()
    assert features.grad is not None
    assert pool.power.grad is not None
    assert features.grad.isfinite().all()
    assert pool.power.grad.isfinite()
    assert pool.power.grad != 0
