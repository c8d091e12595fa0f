"""What of a photo is shown beside what a network says of it."""

from __future__ import annotations

import numpy as np

from whereshot.learn.explain.looks import seen_part


def test_the_part_that_is_seen_is_the_square_of_a_crop_and_all_of_a_squash():
    wide = np.zeros((60, 100, 3), np.uint8)
    wide[:, 20:80] = 255

    assert seen_part(wide, "crop").shape == (60, 60, 3)
    assert seen_part(wide, "crop").min() == 255
    assert (seen_part(wide, "squash") == wide).all()
