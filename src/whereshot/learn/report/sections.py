"""The sections of an evaluation that are tables and charts."""

from __future__ import annotations

from whereshot.learn.evaluation import Evaluation, LandmarkRow, amount
from whereshot.learn.report import charts
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import (
    definitions,
    number_cell,
    percent,
    section,
    sortable_table,
    with_interval,
)
from whereshot.learn.report.worldmap import world_map

_PAIRS = 15


def landmarks(found: Evaluation) -> Markup:
    """The table of all landmarks, worst first."""
    columns = ("Landmark", "Photos", "Top-1", "Precision", "Most taken for")
    tested = [row for row in found.landmarks if row.photos]
    tested.sort(key=lambda row: (row.recall or 0.0, -row.photos))
    return section(
        "Each landmark",
        "landmarks",
        element(
            "p",
            "Top-1 is the share of a landmark's photos that are recognized, precision the share "
            "of the photos given its name that are its own. Click a heading to sort.",
            class_="about",
        ),
        sortable_table(columns, (_landmark_row(row) for row in tested), tall=True),
    )


def _landmark_row(row: LandmarkRow) -> Markup:
    recall = row.recall or 0.0
    bar = element("i", class_="bar", style=f"--share: {100 * recall:.1f}%")
    taken = f"{row.confused_with} ({row.confused_photos})" if row.confused_with else ""
    return element(
        "tr",
        element("th", row.name, scope="row"),
        number_cell(row.photos, f"{row.photos:,}"),
        number_cell(recall, bar, percent(recall, 0)),
        number_cell(row.precision, percent(row.precision, 0)),
        element("td", taken),
    )


def confusion(found: Evaluation) -> Markup | None:
    """The most confused pairs and the confusion matrix."""
    pairs = found.pairs(_PAIRS)
    if not pairs:
        return None
    rows = [
        element(
            "tr",
            element("th", true.name, scope="row"),
            element("td", taken.name),
            element("td", f"{photos} of {true.photos}", class_="number"),
        )
        for true, taken, photos in pairs
    ]
    names = [element("th", name, scope="col") for name in ("Landmark", "Taken for", "Photos")]
    return section(
        "What is taken for what",
        "confusion",
        element(
            "div",
            element("table", element("thead", element("tr", *names)), element("tbody", *rows)),
            class_="scroll",
        ),
        element(
            "details",
            element("summary", "The confusion matrix"),
            element(
                "p",
                "A row per true landmark, a column per answer; the color says which share of the "
                "row's photos a cell holds.",
                class_="about",
            ),
            element("div", charts.heat_map(found), class_="scroll"),
            open="",
        ),
    )


def geography(found: Evaluation) -> Markup | None:
    """Distances and the map; None where no landmark has a place."""
    atlas = world_map(found)
    if atlas is None:
        return None
    geography = found.geography
    shares = [
        f"{percent(estimate.value)} of the answers lie within {km} km of the truth "
        f"({100 * estimate.low:.1f} to {100 * estimate.high:.1f} %)"
        for km, estimate in (
            (1, geography.within_1_km),
            (25, geography.within_25_km),
            (200, geography.within_200_km),
        )
    ]
    unplaced = (
        f" {amount(geography.unplaced, 'landmark')} without coordinates: errors there count as far."
        if geography.unplaced
        else ""
    )
    return section(
        "How far off",
        "geography",
        element(
            "p",
            "The distance between the place of the best landmark and of the true one. "
            f"{'; '.join(shares)}.{unplaced}",
            class_="about",
        ),
        charts.distance_bar(found),
        charts.legend(
            ("good", "within 1 km"),
            ("near", "1 to 25 km"),
            ("far", "25 to 200 km"),
            ("wrong", "further away"),
        ),
        element("figure", atlas),
        element(
            "p",
            "A dot is a landmark, the warmer the more of its photos are missed; a line joins a "
            "landmark with what it was taken for.",
            class_="about",
        ),
    )


def calibration(found: Evaluation) -> Markup:
    """Reliability before and after temperature scaling."""
    figures: list[Markup] = []
    for title, each in (
        ("Before, at temperature 1", found.uncalibrated),
        (f"After, at temperature {found.measured.temperature:.3g}", found.calibrated),
    ):
        figures.append(
            element(
                "figure",
                element("h3", title),
                charts.reliability_diagram(each.bins, title),
                element(
                    "figcaption",
                    f"calibration error {each.ece.value:.3f} "
                    f"({each.ece.low:.3f} to {each.ece.high:.3f}), "
                    f"mean -log p {each.nll.value:.3f}",
                ),
            )
        )
    return section(
        "Does it know what it knows?",
        "calibration",
        element(
            "p",
            "Photos by the confidence of their best landmark, in 15 bins of equal width: as often "
            "as the network says it is sure, it should be right, so bars should end on the "
            "diagonal. The small bars below count the photos. The expected calibration error is "
            "the mean distance from the diagonal, weighted by photos.",
            class_="about",
        ),
        element("div", *figures, class_="pair"),
        charts.legend(
            ("good", "share that is right"),
            ("gap", "surer than right"),
            ("near", "right, but not as sure"),
        ),
    )


def _beside(ours: float, plain: float) -> str:
    """A figure of the certainty, and of the probability alone where that is another one."""
    return f"{ours:.3f}" if ours == plain else f"{ours:.3f} (the probability alone: {plain:.3f})"


def verdicts(found: Evaluation) -> Markup:
    """What the verdict's threshold does to landmark photos and to others."""
    strangers, verdicts = found.open_set, found.verdicts
    facts: list[tuple[str, str]] = []
    if verdicts is not None:
        for name, each in (
            ("Landmark photos named rightly", verdicts.right),
            ("Landmark photos named wrongly", verdicts.wrong),
            ("Landmark photos called unknown", verdicts.unknown),
        ):
            facts.append((name, with_interval(each)))
    if strangers is not None:
        if strangers.false_landmarks is not None:
            facts.append(
                ("Other photos named a landmark", with_interval(strangers.false_landmarks))
            )
        ours, plain = strangers.certainty, strangers.probability
        facts += [
            ("AUROC of the certainty", _beside(ours.auroc, plain.auroc)),
            (
                "False positives at 95 % recall",
                _beside(ours.fpr_at_95_recall, plain.fpr_at_95_recall),
            ),
            ("GAP over all photos", _beside(ours.gap, plain.gap)),
            (
                "GAP where 10 % show a landmark",
                _beside(ours.gap_at_10_percent, plain.gap_at_10_percent),
            ),
            (
                "GAP where 1 % show a landmark",
                _beside(ours.gap_at_1_percent, plain.gap_at_1_percent),
            ),
        ]
    for sets in found.coverage:
        facts.append(
            (
                f"Sets that promise {100 * sets.promised:g} %",
                f"{with_interval(sets.covered)}; {sets.mean_size:.2f} landmarks a set",
            )
        )
    keys = [("right", "landmark photos named rightly"), ("wrong", "named wrongly")]
    if strangers is not None:
        keys.append(("unknown", "photos without a landmark that get one"))
    threshold = None if verdicts is None else verdicts.min_certainty
    return section(
        "Landmark or unknown",
        "verdicts",
        element(
            "p",
            "What is named, by the certainty from which on the best landmark is the verdict. Sets "
            "hold all landmarks that are plausible, and the true one as often as they promise."
            + ("" if strangers else " No photos without a landmark were given (--unknown)."),
            class_="about",
        ),
        element("figure", charts.threshold_curves(found.histogram, threshold)),
        charts.legend(*keys),
        definitions(facts),
    )
