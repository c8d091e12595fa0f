"""What is wrong with a data set, shown as photos: suspect labels, copies, mean photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from whereshot.learn.dataset import class_key
from whereshot.learn.evaluation import amount
from whereshot.learn.report.markup import Markup, element, join
from whereshot.learn.report.parts import percent, section
from whereshot.learn.report.pictures import drawing_url, thumbnail
from whereshot.learn.sets.findings import TITLES, Finding
from whereshot.learn.sets.labels import LabelCheck, Suspect
from whereshot.learn.sets.pixels import MeanPhoto
from whereshot.learn.sets.survey import Survey

_SHOWN = 60  # photos of one kind that are shown; all are named
_TOGETHER = 4  # of one finding
_BY_EYE = ("wrong_label", "leak", "duplicate", "soft", "small")  # kinds that need eyes


def suspects(labels: LabelCheck) -> Markup:
    """The labels that look wrong, the most certain first, each with its photo."""
    cards = [
        element(
            "article",
            _picture(labels.folder / suspect.photo),
            element("b", suspect.label),
            element("span", _looks(suspect), class_="taken"),
            element(
                "span",
                f"{percent(suspect.likely_probability)} probable, "
                f"its label {percent(suspect.label_probability)}",
                class_="sure",
            ),
            element("code", suspect.photo, title=suspect.photo),
        )
        for suspect in labels.suspects[:_SHOWN]
    ]
    about = (
        f"A classifier on features of {labels.features}, fitted without the photo, is at least "
        f"{percent(labels.certainty, 0)} sure that these labels are wrong. It agrees with "
        f"{percent(labels.agreement)} of {labels.photos:,} labels. Not every suspect is wrong: "
        "look, before you leave them out."
    )
    if labels.saw_labels:
        about += " The features come from a network that was trained on these very labels."
    if labels.too_few:
        names = ", ".join(f"{name} ({count})" for name, count in labels.too_few.items())
        about += f" Too few photos to be judged: {names}."
    rest = [each.photo for each in labels.suspects[_SHOWN:]]
    return section(
        "Labels that look wrong",
        "suspects",
        element("p", about, class_="about"),
        element("div", *cards, class_="cards"),
        join(element("p", "And, less certain:"), _paths(rest)) if rest else "",
    )


def _looks(suspect: Suspect) -> str:
    if suspect.likely_probability >= 0.5:
        return f"looks like {suspect.likely}"
    return f"like no other photo of it; a bit like {suspect.likely}"


def of_kind(kind: str, findings: Sequence[Finding], root: Path) -> Markup | None:
    """All findings of a kind, named, and shown where eyes are needed; None where there are none."""
    found = [each for each in findings if each.kind == kind]
    if not found:
        return None
    shown = found[: _SHOWN // 2] if kind in _BY_EYE else ()
    cards = [
        element(
            "article",
            *(_picture(root / path) for path in finding.paths[:_TOGETHER]),
            element("span", finding.message),
        )
        for finding in shown
    ]
    names = [
        element("li", each.message, _paths(each.paths) if len(each.paths) > 1 else "")
        for each in found
    ]
    told = Counter(each.severity for each in found)
    return section(
        f"{TITLES[kind][0].upper()}{TITLES[kind][1:]}",
        f"found-{kind}",
        element(
            "p",
            ", ".join(amount(count, severity) for severity, count in told.items()) + ".",
            class_="about",
        ),
        element("div", *cards, class_="cards") if cards else "",
        element(
            "details",
            element("summary", "By name"),
            element("ul", *names),
            open=None if cards else "",
        ),
    )


def mean_photos(survey: Survey, names: Sequence[str]) -> Markup:
    """The mean of all photos and of each landmark's, those of train and test together."""
    whole, of_landmark = MeanPhoto(), {class_key(name): MeanPhoto() for name in names}
    for folder, mean in survey.means.items():
        whole = whole.merged(mean)
        of_landmark[class_key(folder.name)] = of_landmark[class_key(folder.name)].merged(mean)
    named = [("All photos", whole), *((name, of_landmark[class_key(name)]) for name in names)]
    cards = [
        element(
            "article",
            element(
                "img", src=drawing_url(pixels), alt=f"The mean of {name}", style="height: auto"
            ),
            element("b", name),
            element("span", amount(mean.photos, "photo"), class_="sure"),
        )
        for name, mean in named
        if (pixels := mean.pixels()) is not None
    ]
    return section(
        "Mean photos",
        "means",
        element(
            "p",
            "The central squares of all photos, one over the other. What can be recognized in a "
            "mean has the same place in every photo; a frame, a logo or a date there is a shortcut "
            "that a network will take.",
            class_="about",
        ),
        element("div", *cards, class_="cards"),
    )


def _picture(path: Path) -> Markup:
    source = thumbnail(path)
    if source is None:
        return element("p", "This photo can't be read.", class_="missing")
    return element("img", src=source, alt="", title=path.name, loading="lazy")


def _paths(paths: Sequence[str]) -> Markup:
    lines = [element("li", element("code", path)) for path in paths]
    listed = element("ul", *lines)
    return element("details", element("summary", amount(len(paths), "photo")), listed)
