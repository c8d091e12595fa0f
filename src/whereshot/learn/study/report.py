"""A study as one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from whereshot.learn.evaluation import amount
from whereshot.learn.intervals import Estimate
from whereshot.learn.report.charts import legend
from whereshot.learn.report.frame import render_frame
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import (
    definitions,
    number_cell,
    record,
    section,
    sortable_table,
    with_interval,
)
from whereshot.learn.study.chart import MODE_CLASSES, scatter
from whereshot.learn.study.plan import short_name
from whereshot.learn.study.records import Study, StudyRow

_COLUMNS = (
    "Network",
    "Size",
    "Mode",
    "Held-out top-1",
    "ms a photo",
    "Parameters",
    "GFLOPs",
    "Training",
)


def write_study_report(study: Study, target: str | Path) -> None:
    """Write the report of a study; raises OSError where the file can't be written."""
    Path(target).write_text(render_study(study), encoding="utf-8")


def render_study(study: Study) -> str:
    """The HTML of the report."""
    return render_frame(
        "Which backbone?", _headline(study), _notes(study), _chart(study), _table(study),
        _provenance(study),
    )  # fmt: skip


def _headline(study: Study) -> Markup:
    trained = [row for row in study.rows if row.top1 is not None]
    backbones = {row.backbone for row in trained}
    why = study.choice.why if study.choice else "No network could be trained and measured."
    return element(
        "header",
        element("p", "whereshot backbone study", class_="kicker"),
        element("h1", "Which backbone?"),
        element("p", why, class_="lead"),
        element(
            "p",
            f"{amount(len(trained), 'network')} of {amount(len(backbones), 'backbone')}, trained "
            f"for {amount(study.epochs, 'epoch')} each on ",
            element("code", study.data),
            f". Top-1 is of {amount(study.held_out, 'photo')} held out of training, with 95 % "
            "intervals; times are of ONNX Runtime on one thread.",
            class_="lead",
        ),
    )


def _notes(study: Study) -> Markup | None:
    if not study.has_failures:
        return None
    items = [
        element("li", element("b", ", ".join(names)), ": ", reason)
        for reason, names in study.problems().items()
    ]
    return element("aside", element("p", "Not measured:"), element("ul", *items))


def _chart(study: Study) -> Markup | None:
    drawn = scatter(study)
    if drawn is None:
        return None
    return section(
        "Accuracy against time",
        "scatter",
        element(
            "p",
            "Each dot is a network, its bar the 95 % interval. The line joins those that no other "
            "beats in both time and accuracy; the ring is the choice: the fastest one within one "
            "standard error of the best.",
            class_="about",
        ),
        element("figure", drawn),
        legend(
            (MODE_CLASSES["frozen"], "only the head trained"),
            (MODE_CLASSES["partial"], "partly fine-tuned"),
            (MODE_CLASSES["full"], "fully fine-tuned"),
        ),
    )


def _table(study: Study) -> Markup:
    columns = [*_COLUMNS, *(["Test top-1"] if study.tested else [])]
    return section(
        "Each network",
        "networks",
        element(
            "p",
            "The front is in bold, the choice has a star. Click a heading to sort."
            + (
                " The test photos were measured once, when everything was trained: nothing was "
                "chosen by them."
                if study.tested
                else ""
            ),
            class_="about",
        ),
        sortable_table(columns, (_row(study, row) for row in study.rows)),
    )


def _row(study: Study, row: StudyRow) -> Markup:
    chosen = study.choice is not None and row.name == study.choice.name
    name = short_name(row.backbone) + (" ★" if chosen else "")
    cells = [
        element("th", element("b", name) if row.name in study.front else name, scope="row"),
        number_cell(row.size, f"{row.size}"),
        element("td", row.mode),
        _share(row.top1),
        number_cell(row.cpu_milliseconds, _shown(row.cpu_milliseconds, ".1f")),
        number_cell(row.parameters, _shown(row.parameters and row.parameters / 1e6, ".2f", " M")),
        number_cell(row.gflops, _shown(row.gflops, ".2f")),
        number_cell(
            row.train_seconds, _shown(row.train_seconds and row.train_seconds / 60, ".1f", " min")
        ),
    ]
    if study.tested:
        cells.append(_share(row.test.top1 if row.test else None))
    return element("tr", *cells)


def _share(estimate: Estimate | None) -> Markup:
    if estimate is None:
        return number_cell(None, "-")
    return number_cell(estimate.value, with_interval(estimate))


def _shown(value: float | None, form: str, unit: str = "") -> str:
    return "-" if value is None else f"{value:{form}}{unit}"


def _provenance(study: Study) -> Markup:
    facts = [("Photos", study.data), ("Processor", study.processor)]
    if study.command:
        facts.append(("Command", study.command))
    return section(
        "Where these figures come from",
        "provenance",
        definitions(facts),
        record("The recipe that all of them start from", study.recipe),
    )
