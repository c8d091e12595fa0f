"""What a study trains: every backbone, at every size, in every mode, each as one recipe."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from whereshot.errors import RecipeError
from whereshot.learn import architectures
from whereshot.learn.config import Recipe, ScheduleConfig

Mode = Literal["frozen", "partial", "full"]

MODES: tuple[Mode, ...] = get_args(Mode)
BACKBONES = tuple(f"timm/tf_efficientnet_lite{number}" for number in range(3))
SIZES = (192, 224, 260)
EPOCHS = 3
FROZEN_STAGES = 3
"""In the mode `partial`, the stem and this many stages keep their ImageNet weights."""

_WORDS: dict[Mode, str] = {
    "frozen": "only its head trained",
    "partial": f"its stem and first {FROZEN_STAGES} stages frozen",
    "full": "all of it fine-tuned",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One network to train: a backbone at a size in px, in a mode. `name` names its folder."""

    name: str
    backbone: str
    size: int
    mode: Mode
    recipe: Recipe

    @property
    def words(self) -> str:
        """The network for a sentence.

        >>> plan_study(Recipe(), sizes=[224], modes=["full"])[0].words
        'tf_efficientnet_lite0 at 224 px, all of it fine-tuned'
        """
        return f"{short_name(self.backbone)} at {self.size} px, {_WORDS[self.mode]}"


def plan_study(
    base: Recipe,
    backbones: Sequence[str] = BACKBONES,
    sizes: Sequence[int] = SIZES,
    modes: Sequence[str] = MODES,
    *,
    epochs: int = EPOCHS,
) -> tuple[Cell, ...]:
    """The networks of a study, backbone by backbone, each with its recipe.

    Data, augmentation and optimizer are those of `base`. `epochs` are those of the backbone, after
    the head's own (`schedule.frozen_epochs`), or of the head where nothing else trains. A backbone
    is a name of `whereshot.learn.architectures` or any of timm's, with or without `timm/`.

    Raises RecipeError for an unknown mode, for one network twice, and where a recipe holds no
    photos out to choose by.
    """
    for mode in modes:
        if mode not in MODES:
            raise RecipeError(f"Unknown mode '{mode}'. Expected some of: {', '.join(MODES)}.")
    if epochs < 1:
        raise RecipeError(f"epochs must be 1 or more, got {epochs}")
    if base.data.validation == 0:
        raise RecipeError(
            "A study chooses by photos that are held out, got data.validation = 0. Set it to a "
            "share above 0, such as 0.1."
        )
    cells = tuple(
        Cell(name, backbone, size, mode, _recipe(base, name, backbone, size, mode, epochs))
        for backbone in map(_full_name, backbones)
        for size in sizes
        for mode in cast(Sequence[Mode], modes)
        for name in [f"{short_name(backbone)}-{size}-{mode}"]
    )
    if not cells:
        raise RecipeError("A study needs a backbone, a size and a mode, got none of one of them.")
    for twice in _repeated([cell.name for cell in cells]):
        raise RecipeError(f"The study names '{twice}' twice. Name each of its networks once.")
    return cells


def short_name(backbone: str) -> str:
    """A backbone's name without timm's prefix, fit to be part of a folder's name.

    >>> short_name("timm/resnet50.a1_in1k"), short_name("timm/hf-hub:someone/some-net")
    ('resnet50.a1_in1k', 'hf-hub-someone-some-net')
    """
    return re.sub(r"[^\w.+-]", "-", backbone.removeprefix("timm/"))


def _full_name(backbone: str) -> str:
    known = backbone in architectures.names() or backbone.startswith("timm/")
    return backbone if known else f"timm/{backbone}"


def _recipe(base: Recipe, name: str, backbone: str, size: int, mode: Mode, epochs: int) -> Recipe:
    model = dataclasses.replace(base.model, architecture=backbone, size=size)
    schedule = _schedule(base, size / base.model.size, mode, epochs)
    return dataclasses.replace(base, name=name, model=model, schedule=schedule)


def _schedule(base: Recipe, growth: float, mode: Mode, epochs: int) -> ScheduleConfig:
    schedule = base.schedule
    if mode == "frozen":
        # Photos grow over the epochs after the frozen ones: here there are none.
        return dataclasses.replace(
            schedule,
            frozen_epochs=epochs,
            epochs=0,
            freeze_stages=-1,
            start_size=0,
            end_size=_scaled(schedule.end_size, growth),
        )
    return dataclasses.replace(
        schedule,
        epochs=epochs,
        freeze_stages=FROZEN_STAGES if mode == "partial" else -1,
        start_size=_scaled(schedule.start_size, growth),
        end_size=_scaled(schedule.end_size, growth),
    )


def _scaled(side: int, growth: float) -> int:
    """A side of the base recipe in proportion to the network's size; 0 stands for none."""
    return max(32, round(side * growth)) if side else 0


def _repeated(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:  # some file systems see one folder in `A` and `a`
            yield name
        seen.add(name.casefold())
