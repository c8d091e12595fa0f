"""How right the tags of a library are in which nine photos of ten show no landmark.

    python benchmarks/tagging.py PHOTOS

PHOTOS has `world/test`, folders of photos named for their landmark, and `not_landmarks/test`. A
copy of both is tagged by `whereshot tag`, and the sidecars that lie there afterwards are read.
There are fewer photos without a landmark than nine for each with one, so each of them counts as
often as it takes. Intervals are of 2,000 resamples of the photos; a share of photos without a
landmark has that of Clopper and Pearson, as where none was tagged no resample has one either. The
last line says how right the tags would be at the upper end of that. Writes `results/tagging.csv`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _table import ROOT, machine, versions, write_results
from numpy.typing import NDArray
from scipy.stats import binomtest

from whereshot.gazetteer import load_gazetteer
from whereshot.photo.sidecar import parse_sidecar
from whereshot.photo.suffixes import is_photo
from whereshot.recognize import find_bundle, read_bundle

STRANGERS_PER_LANDMARK = 9
RESAMPLES = 2000


@dataclass(frozen=True)
class Tagged:
    """For each photo of a landmark, whether it was tagged, and rightly; for others, whether."""

    named: NDArray[np.bool_]
    right: NDArray[np.bool_]
    strangers_named: NDArray[np.bool_]

    def shares(self, rng: np.random.Generator | None = None) -> dict[str, float]:
        """The shares of the mixed library, for these photos or for a resample of them."""
        landmarks, strangers = len(self.named), len(self.strangers_named)
        some, others = np.arange(landmarks), np.arange(strangers)
        if rng is not None:
            some, others = rng.choice(some, landmarks), rng.choice(others, strangers)
        right = self.right[some].sum()
        false = self.strangers_named[others].mean()
        return {
            "tags that are right": self.right_share(some, float(false)),
            "photos of a landmark that are tagged rightly": float(right / landmarks),
        }

    def right_share(self, some: NDArray[np.intp], false_share: float) -> float:
        """The share of right tags, if this share of the photos without a landmark is tagged."""
        false = false_share * len(some) * STRANGERS_PER_LANDMARK
        return float(self.right[some].sum() / (self.named[some].sum() + false))


def tag(library: Path, home: Path) -> None:
    """Run the command as anybody would."""
    command = [sys.executable, "-m", "whereshot", "tag", str(library)]
    environment = {**os.environ, "WHERESHOT_HOME": str(home)}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def tag_of(photo: Path) -> str | None:
    """The id of the landmark in a photo's sidecar, None where it has none."""
    sidecar = photo.with_name(photo.name + ".xmp")
    if not sidecar.exists():
        return None
    written = parse_sidecar(sidecar.read_bytes()).own
    assert written is not None, sidecar
    return written.landmark_id


def main() -> None:
    """Measure, print, and write `results/tagging.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="whereshot-tagging-") as folder:
        library = Path(folder) / "library"
        for name in ("world", "not_landmarks"):
            shutil.copytree(options.photos / name / "test", library / name)
        tag(library, Path(folder) / "home")
        photos = [path for path in sorted(library.rglob("*")) if is_photo(path.name)]
        gazetteer = load_gazetteer()
        found = [
            (tag_of(path), gazetteer.resolve(path.parent.name).id)
            for path in photos
            if path.is_relative_to(library / "world")
        ]
        strangers = [tag_of(path) for path in photos if not path.is_relative_to(library / "world")]
    tagged = Tagged(
        np.array([tag is not None for tag, _ in found]),
        np.array([tag == truth for tag, truth in found]),
        np.array([tag is not None for tag in strangers]),
    )
    print(
        f"{len(found):,} photos of landmarks, {int(tagged.named.sum()):,} tagged, "
        f"{int((tagged.named & ~tagged.right).sum())} of them wrongly; "
        f"{len(strangers):,} photos of none, {int(tagged.strangers_named.sum())} tagged"
    )
    rng = np.random.default_rng(0)
    resampled = [tagged.shares(rng) for _ in range(RESAMPLES)]
    figures = {
        what: (share, *np.percentile([each[what] for each in resampled], [2.5, 97.5]))
        for what, share in tagged.shares().items()
    }
    false = binomtest(int(tagged.strangers_named.sum()), len(strangers))
    interval = false.proportion_ci()
    figures["photos without a landmark that are tagged"] = (
        false.statistic,
        interval.low,
        interval.high,
    )
    worst = tagged.right_share(np.arange(len(found)), interval.high)
    figures["tags that are right, at its upper end"] = (worst, worst, worst)
    for what, (share, low, high) in figures.items():
        print(f"{what:46} {share:7.2%}  ({low:.2%} to {high:.2%})")
    rows: list[dict[str, object]] = [
        {
            "what": what,
            **{
                name: round(float(value), 4)
                for name, value in zip(("share", "low", "high"), row, strict=True)
            },
        }
        for what, row in figures.items()
    ]
    about = {
        **machine(),
        "bundle": read_bundle(find_bundle(None)).title,
        "versions": versions("onnxruntime", "Pillow", "numpy"),
    }
    print(f"written: {write_results('tagging', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
