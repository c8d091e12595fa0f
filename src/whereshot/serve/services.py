"""What every route works with, made once per app."""

from __future__ import annotations

from dataclasses import dataclass

from whereshot.serve.engine import Engine
from whereshot.serve.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The engine that looks at photos, and how the server is set up."""

    engine: Engine
    settings: Settings
