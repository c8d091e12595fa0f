"""Axes to draw on, all in one style."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED, GREY, GREEN = "#2563a8", "#c2410c", "#8a8f98", "#3a7d44"
SERIES = (BLUE, RED, GREEN, "#7e57a8", "#b8860b", "#0e8a8a", GREY, "#a83a6a")
"""Colors of things that are compared, in their order."""

_DPI = 90


def draw(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches with axes side by side.

    It belongs to whoever asked for it: pyplot, which would show it once more, has forgotten it.
    """
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        1, columns, figsize=(width, height), dpi=_DPI, squeeze=False, layout="constrained"
    )
    plt.close(figure)
    axes: list[Axes] = list(grid[0])
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
        axis.grid(color="#e3e5e8", linewidth=0.6)
        axis.set_axisbelow(True)
    return figure, axes


def readable(name: str) -> str:
    """A class folder's name as words.

    >>> readable("09.Golden_Gate_Bridge")
    'Golden Gate Bridge'
    """
    number, dot, rest = name.partition(".")
    return (rest if dot and number.isdigit() else name).replace("_", " ")
