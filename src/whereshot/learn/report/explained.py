"""The sections of a report that show what an evaluation explains: pictures, dots and pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whereshot.learn.evaluation import amount
from whereshot.learn.report import charts
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import percent, section
from whereshot.learn.report.pictures import drawing_url, photo_url, thumbnail

if TYPE_CHECKING:
    from whereshot.learn.explain.explanation import Cluster, Explanation, PhotoPair, Seen

_PLANE_PX = 640.0
_MARGIN = 20.0
_GOLDEN_ANGLE = 137.508  # steps by it keep any number of hues apart, three shades near ones
_MOST_NAMES = 24  # names of more landmarks would lie on top of each other


def looks(found: Explanation) -> Markup:
    """What the network looked at in a few photos."""
    return section(
        "What it looked at",
        "looks",
        element("p", _looks_words(found), class_="about"),
        *([element("div", *map(_look, found.seen), class_="looks")] if found.seen else ()),
    )


def _looks_words(found: Explanation) -> str:
    if not found.seen:
        return found.seen_note
    wrong = sum(each.landmark != each.predicted for each in found.seen)
    parts = []
    if wrong:
        parts.append(f"the {amount(wrong, 'surest mistake')}")
    if right := len(found.seen) - wrong:
        parts.append(f"{amount(right, 'right answer')} drawn by lot")
    chosen = " and ".join(parts)
    return f"{chosen[0].upper()}{chosen[1:]}; the warmer a place, the more it counted. " + (
        found.seen_note
    )


def _look(seen: Seen) -> Markup:
    right = seen.landmark == seen.predicted
    pictures = [
        element(
            "figure",
            element("img", src=photo_url(each.pixels), alt=""),
            element("figcaption", each.caption),
        )
        for each in seen.pictures
    ]
    columns = len(pictures) if len(pictures) < 4 else 2
    answer = "recognized" if right else f"taken for {seen.predicted}"
    return element(
        "article",
        element("div", *pictures, class_="strip"),
        element("b", seen.landmark),
        element("span", answer, class_="found" if right else "taken"),
        element("span", f"{percent(seen.confidence)} sure", class_="sure"),
        element("code", seen.photo, title=seen.photo),
        style=f"--columns: {columns}",
    )


def filters(found: Explanation) -> Markup:
    """The filters of the first convolution."""
    pictures = () if found.filters is None else found.filters
    shown = [element("img", src=drawing_url(each), alt="") for each in pictures]
    words = (
        f"{amount(len(shown), 'filter')} of {found.filters.shape[1]} x {found.filters.shape[2]} "
        "pixels, which is what the network sees a photo through. Grey is a weight of 0, brighter "
        "is a color that excites, darker one that inhibits; edges, and pairs of opposite colors, "
        "are what trained ones look for."
        if found.filters is not None
        else found.filters_note
    )
    return section(
        "First filters",
        "filters",
        element("p", words, class_="about"),
        *([element("div", *shown, class_="filters")] if shown else ()),
    )


def embeddings(found: Explanation) -> Markup:
    """The photos on a plane, a dot each."""
    how = {
        "t-SNE": "t-SNE lays photos that the network finds alike close together; how far apart "
        "two clusters lie, and how wide they are, means nothing.",
        "PCA": "Along the two principal components of the embeddings.",
    }[found.plane]
    wrong = sum(taken is not None for each in found.clusters for taken in each.taken_for)
    keys = f" A ring marks a photo under a wrong name ({wrong:,})." if wrong else ""
    return section(
        "Embeddings",
        "embeddings",
        element(
            "p",
            f"{amount(found.dots, 'photo')} of {amount(len(found.clusters), 'landmark')}, colored "
            f"by landmark. {how}{keys} Point at a dot for its landmark.",
            class_="about",
        ),
        element(
            "figure",
            _scatter(found.clusters),
            element("figcaption", "\N{NO-BREAK SPACE}", class_="named", aria_live="polite"),
            class_="scatter",
        ),
    )


def _scatter(clusters: tuple[Cluster, ...]) -> Markup:
    points = np.concatenate([each.points for each in clusters])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_PLANE_PX - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    width, height = (float(side) for side in (high - low) * scale + 2 * _MARGIN)

    def place(point: np.ndarray) -> tuple[float, float]:
        # Up is up: SVG's second axis points down.
        x, y = (point - low) * scale + _MARGIN
        return float(x), height - float(y)

    groups: list[Markup] = []
    names: list[Markup] = []
    for number, cluster in enumerate(clusters):
        dots: list[Markup] = []
        for point, taken in zip(cluster.points, cluster.taken_for, strict=True):
            x, y = place(point)
            words = cluster.landmark + (f", taken for {taken}" if taken else "")
            dots.append(
                element(
                    "circle",
                    element("title", words),
                    cx=round(x, 1),
                    cy=round(y, 1),
                    r=4,
                    class_="missed" if taken else None,
                )
            )
        hue, shade = number * _GOLDEN_ANGLE % 360, number % 3 - 1
        style = f"--hue: {hue:.0f}; --shade: {shade}"
        groups.append(element("g", *dots, class_="cluster", style=style))
        # Below most of its dots, whatever a few that lie elsewhere do.
        x, y = place(np.quantile(cluster.points, [0.5, 0.15], axis=0).diagonal())
        anchor = "start" if x < 0.15 * width else "end" if x > 0.85 * width else "middle"
        names.append(
            element("text", cluster.landmark, x=x, y=y + 15, class_="name", text_anchor=anchor)
        )
    return charts.drawing(
        width,
        height,
        "Photos on a plane, by what the network makes of them",
        *groups,
        *(names if len(names) <= _MOST_NAMES else ()),
        class_="plane",
    )


def pairs(found: Explanation) -> Markup | None:
    """The most confused pairs as pairs of photos; None where there are none."""
    shown = [each for each in map(_pair, found.pairs) if each]
    if not shown:
        return None
    return section(
        "Confused pairs",
        "pairs",
        element(
            "p",
            "The most frequent confusions: the surest of their photos, beside the photo most like "
            "it, to the network, of the landmark that it was taken for.",
            class_="about",
        ),
        element("div", *shown, class_="pairs"),
    )


def _pair(pair: PhotoPair) -> Markup | None:
    sides = [
        (pair.photo, pair.landmark, f"taken for {pair.predicted}", "taken"),
        (pair.similar, pair.predicted, "the photo most like it", "sure"),
    ]
    figures: list[Markup] = []
    for path, name, words, class_ in sides:
        source = thumbnail(Path(path))
        if source is None:
            return None
        figures.append(
            element(
                "figure",
                element("img", src=source, alt=""),
                element("figcaption", element("b", name), element("span", words, class_=class_)),
            )
        )
    facts = (
        f"{amount(pair.confusions, 'photo')} so; {percent(pair.confidence)} sure, "
        f"similarity {pair.similarity:.2f}"
    )
    return element("article", element("div", *figures), element("span", facts, class_="sure"))
