"""Does a heatmap's polygon hold the landmark? Recognize what is inside, and what is left without.

    python benchmarks/heatmap.py PHOTOS [--bundle world]
    python benchmarks/heatmap.py PHOTOS --tune [--bundle world]

PHOTOS has `train` and `test`. On the test photos that are recognized rightly, the photo is cropped
to the polygon's bounding box with a margin of 20 % of the box's sides, and recognized again; and it
is recognized with the polygon painted over in the photo's mean color. Beside each stands chance,
on every fourth photo: a box, a polygon of the same size at a place drawn by lot.

`--tune` is what the method was chosen by: the same for several thresholds, and several kinds of
evidence compared on the hottest 30 % of each photo, all on the held-out photos of `train`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from _table import ROOT, machine, versions, write_results
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from whereshot.learn.config import read_recipe
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.explain import head_activation, head_of
from whereshot.learn.intervals import estimate_shares, mean_of
from whereshot.learn.portions import read_portions
from whereshot.learn.subject import Subject, load_subject
from whereshot.photo import Box, decode, prepare, seen_box
from whereshot.recognize import Bundle, Heatmap, OnnxRecognizer
from whereshot.recognize.heatmap import Locator, positive_share
from whereshot.recognize.region import THRESHOLD, outline, upsample
from whereshot.records import Region

MARGIN = 0.2
CHANCE_EVERY = 4
THRESHOLDS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
HOTTEST = 0.3
EQUAL_GRID = 256  # points a side, on which the hottest share of a photo is taken

Pixels = NDArray[np.uint8]
Evidence = Callable[[NDArray[np.float32], NDArray[np.float32], int], NDArray[np.floating]]
"""Maps features (C, h, w), an embedding (D,) and a landmark's number to evidence (h, w)."""


@dataclass(frozen=True)
class Case:
    """A photo (H, W, 3) that is recognized rightly, and what the network says of it."""

    photo: Pixels
    label: int
    features: NDArray[np.float32]
    embedding: NDArray[np.float32]
    heatmap: Heatmap


def cases_of(recognizer: OnnxRecognizer, index: PhotoIndex) -> Iterator[Case]:
    """The photos that are recognized rightly, decoded in full."""
    preprocessing, locator = recognizer.bundle.preprocessing, Locator(recognizer.bundle.prototypes)
    for path, label in zip(index.paths, index.labels, strict=True):
        photo = decode(path)
        # Answers are compared with those for crops, so all take the same way from full pixels.
        seen = recognizer.outputs(
            prepare(photo, preprocessing)[None], ("logits", "features", "embedding")
        )
        logits, features, embedding = (
            cast(NDArray[np.float32], each)[0]
            for each in (seen.logits, seen.features, seen.embedding)
        )
        if int(logits.argmax()) == label:
            height, width = photo.shape[:2]
            heatmap = Heatmap(
                locator.find(features, embedding, label),
                seen_box(width, height, preprocessing.fit),
                width,
                height,
                recognizer.landmarks[label],
            )
            yield Case(photo, label, features, embedding, heatmap)


def box_with_margin(region: Region, photo: Pixels) -> tuple[int, int, int, int]:
    """The bounding box, each side moved out by 20 % of the box's width or height, in the photo."""
    corners = np.array(region)
    low, high = corners.min(axis=0), corners.max(axis=0)
    height, width = photo.shape[:2]
    left, top = np.maximum(np.floor(low - MARGIN * (high - low)), 0).astype(int).tolist()
    right, bottom = (
        np.minimum(np.ceil(high + MARGIN * (high - low)), (width, height)).astype(int).tolist()
    )
    return left, top, max(right, left + 1), max(bottom, top + 1)


def inside(region: Region, photo: Pixels) -> NDArray[np.bool_]:
    """The pixels (H, W) inside a polygon."""
    image = Image.new("1", (photo.shape[1], photo.shape[0]))
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in region], fill=1)
    return np.asarray(image)


