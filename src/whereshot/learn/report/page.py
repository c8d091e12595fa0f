"""An evaluation as one HTML file that needs nothing else: no network, no other file, no server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whereshot.learn.evaluation import Evaluation, amount
from whereshot.learn.intervals import Estimate
from whereshot.learn.report import charts, explained, sections
from whereshot.learn.report.frame import render_frame
from whereshot.learn.report.gallery import mistakes
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import definitions, percent, record, section

if TYPE_CHECKING:
    from whereshot.learn.explain import Explanation


def write_report(
    found: Evaluation,
    target: str | Path,
    explanation: Explanation | None = None,
    *,
    photos: bool = True,
) -> None:
    """Write the report of an evaluation; raises OSError where the file can't be written.

    `explanation` adds what the network looked at. With `photos`, small copies of the worst mistakes
    are inside the file: leave them out, and explain without photos, when the photos are not yours
    to pass on.
    """
    page = render_report(found, explanation, photos=photos)
    Path(target).write_text(page, encoding="utf-8")


def render_report(
    found: Evaluation, explanation: Explanation | None = None, *, photos: bool = True
) -> str:
    """The HTML of the report."""
    return render_frame(
        f"{found.measured.name} on {found.data.folder}",
        _headline(found),
        _notes(found),
        sections.landmarks(found),
        sections.confusion(found),
        None if explanation is None else explained.pairs(explanation),
        sections.geography(found),
        sections.calibration(found),
        sections.verdicts(found),
        *(
            ()
            if explanation is None
            else (
                explained.looks(explanation),
                explained.filters(explanation),
                explained.embeddings(explanation),
            )
        ),
        mistakes(found, photos=photos),
        _provenance(found),
    )


def _headline(found: Evaluation) -> Markup:
    measured, data, accuracy, geography = (
        found.measured,
        found.data,
        found.accuracy,
        found.geography,
    )
    median = geography.median_km
    ece = found.calibrated.ece
    tiles = [
        _tile("Top-1", accuracy.top1, "the best answer is right"),
        _tile("Macro top-1", accuracy.macro, "each landmark counts the same"),
        _tile("Top-5", accuracy.top5, "among the best five"),
        _tile(
            "Within 25 km",
            geography.within_25_km,
            "the place is unknown" if median is None else f"median distance {median:,.0f} km",
        ),
        element(
            "div",
            element("h3", "Calibration"),
            element("p", f"{ece.value:.3f}", class_="figure"),
            element("p", f"{ece.low:.3f} to {ece.high:.3f}", class_="interval"),
            element("p", f"expected error; {found.uncalibrated.ece.value:.3f} at temperature 1"),
            class_="tile",
        ),
    ]
    if found.open_set is not None and found.open_set.false_landmarks is not None:
        tiles.append(
            _tile(
                "False landmarks",
                found.open_set.false_landmarks,
                f"of {amount(found.open_set.photos, 'photo')} without one",
            )
        )
    kind = "bundle" if measured.kind == "bundle" else "training run"
    return element(
        "header",
        element("p", "whereshot evaluation", class_="kicker"),
        element("h1", measured.name),
        element(
            "p",
            f"A {kind} that knows {amount(measured.landmarks, 'landmark')}, measured on "
            f"{amount(data.photos, 'photo')} of {data.landmarks:,} of them in ",
            element("code", data.folder),
            f". Intervals hold 95 % of {found.resamples:,} bootstrap resamples of the photos.",
            class_="lead",
        ),
        element("div", *tiles, class_="tiles"),
    )


def _tile(title: str, estimate: Estimate, words: str) -> Markup:
    return element(
        "div",
        element("h3", title),
        element("p", percent(estimate.value), class_="figure"),
        charts.meter(estimate),
        element("p", f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f} %", class_="interval"),
        element("p", words),
        class_="tile",
    )


def _notes(found: Evaluation) -> Markup | None:
    data = found.data
    notes: list[Markup] = []
    if data.trained_on:
        notes.append(
            element(
                "p",
                f"{found.measured.name} was trained on exactly these photos: "
                "the figures say nothing about new ones.",
            )
        )
    if data.left_out:
        listed = ", ".join(f"{name} ({count:,})" for name, count in data.left_out.items())
        notes.append(
            element(
                "details",
                element(
                    "summary",
                    f"Left out: {amount(sum(data.left_out.values()), 'photo')} of "
                    f"{amount(len(data.left_out), 'landmark')} that the network does not know.",
                ),
                element("p", listed),
            )
        )
    unreadable = [*data.unreadable, *(found.open_set.unreadable if found.open_set else ())]
    if unreadable:
        notes.append(
            element(
                "details",
                element(
                    "summary", f"Left out: {amount(len(unreadable), 'photo')} that can't be read."
                ),
                element("ul", *(element("li", reason) for _, reason in unreadable)),
            )
        )
    return element("aside", *notes) if notes else None


def _provenance(found: Evaluation) -> Markup:
    measured, data, environment = found.measured, found.data, found.environment
    versions = ", ".join(f"{name} {number}" for name, number in environment["versions"].items())
    machine = environment["machine"]
    facts = [
        ("Measured", f"{measured.path or measured.name} ({measured.kind})"),
        ("Network sees", f"{measured.size} x {measured.size} px, {measured.fit}"),
        ("Photos", data.folder),
        ("Their fingerprint", data.fingerprint),
        ("When", environment["created"]),
        ("Took", f"{environment['seconds']:,} s"),
        ("Versions", versions),
        ("Machine", f"{machine['system']} {machine['processor']}, {machine['cores']} cores"),
    ]
    if found.open_set is not None:
        facts.insert(4, ("Photos without a landmark", found.open_set.folder))
    if found.command:
        facts.append(("Command", found.command))
    return section(
        "Where these figures come from",
        "provenance",
        definitions(facts),
        record("The network's own record", measured.provenance),
    )
