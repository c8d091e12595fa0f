"""What a `BatchAnnotateImagesRequest` asks of each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whereshot.serve.vision.body import Body, Content
from whereshot.serve.vision.messages import enum, members, number, repeated, text, wrong
from whereshot.serve.vision.status import INVALID_ARGUMENT, UNIMPLEMENTED, Status

MAX_IMAGES = 16
LANDMARKS = "LANDMARK_DETECTION"
FEATURES = {
    "TYPE_UNSPECIFIED": 0,
    "FACE_DETECTION": 1,
    LANDMARKS: 2,
    "LOGO_DETECTION": 3,
    "LABEL_DETECTION": 4,
    "TEXT_DETECTION": 5,
    "SAFE_SEARCH_DETECTION": 6,
    "IMAGE_PROPERTIES": 7,
    "CROP_HINTS": 9,
    "WEB_DETECTION": 10,
    "PRODUCT_SEARCH": 12,
    "DOCUMENT_TEXT_DETECTION": 11,
    "OBJECT_LOCALIZATION": 19,
}
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image of a batch.

    `content` is the photo to look for landmarks in, None if there is none or nobody asked for them.
    `error` is why not all that was asked for can be answered. Both may be there: a request for
    landmarks and faces gets the landmarks, and an error about the faces.
    """

    content: bytes | None
    error: Status | None = None


def read_requests(body: Body, photo_bytes: int) -> list[ImageRequest]:
    """Check a batch as a whole and take it apart; raises RequestError 400."""
    batch = members(body.document, "", ("requests", "parent", "labels"))
    asked = repeated(batch, "requests", "")
    if not 1 <= len(asked) <= MAX_IMAGES:
        raise wrong("requests", f"expected 1 to {MAX_IMAGES} images, got {len(asked)}")
    return [_read_request(request, path, body, photo_bytes) for request, path in asked]


def _read_request(value: Any, path: str, body: Body, photo_bytes: int) -> ImageRequest:
    request = members(value, path, ("image", "features", "imageContext"))
    features = [_read_feature(feature, at) for feature, at in repeated(request, "features", path)]
    image = members(request.get("image", {}), f"{path}.image", ("content", "source"))
    content = _read_content(image, f"{path}.image", body)
    source = members(image.get("source", {}), f"{path}.image.source", ("gcsImageUri", "imageUri"))
    for name in source:
        text(source, name, f"{path}.image.source")
    if not features:
        return ImageRequest(None, _no_features())
    unknown = [feature for feature in dict.fromkeys(features) if feature != LANDMARKS]
    error = _unsupported(unknown) if unknown else None
    if len(unknown) == len(set(features)):
        return ImageRequest(None, error)
    if content is None:
        return ImageRequest(None, _no_link() if source else _no_image())
    if content.is_too_large:
        return ImageRequest(None, _too_large(photo_bytes))
    return ImageRequest(content.data, error)


def _read_feature(value: Any, path: str) -> str:
    feature = members(value, path, ("type", "maxResults", "model"))
    text(feature, "model", path)
    if number(feature, "maxResults", path) < 0:
        raise wrong(f"{path}.maxResults", "expected 0 or more")
    return enum(feature, "type", path, FEATURES)


def _read_content(image: dict[str, Any], path: str, body: Body) -> Content | None:
    # It wins over a source, as in Google's service.
    at = text(image, "content", path)
    if not at:
        return None
    content = body.contents[int(at)]
    if not content.is_base64:
        raise wrong(f"{path}.content", "it is no base64 (RFC 4648)")
    return content if content.data or content.is_too_large else None


def _no_features() -> Status:
    message = f"The request names no features. Send features: [{{type: {LANDMARKS}}}]."
    return Status(INVALID_ARGUMENT, message)


def _unsupported(features: list[str]) -> Status:
    names = ", ".join(features)
    return Status(UNIMPLEMENTED, f"whereshot does not do {names}, only {LANDMARKS}.")


def _no_image() -> Status:
    message = "The request has no image. Send the photo as base64 in image.content."
    return Status(INVALID_ARGUMENT, message)


def _no_link() -> Status:
    message = (
        "The image is a link, and whereshot fetches nothing from the network. "
        "Send the photo as base64 in image.content."
    )
    return Status(UNIMPLEMENTED, message)


def _too_large(photo_bytes: int) -> Status:
    megabytes = photo_bytes / _MEGABYTE
    message = f"The photo is larger than {megabytes:g} MB. Send a smaller copy of it."
    return Status(INVALID_ARGUMENT, message)
