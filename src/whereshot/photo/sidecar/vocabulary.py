"""The namespaces and properties that places and keywords are written with.

Sources: XMP Specification parts 1 and 2 (Adobe, 2012-2016); IPTC Photo Metadata Standard 2025.1.
"""

from __future__ import annotations

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "x": "adobe:ns:meta/",
    "xml": "http://www.w3.org/XML/1998/namespace",
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    # A name, not an address: it has no host that could go away or change hands.
    "whereshot": "urn:whereshot:xmp:1.0/",
}

_ALSO = {"MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0"}  # exiftool's, without a slash

LOCATION_SHOWN = "Iptc4xmpExt:LocationShown"
LATITUDE, LONGITUDE = "exif:GPSLatitude", "exif:GPSLongitude"
POSITION_ERROR, POSITION_METHOD = "exif:GPSHPositioningError", "exif:GPSProcessingMethod"
GPS_PROPERTIES = (LATITUDE, LONGITUDE, POSITION_ERROR, POSITION_METHOD)
OWN_BLOCK = "whereshot:Recognition"

PLACE_PROPERTIES = (
    LOCATION_SHOWN,
    "Iptc4xmpExt:LocationCreated",
    "Iptc4xmpCore:Location",
    "Iptc4xmpCore:CountryCode",
    "photoshop:City",
    "photoshop:State",
    "photoshop:Country",
    LATITUDE,
    LONGITUDE,
)
"""What says where a photo was taken or what place it shows."""


def expand(name: str) -> str:
    """The namespace and local name that a prefixed name stands for.

    >>> expand("dc:subject")
    '{http://purl.org/dc/elements/1.1/}subject'
    """
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def spellings(name: str) -> frozenset[str]:
    """All that programs write for a prefixed name: they disagree on some namespaces."""
    prefix, _, local = name.partition(":")
    also = {f"{{{_ALSO[prefix]}}}{local}"} if prefix in _ALSO else set[str]()
    return frozenset({expand(name), *also})
