"""`create_app`: an engine as a web app, with the pages in front and the JSON API behind them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import whereshot
from whereshot.records import Recognizer
from whereshot.serve import problems
from whereshot.serve.engine import Engine, InProcessEngine
from whereshot.serve.guard import Guard
from whereshot.serve.reference import document
from whereshot.serve.routes import (
    corrections,
    health,
    heatmap,
    landmarks,
    pages,
    preview,
    recognize,
    teach,
    vision,
)
from whereshot.serve.services import Services
from whereshot.serve.settings import Settings
from whereshot.serve.vision.errors import GoogleErrors


def create_app(engine: Engine | Recognizer, settings: Settings | None = None) -> FastAPI:
    """Build the app around an engine, which it closes when it ends.

    A recognizer is called from threads of this process (`InProcessEngine`).
    """
    settings = settings or Settings()
    if not isinstance(engine, Engine):
        engine = InProcessEngine(
            engine, workers=settings.workers, queue=settings.queue, seconds=settings.seconds
        )
    services = Services(engine, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
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
    app.add_middleware(Guard, hosts=settings.hosts)
    app.add_middleware(GoogleErrors)  # the outermost: it words what all others refuse

    app.include_router(health.router(services))
    app.include_router(recognize.router(services))
    app.include_router(vision.router(services))
    app.include_router(heatmap.router(services))
    app.include_router(preview.router(services))
    app.include_router(landmarks.router(services))
    app.include_router(teach.router(services))
    app.include_router(corrections.router(services))
    app.include_router(pages.router(services))
    app.mount("/static", pages.StaticPages(), name="static")
    return app
