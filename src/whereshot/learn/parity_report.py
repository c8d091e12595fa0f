"""What was found when exports were checked: as JSON, and as a table for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime
import torch

import whereshot
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.parity import MAX_LOGIT_DIFFERENCE, MAX_TOP1_POINTS, Comparison
from whereshot.recognize.bundle import MODEL_FILE


def report_of(
    name: str, index: PhotoIndex, comparison: Comparison, files: Mapping[str, Path]
) -> dict[str, Any]:
    """A comparison as plain values: what was compared, on what, with what, what was found.

    `name` is what the exports are called, `index` the test photos, `files` the exported files by
    format.
    """
    return {
        "name": name,
        "classes": len(index.classes),
        "test": {
            "fingerprint": index.fingerprint(),
            "photos": len(index),
            "unreadable": list(comparison.unreadable),
        },
        "allowed": {"top1_points": MAX_TOP1_POINTS, "logit_difference": MAX_LOGIT_DIFFERENCE},
        "versions": {
            package.__name__: package.__version__ for package in (whereshot, torch, onnxruntime)
        },
        "exports": [
            {**parity.to_dict(), "holds": parity.holds, **_record(files[parity.format])}
            for parity in comparison.parities
        ],
    }


def table_of(comparison: Comparison) -> str:
    """A comparison as a Markdown table that reads well as plain text too."""
    first = comparison.parities[0]
    rows = [
        ("", f"top-1 of {first.photos:,} photos", "other answers", "largest logit difference"),
        ("PyTorch", f"{first.network_top1:.2%}", "", ""),
        *(
            (
                each.format,
                f"{each.export_top1:.2%}",
                f"{each.other_answers:,}",
                f"{each.max_logit_difference:.1e}",
            )
            for each in comparison.parities
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]

    def line(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |\n"

    rule = [width * "-" for width in widths]
    rule[1:] = [f"{dashes[:-1]}:" for dashes in rule[1:]]
    return "".join(map(line, [rows[0], rule, *rows[1:]]))


def _record(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "file": f"{path.parent.name}/{path.name}" if path.name == MODEL_FILE else path.name,
        "bytes": path.stat().st_size,
        "sha256": digest,
    }
