"""Rows of a study, made up."""

from __future__ import annotations

from whereshot.learn.intervals import Estimate
from whereshot.learn.study.records import StudyRow


def row(name: str, top1: float | None, time: float | None, **more: object) -> StudyRow:
    """A network with this accuracy and this time in ms."""
    found = None if top1 is None else Estimate(top1, max(0.0, top1 - 0.05), min(1.0, top1 + 0.05))
    fields = {"backbone": f"timm/{name}", "size": 32, "mode": "full"} | more
    return StudyRow(
        name, f"runs/{name}", words=f"{name} at 32 px", top1=found, cpu_milliseconds=time, **fields
    )
