"""The page: frame, style, script, atlas and data in one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from whereshot.atlas import ATLAS, STATIC
from whereshot.errors import ConflictError
from whereshot.library.map.modules import join_modules

GENERATOR = b'<meta name="generator" content="whereshot map">'
"""What tells a map from any other HTML file, in its first 2,000 bytes."""

_HERE = Path(__file__).parent


def render_map(title: str, data: dict[str, Any]) -> str:
    """The page for the data of `map_data`.

    Its content security policy lets it run the two scripts and use the one style that it was made
    with, and show pictures that are inside of it; it can't ask anybody for anything.
    """
    theme, script, style = _theme(), _script(), _style()
    return Template((_HERE / "page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(title.encode("utf-8", "replace").decode("utf-8")),
        style=style,
        style_hash=_hash(style),
        theme=theme,
        theme_hash=_hash(theme),
        script=script,
        script_hash=_hash(script),
        atlas=_inside_script(ATLAS.read_text(encoding="utf-8")),
        data=_inside_script(json.dumps(data, separators=(",", ":"), allow_nan=False)),
    )


def check_map_target(target: Path) -> None:
    """Raise ConflictError where a file is that is no map: it would be lost."""
    if not target.exists():
        return
    with target.open("rb") as file:
        if GENERATOR in file.read(2000):
            return
    raise ConflictError(
        f"'{target}' is there already and is no map of whereshot's. Give another name, or move it."
    )


@cache
def _script() -> str:
    return join_modules(_HERE / "js/main.js")


@cache
def _theme() -> str:
    """Light or dark, before anything is drawn."""
    return (STATIC / "shared/theme.js").read_text(encoding="utf-8")


@cache
def _style() -> str:
    # The colors, the type, the buttons and the map are the app's.
    own = ("shared/tokens.css", "shared/base.css", "map/map.css")
    parts = (*(STATIC / name for name in own), _HERE / "page.css")
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inside_script(text: str) -> str:
    """JSON that can't end the element it is in: it has no `<` left."""
    return text.replace("<", "\\u003c")
