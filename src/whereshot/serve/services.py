"""What every route works with, made once per app."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from whereshot.serve.corrections import CorrectionStore
from whereshot.serve.engine import Engine
from whereshot.serve.library.room import Library
from whereshot.serve.metrics import Metrics
from whereshot.serve.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The engine that looks at photos, how the server is set up, and what it keeps an eye on.

    `corrections` is what a person said of photos. `stopping` is set when the server is asked to
    stop: an answer that would go on for ever ends then. `library` are the photos in the folders
    that were allowed.
    """

    engine: Engine
    settings: Settings
    metrics: Metrics
    library: Library
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    corrections: CorrectionStore = field(default_factory=CorrectionStore)
