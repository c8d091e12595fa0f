"""Photos, runs and figures to look at: what a notebook shows in one line.

Pictures, of photos: `show_photos`, `show_fits`, `show_views`, `show_batch`, `show_answers`. Charts,
of figures: `show_counts`, `show_curves`, `show_confidence`, `show_confusion`, `show_trade_off`.
Tables: `architecture_table`, `training_table`, `accuracy_table`, `worst_table`, `confused_table`,
`comparison_table`, `pairs_table`, `study_table`, `robustness_table`. What a network looked at is in
`whereshot.learn.explain`.

While a run trains, `print_epochs` says how far it is.

Each takes what the package computes and computes nothing by itself; a notebook shows what it
returns as the value of a cell.
"""

from __future__ import annotations

from whereshot.learn.show.accuracy import show_confidence, show_confusion, show_trade_off
from whereshot.learn.show.answers import robustness_table, show_answers
from whereshot.learn.show.charts import show_counts, show_curves
from whereshot.learn.show.pictures import show_batch, show_fits, show_photos, show_views
from whereshot.learn.show.progress import print_epochs
from whereshot.learn.show.studies import study_table
from whereshot.learn.show.table import Table
from whereshot.learn.show.tables import (
    accuracy_table,
    architecture_table,
    comparison_table,
    confused_table,
    pairs_table,
    training_table,
    worst_table,
)
from whereshot.learn.study.kept import read_study

__all__ = [
    "Table",
    "accuracy_table",
    "architecture_table",
    "comparison_table",
    "confused_table",
    "pairs_table",
    "print_epochs",
    "read_study",
    "robustness_table",
    "show_answers",
    "show_batch",
    "show_confidence",
    "show_confusion",
    "show_counts",
    "show_curves",
    "show_fits",
    "show_photos",
    "show_trade_off",
    "show_views",
    "study_table",
    "training_table",
    "worst_table",
]
