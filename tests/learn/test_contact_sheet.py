from __future__ import annotations

import numpy as np
import torch

from whereshot.learn.augment import Mixing
from whereshot.learn.config import AugmentConfig
from whereshot.learn.contact_sheet import captions_of, contact_sheet

CLASSES = ["Eiffel_Tower", "Stonehenge", "Petra", "Uluru"]


def test_one_label_is_its_name() -> None:
    _, targets = Mixing(AugmentConfig(), 4)(torch.zeros(2, 3, 4, 4), torch.tensor([2, 0]))
    assert captions_of(targets, CLASSES) == [["Petra"], ["Eiffel_Tower"]]


def test_mixed_labels_are_named_with_their_shares_the_largest_first() -> None:
    targets = torch.tensor([[0.3, 0.7, 0, 0], [0, 0.999, 0.001, 0]])
    assert captions_of(targets, CLASSES) == [["0.7 Stonehenge", "0.3 Eiffel_Tower"], ["Stonehenge"]]


def test_a_photo_without_a_landmark_says_so_alone_and_mixed() -> None:
    _, targets = Mixing(AugmentConfig(), 4)(torch.zeros(2, 3, 4, 4), torch.tensor([4, 1]))
    assert captions_of(targets, CLASSES, unknown=True) == [["no landmark"], ["Stonehenge"]]
    mixed = 0.6 * targets[1:] + 0.4 * targets[:1]
    assert captions_of(mixed, CLASSES, unknown=True) == [["0.6 Stonehenge", "0.4 no landmark"]]


def test_each_photo_has_its_place_its_colours_and_text_below() -> None:
    planes = torch.zeros(3, 3, 8, 8)
    for number in range(3):
        planes[number, number] = 300.0 if number == 2 else 255.0  # blends may overshoot a little
    sheet = np.asarray(contact_sheet(planes, [["a"], ["b", "c", "d"], []]))
    assert sheet.shape == (2 * (160 + 28 + 4) + 4, 2 * 164 + 4, 3)
    assert sheet[80, 80].tolist() == [255, 0, 0]
    assert sheet[80, 244].tolist() == [0, 255, 0]
    assert sheet[272, 80].tolist() == [0, 0, 255]
    assert sheet[272, 244].tolist() == [255, 255, 255]  # no fourth photo
    assert (sheet[164:192, 4:164] < 128).any()  # text
    assert (sheet[178:192, 168:328] < 128).any()  # a second line
    assert (sheet[356:384, 4:164] == 255).all()  # none


def test_a_long_name_stays_below_its_photo() -> None:
    planes = torch.zeros(2, 3, 8, 8)
    sheet = np.asarray(contact_sheet(planes, [["Long_" * 40], []]))
    assert (sheet[164:178, 4:164] < 128).any()
    assert (sheet[164:192, 168:] == 255).all()
