"""From whatever a file stores to 8-bit sRGB: depths, palettes, transparency, colour profiles."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import product

import numpy as np
from PIL import Image, ImageCms

_LEVELS = (0, 36, 73, 109, 146, 182, 219, 255)
_SAME = 2  # levels of 255: profiles that differ less from sRGB are sRGB
_MOST_PROFILE_BYTES = 8_000_000  # the largest printing profiles have some 3 MB


def to_8bit(image: Image.Image, white: float | None = None) -> Image.Image:
    """An image of mode L, LA, RGB, RGBA, CMYK or LAB with the same content.

    `white` is the value that means white where pixels have more than 8 bits; without it, 65535 for
    16 bits, and for other numbers the next of 1, 255, 65535 and 2**32 - 1 that covers them.
    """
    mode = image.mode
    if mode.startswith(("I", "F")):
        return _scale(image, white)
    if "transparency" in image.info or mode in ("PA", "RGBa"):
        return image.convert("RGBA")
    if mode == "La":
        return image.convert("LA")
    if mode == "1":
        return image.convert("L")
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    return image.convert("RGB")


def _scale(image: Image.Image, white: float | None) -> Image.Image:
    values = np.asarray(image)
    if white is None and image.mode.startswith("I;16"):
        white = 65535.0
    if white is None:
        highest = float(np.nanmax(values, initial=0.0))
        white = next((top for top in (1.0, 255.0, 65535.0) if highest <= top), 2.0**32 - 1)
    scaled = np.empty(values.shape, dtype=np.uint8)
    for top in range(0, len(values), 256):  # in strips: floating point takes four times the memory
        strip = np.multiply(values[top : top + 256], 255.0 / white, dtype=np.float32)
        scaled[top : top + 256] = np.rint(np.nan_to_num(strip).clip(0, 255))
    return Image.fromarray(scaled)


def flatten(image: Image.Image) -> Image.Image:
    """Transparent pixels laid over white; other images as they are."""
    if image.mode not in ("LA", "RGBA"):
        return image
    opaque = "L" if image.mode == "LA" else "RGB"
    paper = Image.new(opaque, image.size, "white")
    paper.paste(image.convert(opaque), mask=image.getchannel("A"))
    return paper


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An RGB image in sRGB from one of mode L, RGB, CMYK or LAB and its ICC profile.

    An invalid profile, or one for another colour model, is ignored.
    """
    transform = None
    if image.mode == "LAB":
        transform = _from_lab()
    elif profile is not None and len(profile) <= _MOST_PROFILE_BYTES:
        transform = _from_profile(profile, image.mode)
    if transform is not None:
        return transform.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.ImageCmsTransform(lab, _srgb(), "LAB", "RGB")


@lru_cache(maxsize=16)  # a library's photos share a few profiles; building one takes milliseconds
def _from_profile(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB; None if there is nothing to do or the profile is no good."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None
    if mode == "RGB":
        # There are dozens of sRGB profiles under different names: what counts is what they do.
        colors = np.array([list(product(_LEVELS, repeat=3))], dtype=np.uint8)
        changed = np.asarray(transform.apply(Image.fromarray(colors)), dtype=np.int16)
        if np.abs(changed - colors).max() <= _SAME:
            return None
    return transform


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
