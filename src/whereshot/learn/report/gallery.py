"""The worst mistakes of an evaluation, shown as small photos that are part of the page."""

from __future__ import annotations

from pathlib import Path

from whereshot.learn.evaluation import Evaluation, Mistake
from whereshot.learn.report.markup import Markup, element, join
from whereshot.learn.report.parts import percent, section
from whereshot.learn.report.pictures import thumbnail

_MISTAKES, _FALSE_LANDMARKS = 48, 24


def mistakes(found: Evaluation, *, photos: bool) -> Markup | None:
    """The surest mistakes, as photos or as words alone; None where there are none."""
    parts: list[Markup] = []
    false = () if found.open_set is None else found.open_set.named
    root = "" if found.open_set is None else found.open_set.folder
    for title, mistakes, folder, most in (
        ("The surest mistakes", found.mistakes, found.data.folder, _MISTAKES),
        ("Without a landmark, but named", false, root, _FALSE_LANDMARKS),
    ):
        if not mistakes:
            continue
        shown = mistakes[:most]
        of_all = f"{len(shown)} of {len(mistakes):,}, the most confident first."
        cards = [_card(mistake, Path(folder), photos) for mistake in shown]
        parts.append(
            section(
                title,
                "mistakes" if mistakes is found.mistakes else "false-landmarks",
                element("p", of_all, class_="about"),
                element("div", *cards, class_="cards" if photos else "cards bare"),
            )
        )
    return join(*parts) if parts else None


def _card(mistake: Mistake, folder: Path, photos: bool) -> Markup:
    distance = mistake.distance_km
    far = "" if distance is None or distance == float("inf") else f", {distance:,.0f} km off"
    children: list[Markup] = []
    if photos:
        source = thumbnail(folder / mistake.photo)
        children.append(
            element("img", src=source, alt="", title=mistake.photo)
            if source
            else element("p", "This photo can't be read any more.", class_="missing")
        )
    children += [
        element("b", mistake.landmark or "No landmark"),
        element("span", f"taken for {mistake.predicted}", class_="taken"),
        element("span", f"{percent(mistake.confidence)} sure{far}", class_="sure"),
        element("code", mistake.photo, title=mistake.photo),
    ]
    return element("article", *children)