def painted_over(photo: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    """The photo with its mean color where the mask (H, W) is."""
    left = photo.copy()
    left[mask] = np.rint(photo.mean(axis=(0, 1))).astype(np.uint8)
    return left


def moved(mask: NDArray[np.bool_], box: Box, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The same mask at a place drawn by lot in the box; what leaves on one side comes back."""
    left, top, right, bottom = (round(edge) for edge in box)
    part = mask[top:bottom, left:right]
    away = np.zeros_like(mask)
    steps = [int(rng.integers(side)) for side in part.shape]
    away[top:bottom, left:right] = np.roll(part, steps, axis=(0, 1))
    return away


def crop_by_lot(photo: Pixels, box: Sequence[int], rng: np.random.Generator) -> Pixels:
    """A part as large as the box, at a place drawn by lot."""
    width, height = box[2] - box[0], box[3] - box[1]
    top = int(rng.integers(photo.shape[0] - height + 1))
    left = int(rng.integers(photo.shape[1] - width + 1))
    return photo[top : top + height, left : left + width]


class Tally:
    """Which variants of each photo are still recognized, and how large the polygons are."""

    def __init__(self, recognizer: OnnxRecognizer) -> None:
        self._recognizer = recognizer
        self.right: dict[str, list[bool]] = {}
        self.sizes: dict[str, list[float]] = {}

    def ask(self, case: Case, variants: Mapping[str, Pixels]) -> None:
        """Recognize variants of a photo."""
        preprocessing = self._recognizer.bundle.preprocessing
        batch = np.stack([prepare(pixels, preprocessing) for pixels in variants.values()])
        logits = cast(NDArray[np.float32], self._recognizer.outputs(batch).logits)
        for name, answer in zip(variants, logits.argmax(axis=1), strict=True):
            self.right.setdefault(name, []).append(int(answer) == case.label)

    def measure(self, **sizes: float) -> None:
        """Note sizes of one photo."""
        for name, size in sizes.items():
            self.sizes.setdefault(name, []).append(size)

    def rows(self, about: Mapping[str, object]) -> list[dict[str, object]]:
        """A row for each variant, with the 95 % interval of its share."""
        shares = {
            name: estimate_shares({"share": mean_of(np.array(right))}, len(right))["share"]
            for name, right in self.right.items()
        }
        medians = {
            name: f"{100 * np.median(values):.0f} %"
            if name != "corners"
            else int(np.median(values))
            for name, values in self.sizes.items()
        }
        return [
            {
                **about,
                "variant": name,
                "still_right": f"{100 * share.value:.1f} %",
                "interval": f"{100 * share.low:.1f}-{100 * share.high:.1f}",
                "photos": len(self.right[name]),
                **medians,
            }
            for name, share in shares.items()
        ]


def measure_polygon(
    recognizer: OnnxRecognizer, cases: Sequence[Case] | Iterator[Case], threshold: float
) -> list[dict[str, object]]:
    """What stays of the right answers inside of the polygon, and without it."""
    tally, rng = Tally(recognizer), np.random.default_rng(0)
    for number, case in enumerate(cases):
        region = region_of(case.heatmap, threshold)
        box = box_with_margin(region, case.photo)
        mask = inside(region, case.photo)
        variants = {
            "cropped to the polygon": case.photo[box[1] : box[3], box[0] : box[2]],
            "polygon painted over": painted_over(case.photo, mask),
        }
        if number % CHANCE_EVERY == 0:
            away = moved(mask, case.heatmap.box, rng)
            variants["cropped by lot"] = crop_by_lot(case.photo, box, rng)
            variants["painted over by lot"] = painted_over(case.photo, away)
        tally.ask(case, variants)
        area = float(case.photo.shape[0] * case.photo.shape[1])
        tally.measure(
            polygon_of_photo=mask.sum() / area,
            crop_of_photo=(box[2] - box[0]) * (box[3] - box[1]) / area,
            corners=len(region),
        )
    return tally.rows({"threshold": threshold})


def region_of(heatmap: Heatmap, threshold: float) -> Region:
    """The heatmap's polygon at another threshold than its own; all of the square if it has none."""
    found = outline(heatmap.values, threshold) or ((0, 0), (1, 0), (1, 1), (0, 1))
    left, top, right, bottom = heatmap.box
    return tuple((left + x * (right - left), top + y * (bottom - top)) for x, y in found)


def kinds_of_evidence(subject: Subject, recognizer: OnnxRecognizer) -> dict[str, Evidence]:
    """Ways to say how much a cell speaks for a landmark; the first is the one in use."""
    prototypes = recognizer.bundle.prototypes
    locator, head = Locator(prototypes), head_of(subject)
    rng = np.random.default_rng(0)

    def prototype(label: int) -> NDArray[np.float32]:
        return prototypes.vectors[prototypes.owner == label][0]

    def lengths(features: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.maximum(np.linalg.norm(features, axis=0), 1e-6)

    return {
        "cosine beyond what all share": locator.find,
        "cosine with the prototype": lambda features, _, label: (
            np.tensordot(prototype(label), features, axes=1) / lengths(features)
        ),
        "product with the prototype": lambda features, _, label: np.tensordot(
            prototype(label), features, axes=1
        ),
        "product less the mean of all": lambda features, _, label: np.tensordot(
            prototype(label) - prototypes.vectors.mean(axis=0), features, axes=1
        ),
        "class activation": lambda features, _, label: head_activation(head, features, label),
        "activity of the cell": lambda features, _, __: lengths(features),
        "by lot": lambda features, _, __: rng.normal(size=features.shape[1:]),
    }


def measure_evidence(
    subject: Subject, recognizer: OnnxRecognizer, cases: Sequence[Case]
) -> list[dict[str, object]]:
    """Of the square that the network sees, keep the hottest 30 % alone, or all but them."""
    rows: list[dict[str, object]] = []
    for kind, evidence in kinds_of_evidence(subject, recognizer).items():
        tally = Tally(recognizer)
        for case in cases:
            square = prepare(case.photo, replace(recognizer.bundle.preprocessing, size=EQUAL_GRID))
            values = evidence(case.features, case.embedding, case.label)
            smooth = upsample(positive_share(values - values.min()), EQUAL_GRID, EQUAL_GRID)
            hot = smooth >= np.quantile(smooth, 1 - HOTTEST)
            tally.ask(
                case,
                {
                    "hottest 30 % alone": painted_over(square, ~hot),
                    "all but the hottest 30 %": painted_over(square, hot),
                },
            )
        rows += tally.rows({"evidence": kind})
        show(rows[-2:])
    return rows


def held_out_photos(photos: Path) -> PhotoIndex:
    """The photos of `train` that the shipped recipe holds out from training."""
    recipe = read_recipe(ROOT / "recipes" / "world.toml")
    data = replace(recipe.data, train=str(photos), unknown="")
    return read_portions(replace(recipe, data=data)).held_out


def show(rows: Sequence[Mapping[str, object]]) -> None:
    for row in rows:
        print("  ".join(f"{value!s:<{max(8, len(key))}}" for key, value in row.items()), flush=True)


def main() -> None:
    """Measure, print, and write `results/heatmap.csv`, or with --tune two files beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--bundle", default="world")
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    subject = load_subject(options.bundle)
    recognizer = OnnxRecognizer(cast(Bundle, subject.source))
    about = {
        **machine(),
        "bundle": recognizer.name,
        "versions": versions("onnxruntime", "Pillow", "numpy"),
    }
    tables: dict[str, list[dict[str, object]]] = {}
    if options.tune:
        index, _ = subject.match(held_out_photos(options.photos))
        cases = list(cases_of(recognizer, index))
        tables["heatmap_evidence"] = measure_evidence(subject, recognizer, cases)
        rows = tables["heatmap_threshold"] = []
        for threshold in THRESHOLDS:
            rows += measure_polygon(recognizer, cases, threshold)
            show(rows[-4:])
    else:
        index, _ = subject.match(index_folder(options.photos, "test"))
        cases = cases_of(recognizer, index)
        tables["heatmap"] = measure_polygon(recognizer, cases, THRESHOLD)
        show(tables["heatmap"])
    for name, rows in tables.items():
        print(f"written: {write_results(name, rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
