"""What a bundle or a run looked at in a photo, as pictures with words under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whereshot.learn.explain.activation import head_activation
from whereshot.learn.explain.gradcam import finer_layer, grad_cam
from whereshot.learn.explain.heads import head_of
from whereshot.learn.subject import Subject
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.photo.prepare import Fit
from whereshot.recognize import Bundle
from whereshot.recognize.overlay import overlay

PICTURE_PX = 240
"""The shorter side of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels (H, W, 3) uint8 and what they show."""

    caption: str
    pixels: NDArray[np.uint8]


class Observer:
    """Sees what a subject looks at; holds what is the same for all photos.

    Of a bundle there is class activation. A run has gradients too, so there is Grad-CAM of an
    earlier layer, whose cells are finer. Raises MissingExtraError for a bundle without `onnx`.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._head = head_of(subject)
        self._run = None if isinstance(subject.source, Bundle) else subject.source
        self._finer = None if self._run is None else finer_layer(self._run)

    def looks(
        self, photo: str | PathLike[str], landmarks: Sequence[int] = ()
    ) -> tuple[Picture, ...]:
        """The part of a photo that the network sees, and what in it speaks for each landmark.

        `landmarks` are output numbers; none stands for the network's own answer. Grad-CAM is
        of the first of them. Raises PhotoError where the photo can't be read.
        """
        subject = self.subject
        size = subject.preprocessing.size
        pixels = prepare(decode(photo, min_side=size), subject.preprocessing)
        seen = subject.look(pixels[None], ("logits", "features"))
        logits, features = cast("tuple[np.ndarray, np.ndarray]", (seen.logits, seen.features))
        chosen = landmarks or (int(logits[0].argmax()),)
        shown = _shown(photo, subject)
        pictures = [Picture("the photo", shown)]
        for number in chosen:
            heat = head_activation(self._head, features[0], number)
            pictures.append(Picture(f"for {subject.names[number]}", overlay(shown, heat)))
        if self._run is not None and self._finer is not None:
            heat = grad_cam(self._run, pixels, chosen[0], self._finer.name)
            words = f"for {subject.names[chosen[0]]}, Grad-CAM"
            pictures.append(Picture(words, overlay(shown, heat)))
        return tuple(pictures)

    def method(self) -> str:
        """How the pictures come about, in a sentence or two."""
        size = self.subject.preprocessing.size
        black = np.zeros((1, size, size, 3), np.uint8)
        features = cast(np.ndarray, self.subject.look(black, ("features",)).features)
        height, width = features.shape[2:]
        activation = (
            f"Class activation: which of the {height} x {width} cells of the last feature map "
            "speak for a landmark. "
        )
        if self._run is None:
            return activation + (
                "Grad-CAM, which shows finer cells of earlier layers, needs gradients: a bundle "
                "has none, its training run has."
            )
        if self._finer is None:
            return activation
        name, _, height, width = self._finer
        return f"{activation}Grad-CAM: the same of {height} x {width} cells earlier on ({name})."


def overlay_of(
    subject: Subject, photo: str | PathLike[str], landmark: int | None = None
) -> NDArray[np.uint8]:
    """A photo with what in it speaks for a landmark (default: the answer), uint8 (H, W, 3)."""
    chosen = () if landmark is None else (landmark,)
    return Observer(subject).looks(photo, chosen)[1].pixels


def seen_part(photo: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The part of a photo (H, W, 3) that a network looks at, in the photo's own proportions."""
    return photo if fit == "squash" else prepare(photo, Preprocessing(min(photo.shape[:2]), fit))


def _shown(photo: str | PathLike[str], subject: Subject) -> NDArray[np.uint8]:
    """The part of the photo that the network sees, small, in its own proportions."""
    part = seen_part(decode(photo, min_side=PICTURE_PX), subject.preprocessing.fit)
    height, width = part.shape[:2]
    scale = PICTURE_PX / min(height, width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
