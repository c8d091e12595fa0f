"""`create_app`: an engine as a web app, with the pages in front and the JSON API behind them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

import whereshot
from whereshot.records import Recognizer
from whereshot.serve import problems
from whereshot.serve.access import Access
from whereshot.serve.engine import Engine, InProcessEngine
from whereshot.serve.guard import Guard
from whereshot.serve.inflow import Inflow
from whereshot.serve.keys import Keys
from whereshot.serve.library.room import Library
from whereshot.serve.logs import log_visit
from whereshot.serve.metrics import Metrics
from whereshot.serve.reference import document
from whereshot.serve.routes import (
    corrections,
    health,
    heatmap,
    landmarks,
    library,
    metrics,
    pages,
    preview,
    recognize,
    session,
    teach,
    vision,
)
from whereshot.serve.services import Services
from whereshot.serve.settings import Settings
from whereshot.serve.small_bodies import SmallBodies
from whereshot.serve.vision.errors import GoogleErrors
from whereshot.serve.watch import Watch


def create_app(
    engine: Engine | Recognizer,
    settings: Settings | None = None,
    make_recognizer: Callable[[], Recognizer] | None = None,
) -> FastAPI:
    """Build the app around an engine, which it closes when it ends.

    A recognizer is called from threads of this process (`InProcessEngine`). With `make_recognizer`,
    which must be picklable and make what the engine's workers have, folders can be looked at by
    processes of their own.
    """
    settings = settings or Settings()
    indexer = make_recognizer
    if not isinstance(engine, Engine):
        indexer = indexer or engine
        engine = InProcessEngine(
            engine, workers=settings.workers, queue=settings.queue, seconds=settings.seconds
        )
    keys = Keys(settings.api_keys)
    numbers = Metrics(engine)
    services = Services(engine, settings, numbers, Library(settings, engine, indexer))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        services.library.begin()
        yield
        await services.library.close()
        await services.engine.close()

    app = FastAPI(
        title="whereshot",
        summary="Where was this shot? Landmarks and their places, out of photos.",
        version=whereshot.__version__,
        docs_url=None,  # both would load their scripts from a CDN
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    document.install(app)
    # From the inside to the outside: who is refused by one never meets those before it.
    app.add_middleware(Inflow, most=settings.held_bytes)
    app.add_middleware(SmallBodies)
    app.add_middleware(Access, keys=keys, rate=settings.rate)
    app.add_middleware(Guard, hosts=settings.hosts)
    app.add_middleware(GoogleErrors)  # words what all others refuse
    app.add_middleware(Watch, begin=(numbers.begin,), end=(numbers.end, log_visit))
    app.state.stopping = services.stopping

    if keys:
        app.include_router(session.router(keys))
    app.include_router(health.router(services))
    app.include_router(metrics.router(services))
    app.include_router(recognize.router(services))
    app.include_router(vision.router(services))
    app.include_router(heatmap.router(services))
    app.include_router(preview.router(services))
    app.include_router(landmarks.router(services))
    app.include_router(teach.router(services))
    app.include_router(corrections.router(services))
    app.include_router(library.router(services))
    app.include_router(pages.router(services))
    app.mount("/static", pages.StaticPages(), name="static")
    return app
