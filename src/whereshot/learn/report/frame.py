"""The frame around every report: one HTML file that loads nothing and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from string import Template

from whereshot.learn.report.markup import Markup, join, text

_HERE = Path(__file__).parent


def render_frame(title: str, *parts: Markup | None) -> str:
    """A whole page with this title; parts that are None are left out.

    Its content security policy forbids the network, and any script but the one that sorts tables.
    """
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template((_HERE / "report.html").read_text(encoding="utf-8")).substitute(
        title=text(title),
        script_hash=digest,
        style=style,
        script=script,
        body=join(*(part for part in parts if part)),
    )
