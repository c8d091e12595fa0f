"""What the API answers when something is wrong: always `{"error": {"type", "message"}}`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from whereshot.errors import (
    CatalogError,
    EngineBusyError,
    EnrollmentError,
    JournalError,
    LandmarkNotFoundError,
    PhotoError,
    PhotoTooLargeError,
    UnsupportedPhotoError,
    WhereshotError,
    WorkerError,
)
from whereshot.serve.headers import SECURITY_HEADERS
from whereshot.serve.watch import REQUEST_ID, request_id


class RequestError(HTTPException):
    """A request that can't be answered, with the HTTP status that says so.

    It is one of the framework's own, as only those come out of a body that the framework reads: in
    place of any other it says 400.

    `close` if the rest of its body stays unread, so that its connection can't be used again;
    `retry_after` seconds if it may be answered later.
    """

    def __init__(
        self,
        status: int,
        type_: str,
        message: str,
        *,
        close: bool = False,
        retry_after: int | None = None,
    ) -> None:
        headers: dict[str, str] = {}
        if close:
            headers["Connection"] = "close"
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        super().__init__(status, message, headers)
        self.status = status
        self.type = type_
        self.message = message

    def __str__(self) -> str:
        return self.message


def problem(
    status: int, type_: str, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The JSON answer for one problem with a whole request."""
    content = {"error": {"type": type_, "message": message}}
    return JSONResponse(content, status_code=status, headers=headers)


def internal_error() -> JSONResponse:
    """The answer where a bug was met; the log has its traceback, and the client learns no more."""
    message = "Something went wrong inside whereshot. Its log has the details."
    # Whoever answers this stands outside of all middleware, so the headers come from here.
    return problem(500, "InternalError", message, SECURITY_HEADERS)


def status_of(error: PhotoError | WorkerError) -> int:
    """The HTTP status that fits an error about one photo."""
    if isinstance(error, WorkerError):
        return 500
    if isinstance(error, PhotoTooLargeError):
        return 413
    if isinstance(error, UnsupportedPhotoError):
        return 415
    return 422


def install(app: FastAPI) -> None:
    """Make `app` answer every error as JSON, its own and those of the framework."""

    @app.exception_handler(RequestError)
    async def refuse(_request: Request, error: RequestError) -> Response:
        return problem(error.status, error.type, error.message, error.headers)

    @app.exception_handler(EngineBusyError)
    async def ask_again_later(_request: Request, error: EngineBusyError) -> Response:
        headers = {"Retry-After": str(error.retry_after)}
        return problem(503, "EngineBusy", str(error), headers)

    @app.exception_handler(WorkerError)
    async def give_up(_request: Request, error: WorkerError) -> Response:
        return problem(500, "WorkerError", str(error))

    @app.exception_handler(CatalogError)
    @app.exception_handler(JournalError)
    async def explain_records(_request: Request, error: WhereshotError) -> Response:
        return problem(500, type(error).__name__, str(error))

    @app.exception_handler(PhotoError)
    async def explain_photo(_request: Request, error: PhotoError) -> Response:
        return problem(status_of(error), type(error).__name__, str(error))

    @app.exception_handler(EnrollmentError)
    async def learn_nothing(_request: Request, error: EnrollmentError) -> Response:
        return problem(422, "EnrollmentError", f"{error}.")

    @app.exception_handler(LandmarkNotFoundError)
    async def miss(_request: Request, error: LandmarkNotFoundError) -> Response:
        return problem(404, "LandmarkNotFoundError", str(error))

    @app.exception_handler(HTTPException)
    async def explain(request: Request, error: HTTPException) -> Response:
        name = HTTPStatus(error.status_code).phrase.title().replace(" ", "").replace("-", "")
        message = f"{request.method} {request.url.path}: {error.detail}"
        return problem(error.status_code, name, message, error.headers)

    @app.exception_handler(RequestValidationError)
    async def explain_parameter(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, "InvalidRequest", f"{where}: {first['msg']}. See /docs.")

    @app.exception_handler(Exception)
    async def confess(request: Request, _error: Exception) -> Response:
        answer = internal_error()
        answer.headers[REQUEST_ID] = request_id(request.scope)
        return answer
