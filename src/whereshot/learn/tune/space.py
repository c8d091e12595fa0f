"""Where a search looks: recipe keys with a range of numbers or a list of choices each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from whereshot.errors import RecipeError
from whereshot.learn import architectures, config

if TYPE_CHECKING:
    from optuna.trial import Trial

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers in [low, high], whole ones where both ends are; with `log`, evenly by ratio."""

    key: str
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        finite = math.isfinite(self.low) and math.isfinite(self.high)
        if not (finite and self.low < self.high):
            raise RecipeError(
                f"The search for '{self.key}' must go from a lower to a higher number, "
                f"got {self.low:g} to {self.high:g}."
            )
        if self.log and self.low <= 0:
            raise RecipeError(
                f"The search for '{self.key}' on a log scale must begin above 0, got {self.low:g}."
            )

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that a recipe must be able to take."""
        return (self.low, self.high)

    def holds(self, value: object) -> bool:
        """Whether the value lies in the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def suggest(self, trial: Trial) -> Value:
        """The value of a trial."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(self.key, self.low, self.high, log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, log=self.log)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, in no order."""

    key: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(set(self.values)) < 2:
            raise RecipeError(
                f"The search for '{self.key}' must have two different values or more, "
                f"got {', '.join(map(str, self.values)) or 'none'}."
            )

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that a recipe must be able to take."""
        return self.values

    def holds(self, value: object) -> bool:
        """Whether the value is one of the choices."""
        return value in self.values

    def suggest(self, trial: Trial) -> Value:
        """The value of a trial."""
        return cast(Value, trial.suggest_categorical(self.key, list(self.values)))


Dimension = Range | Choice
Space = tuple[Dimension, ...]


def default_space(recipe: config.Recipe) -> Space:
    """What is worth searching for a recipe, around its own values, which are always inside.

    Rates within a factor of 8, regularization and augmentation from none to strong. Keys that do
    nothing in this recipe are left out: those of the backbone where only the head is trained, the
    decay by layer where nothing was pretrained, mixing where the margin forbids it.
    """
    optim, model = recipe.optim, recipe.model
    space: list[Dimension] = []
    if recipe.schedule.epochs > 0:
        space.append(Range("optim.lr", optim.lr / 8, optim.lr * 8, log=True))
        if model.weights != "none":
            space.append(Range("optim.layer_decay", min(0.5, optim.layer_decay), 1.0))
        if _drops_paths(model.architecture):
            space.append(Range("model.drop_path", 0.0, max(0.3, model.drop_path)))
    space += [
        Range("optim.head_lr", optim.head_lr / 8, optim.head_lr * 8, log=True),
        Range(
            "optim.weight_decay",
            min(0.005, optim.weight_decay or 0.005),
            max(0.3, optim.weight_decay),
            log=True,
        ),
        Range("model.dropout", 0.0, max(0.5, model.dropout)),
        Choice("augment.preset", ("light", "strong")),
        Range(
            "augment.min_scale",
            min(0.08, recipe.augment.min_scale),
            max(0.8, recipe.augment.min_scale),
        ),
    ]
    if model.margin == 0:
        space += [
            Range("augment.mixup", 0.0, max(0.8, recipe.augment.mixup)),
            Range("augment.cutmix", 0.0, max(1.0, recipe.augment.cutmix)),
        ]
    return tuple(space)


def check_space(space: Space, recipe: config.Recipe) -> None:
    """Raise RecipeError where a recipe can't take the values of a space, or none are asked for."""
    if not space:
        raise RecipeError(
            "There is nothing to search. Give keys, such as --search optim.lr=1e-4:1e-2:log."
        )
    for dimension in space:
        for value in dimension.ends:
            with_values(recipe, {dimension.key: value})


def with_values(recipe: config.Recipe, values: Mapping[str, Value]) -> config.Recipe:
    """The recipe with other values; raises RecipeError where it can't take them."""
    return config.override(recipe, [f"{key}={_toml(value)}" for key, value in values.items()])


def value_in(recipe: config.Recipe, key: str) -> Any:
    """The recipe's own value of `section.key`; RecipeError where recipes have no such key."""
    table: Any = config.to_dict(recipe)
    for part in key.split("."):
        if not isinstance(table, dict) or part not in table:
            with_values(recipe, {key: ""})  # says which key is close
        table = cast("dict[str, Any]", table)[part]
    return table


def to_plain(space: Space) -> list[dict[str, Any]]:
    """Plain values, ready for JSON."""
    return [asdict(dimension) for dimension in space]


def from_plain(rows: Sequence[Mapping[str, Any]]) -> Space:
    """A space from its plain values."""
    return tuple(
        Choice(row["key"], tuple(row["values"])) if "values" in row else Range(**row)
        for row in rows
    )


def _toml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _drops_paths(architecture: str) -> bool:
    """Whether a network has residual branches to drop."""
    try:
        architectures.build(architecture, pretrained_weights=False, drop_path=0.1)
    except RecipeError:
        return False
    return True
