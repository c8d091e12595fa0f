from __future__ import annotations

import pytest
import torch

from whereshot.learn.class_sample import draw_classes, places_in

LABELS = torch.tensor([90, 3, 3, 41, 100])  # of 100 classes: the last has no landmark


def test_the_classes_of_the_batch_are_always_in_and_the_rest_is_filled_up() -> None:
    for seed in range(20):
        chosen = draw_classes(LABELS, 100, 0.1, seed=seed).tolist()
        assert len(chosen) == 10
        assert chosen == sorted(set(chosen))
        assert {3, 41, 90} <= set(chosen)
        assert chosen[-1] < 100


def test_seeds_decide_and_different_ones_draw_others() -> None:
    one, again, other = (draw_classes(LABELS, 100, 0.1, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_every_other_class_has_the_same_chance() -> None:
    drawn = torch.zeros(20)
    for seed in range(2000):
        drawn[draw_classes(torch.tensor([0]), 20, 0.25, seed=seed)] += 1
    assert drawn[0] == 2000
    expected = 2000 * 4 / 19
    # Six standard deviations of a binomial draw.
    assert (drawn[1:] - expected).abs().max() < 6 * (expected * (1 - 4 / 19)) ** 0.5


def test_a_batch_of_more_classes_than_the_share_gets_them_all() -> None:
    labels = torch.arange(0, 60, 2)
    assert draw_classes(labels, 100, 0.1, seed=0).tolist() == labels.tolist()


def test_a_batch_without_landmarks_is_compared_with_some() -> None:
    assert len(draw_classes(torch.tensor([100, 100]), 100, 0.001, seed=0)) == 1


def test_the_share_one_is_all_classes() -> None:
    assert draw_classes(LABELS, 100, 1.0, seed=0).tolist() == list(range(100))


@pytest.mark.parametrize("seed", range(3))
def test_places_are_those_of_the_labels_and_none_is_the_one_after_the_last(seed: int) -> None:
    chosen = draw_classes(LABELS, 100, 0.2, seed=seed)
    places = places_in(chosen, LABELS)
    assert chosen[places[:4]].tolist() == LABELS[:4].tolist()
    assert places[4] == len(chosen) == 20
