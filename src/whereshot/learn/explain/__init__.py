"""What a network looked at, what its first filters look for, and what it finds alike.

Plain functions, arrays in and arrays out: `class_activation`, `grad_cam`, `overlay`,
`first_filters`, `embed_in_plane`, `confused_pairs`. One call for a photo: `overlay_of`. For
notebooks, matplotlib figures: `show_looks`, `show_filters`, `show_embeddings`,
`show_confused_pairs`. For the report of an evaluation: `explain`.

>>> import numpy as np
>>> from whereshot.learn.explain import class_activation, overlay
>>> heat = class_activation(np.ones((8, 7, 7)), np.ones(8))
>>> overlay(np.zeros((64, 48, 3), np.uint8), heat).shape
(64, 48, 3)
"""

from __future__ import annotations

from whereshot.learn.explain.activation import class_activation, head_activation
from whereshot.learn.explain.explanation import Explanation, explain
from whereshot.learn.explain.figures import (
    show_confused_pairs,
    show_embeddings,
    show_filters,
    show_looks,
)
from whereshot.learn.explain.filters import filter_pictures, first_filters, first_kernels
from whereshot.learn.explain.gradcam import grad_cam, map_layers
from whereshot.learn.explain.heads import head_of
from whereshot.learn.explain.looks import Observer, overlay_of
from whereshot.learn.explain.pairs import confused_pairs
from whereshot.learn.explain.plane import embed_in_plane
from whereshot.recognize.overlay import overlay

__all__ = [
    "Explanation",
    "Observer",
    "class_activation",
    "confused_pairs",
    "embed_in_plane",
    "explain",
    "filter_pictures",
    "first_filters",
    "first_kernels",
    "grad_cam",
    "head_activation",
    "head_of",
    "map_layers",
    "overlay",
    "overlay_of",
    "show_confused_pairs",
    "show_embeddings",
    "show_filters",
    "show_looks",
]
