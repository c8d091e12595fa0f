"""XMP sidecars: read them, put a recognized place into them, take it out again.

Bytes in, bytes out: nothing here touches a file, except `sidecar_path`, which looks whether one is
there.
"""

from whereshot.photo.sidecar.merging import merge_place
from whereshot.photo.sidecar.paths import sidecar_names, sidecar_path
from whereshot.photo.sidecar.place_tag import PlaceTag
from whereshot.photo.sidecar.reading import ShownPlace, Sidecar, parse_sidecar
from whereshot.photo.sidecar.removing import remove_place

__all__ = [
    "PlaceTag",
    "ShownPlace",
    "Sidecar",
    "merge_place",
    "parse_sidecar",
    "remove_place",
    "sidecar_names",
    "sidecar_path",
]
