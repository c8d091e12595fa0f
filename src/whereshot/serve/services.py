"""What every route works with, made once per app."""

from __future__ import annotations

from dataclasses import dataclass, field

from whereshot.serve.corrections import CorrectionStore
from whereshot.serve.engine import Engine
from whereshot.serve.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The engine that looks at photos, how the server is set up, and what a person corrected."""

    engine: Engine
    settings: Settings
    corrections: CorrectionStore = field(default_factory=CorrectionStore)
