"""When is a landmark named? The options of the verbs that give verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Certainty from which on a landmark is named.",
        show_default="the bundle's own",
    ),
]
MaxFalseTagsOption = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Of photos without a landmark, at most so many may get one, such as 0.1%.",
        show_default=False,
    ),
]


def share_of(text: str, option: str, *, ends: bool = False) -> float:
    """A share in (0, 1), or with `ends` in [0, 1], from `0.1%` or `0.001`.

    >>> share_of("0.1%", "--max-false-tags"), share_of("0.001", "--max-false-tags")
    (0.001, 0.001)
    """
    number = text.strip()
    percent = number.endswith("%")
    try:
        share = float(number.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not (0 < share < 1 or (ends and share in (0, 1))):
        raise typer.BadParameter(
            f"{text!r} is no share between 0 and 1, such as 0.1% or 0.001", param_hint=option
        )
    return share


def load_strict(
    bundle: str | None, threshold: float | None, max_false_tags: str | None
) -> OnnxRecognizer:
    """The recognizer of a bundle that names as readily as the options say."""
    if threshold is not None and max_false_tags is not None:
        raise typer.BadParameter(
            "it and --threshold both say when to name: give one of them",
            param_hint="--max-false-tags",
        )
    share = None if max_false_tags is None else share_of(max_false_tags, "--max-false-tags")

    from whereshot.recognize import load

    try:
        return load(bundle, threshold=threshold, max_false_tags=share)
    except ValueError as error:
        from whereshot.errors import WhereshotError

        if isinstance(error, WhereshotError):
            raise
        raise typer.BadParameter(str(error), param_hint="--max-false-tags") from None
