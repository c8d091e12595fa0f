"""Forms of routes that take photos with a few text fields: checked, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request
from starlette.requests import ClientDisconnect

from whereshot.errors import PhotoTooLargeError
from whereshot.serve.problems import RequestError
from whereshot.serve.uploads import Form, Upload, UploadLimits, read_form


async def read_fields(request: Request, limits: UploadLimits, fields: Collection[str] = ()) -> Form:
    """A form with photos and no text fields but these; raises RequestError as `read_form`."""
    try:
        form = await read_form(request, limits)
    except ClientDisconnect as error:
        raise RequestError(400, "Disconnected", "The upload was cut off.", close=True) from error
    unknown = sorted(set(form.fields) - set(fields))
    if unknown:
        known = ", ".join(("photos", *sorted(fields)))
        message = f"The field {unknown[0][:60]!r} is unknown: expected {known}. Leave it out."
        raise RequestError(422, "UnknownField", message)
    return form


async def read_one_photo(
    request: Request, limits: UploadLimits, fields: Collection[str] = ()
) -> tuple[bytes, dict[str, str]]:
    """The bytes of the one photo of a form, and its text fields.

    Raises RequestError as `read_fields` and for several photos, `PhotoTooLargeError` for a file
    beyond the limit.
    """
    form = await read_fields(request, limits, fields)
    photo, *others = form.photos
    if others:
        message = f"The request has {1 + len(others)} photos, expected one. Send one after another."
        raise RequestError(413, "TooManyPhotos", message)
    return content_of(photo, limits), form.fields


def content_of(photo: Upload, limits: UploadLimits) -> bytes:
    """The bytes of an uploaded photo; raises `PhotoTooLargeError` if they were too many to keep."""
    if photo.content is None:
        megabytes = limits.file_bytes / 1024**2
        raise PhotoTooLargeError(
            f"{photo.name!r} is larger than {megabytes:g} MB. Send a smaller copy of it."
        )
    return photo.content
