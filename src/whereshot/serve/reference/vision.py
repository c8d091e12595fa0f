"""`images:annotate` in OpenAPI: its body is read by hand, as a stream."""

from __future__ import annotations

from typing import Any

from whereshot.serve.reference.parts import Json, answer, body, list_of, record, ref

# A photo of one pixel, so that the example can be sent as it is.
_PIXEL = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
_REQUEST: Json = {
    "requests": [
        {
            "image": {"content": _PIXEL},
            "features": [{"type": "LANDMARK_DETECTION", "maxResults": 10}],
        }
    ]
}
_RESPONSE: Json = {
    "responses": [
        {
            "landmarkAnnotations": [
                {
                    "mid": "http://www.wikidata.org/entity/Q12501",
                    "description": "Great Wall of China",
                    "score": 0.997,
                    "boundingPoly": {
                        "vertices": [
                            {"x": 120, "y": 40},
                            {"x": 780, "y": 40},
                            {"x": 780, "y": 560},
                            {"x": 120, "y": 560},
                        ]
                    },
                    "locations": [{"latLng": {"latitude": 40.4319, "longitude": 116.5704}}],
                }
            ]
        },
        {},
        {"error": {"code": 3, "message": "The photo (0 bytes) is empty."}},
    ]
}
_DESCRIPTION = (
    "Takes Google Cloud Vision's `LANDMARK_DETECTION` requests and answers in its shape, so that "
    "its clients work here. Up to 16 images, each as base64 in `image.content`; a link is never "
    "fetched. An image that can't be answered has an `error` with a code of `google.rpc.Code`, the "
    "others go on. Where whereshot is not sure, the answer is an empty object.\n\n"
    "The same is answered under `/v1/projects/{project}/images:annotate` and "
    "`/v1/projects/{project}/locations/{location}/images:annotate`."
)


_REQUESTS = {**list_of(ref("ImageRequest")), "minItems": 1, "maxItems": 16}

VISION_REFERENCE: dict[str, Any] = {
    "summary": "Landmarks, for clients of Google Cloud Vision",
    "tags": ["Google Cloud Vision"],
    "description": _DESCRIPTION,
    "operation_id": "annotate_images",
    "responses": {
        200: answer(
            "One answer per image, in their order.",
            record({"responses": list_of(ref("ImageResponse"))}),
            _RESPONSE,
        ),
        400: answer("The request as a whole is wrong, or too large.", ref("GoogleError")),
        415: answer("The body is not application/json.", ref("GoogleError")),
    },
    "openapi_extra": body("application/json", record({"requests": _REQUESTS}), _REQUEST),
}
