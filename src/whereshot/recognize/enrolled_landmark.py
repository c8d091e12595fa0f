"""One landmark that somebody taught to a bundle: what it is, and what it looks like."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import EnrollmentError
from whereshot.recognize.views import Vectors, prototypes_of
from whereshot.records import Landmark

LONGEST_ID = 100  # characters: it becomes a file's name
MOST_PHOTOS = 500  # of one landmark; a few dozen show all that there is to it
LARGEST_PICTURE = 1 << 20  # bytes

_ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*@[0-9]+")
_LONGEST_TEXT = 300  # characters
_MOST_ALIASES = 100


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledLandmark:
    """A landmark with the embeddings of the N photos that it was learned from.

    `prototypes` float32 (P, D) and `embeddings` float32 (N, D) are L2-normalized, and belong to
    the network whose file has the SHA-256 `model_sha256`, that of the bundle `bundle` (`world@2`).
    `digests` are the SHA-256 of the photos' own bytes, to know one again. `pictures` are small
    upright JPEGs of the photos, to embed again with a newer network; b"" where one was left out.
    `created` is an ISO date. Raises ValueError for fields that don't hold to this.
    """

    landmark: Landmark
    prototypes: Vectors
    embeddings: Vectors
    created: str
    bundle: str
    model_sha256: str
    digests: tuple[str, ...]
    pictures: tuple[bytes, ...]

    def __post_init__(self) -> None:
        check_landmark(self.landmark)
        count = len(self.digests)
        if not 1 <= count <= MOST_PHOTOS:
            raise ValueError(f"the number of photos must be in [1, {MOST_PHOTOS}], got {count}")
        if len(set(self.digests)) != count or not all(map(_SHA256.fullmatch, self.digests)):
            raise ValueError("digests must be different SHA-256 in hexadecimal digits")
        _check_vectors("embeddings", self.embeddings)
        _check_vectors("prototypes", self.prototypes)
        if len(self.embeddings) != count or len(self.pictures) != count:
            raise ValueError(
                f"each of the {count} photos must have one embedding and one picture, got "
                f"{len(self.embeddings)} and {len(self.pictures)}"
            )
        if len(self.prototypes) > count or self.prototypes.shape[1] != self.size:
            raise ValueError(
                f"prototypes must be (at most {count}, {self.size}), got {self.prototypes.shape}"
            )
        for picture in self.pictures:
            if picture and not picture.startswith(b"\xff\xd8"):
                raise ValueError("pictures must be JPEG")
            if len(picture) > LARGEST_PICTURE:
                raise ValueError(f"a picture must have at most {LARGEST_PICTURE:,} bytes")
        datetime.date.fromisoformat(self.created)
        if not _TITLE.fullmatch(self.bundle):
            raise ValueError(f"bundle must be like world@2, got {self.bundle!r:.60}")
        if not _SHA256.fullmatch(self.model_sha256):
            raise ValueError("model_sha256 must be 64 hexadecimal digits in lower case")

    @property
    def photos(self) -> int:
        """How many photos it was learned from."""
        return len(self.digests)

    @property
    def size(self) -> int:
        """The length of an embedding, D."""
        return self.embeddings.shape[1]

    def without_pictures(self) -> EnrolledLandmark:
        """The same without what shows the photos."""
        return replace(self, pictures=(b"",) * self.photos)

    def with_photos_of(self, other: EnrolledLandmark) -> EnrolledLandmark:
        """The landmark, learned from the photos of both; the same photo counts once.

        The landmark's own fields are those of `other` where it has them. Raises `EnrollmentError`
        if the embeddings are of different networks.
        """
        if (self.model_sha256, self.size) != (other.model_sha256, other.size):
            raise EnrollmentError(
                f"{self.landmark.name!r} was learned by another network ({self.bundle}) than the "
                f"photos that are to be added ({other.bundle}). Learn it again first: "
                "whereshot enroll --refresh"
            )
        known = set(self.digests)
        new = [at for at, digest in enumerate(other.digests) if digest not in known]
        if self.photos + len(new) > MOST_PHOTOS:
            raise EnrollmentError(
                f"{self.landmark.name!r} was learned from {self.photos:,} photos, and {len(new):,} "
                f"more are too many: {MOST_PHOTOS:,} is the limit. Choose those that show it best"
            )
        pictures = dict(zip(other.digests, other.pictures, strict=True))
        embeddings = np.concatenate([self.embeddings, other.embeddings[new]])
        return replace(
            other,
            landmark=_merged(self.landmark, other.landmark),
            prototypes=prototypes_of(embeddings),
            embeddings=embeddings,
            digests=(*self.digests, *(other.digests[at] for at in new)),
            pictures=(
                *(  # a picture that one of them lacks may be in the other
                    picture or pictures.get(digest, b"")
                    for digest, picture in zip(self.digests, self.pictures, strict=True)
                ),
                *(other.pictures[at] for at in new),
            ),
        )


def digest_of(photo: bytes) -> str:
    """What a photo is known again by: the SHA-256 of its bytes."""
    return hashlib.sha256(photo).hexdigest()


def check_id(landmark_id: str) -> str:
    """The id itself; raises ValueError for one that is no plain name of a file."""
    if not _ID.fullmatch(landmark_id) or len(landmark_id) > LONGEST_ID:
        raise ValueError(
            f"id must be lower-case words joined by underscores, at most {LONGEST_ID} characters, "
            f"such as blarney_castle, got {landmark_id!r:.120}"
        )
    return landmark_id


def check_landmark(landmark: Landmark) -> None:
    """Raise ValueError for a landmark whose id or texts are not fit to be kept in a file."""
    check_id(landmark.id)
    aliases: Iterable[str] = landmark.aliases
    if len(landmark.aliases) > _MOST_ALIASES:
        raise ValueError(f"aliases must be at most {_MOST_ALIASES}, got {len(landmark.aliases)}")
    for text in (landmark.name, landmark.city, landmark.region, landmark.country, *aliases):
        if len(text) > _LONGEST_TEXT or not text.isprintable():
            raise ValueError(
                f"names must be printable and at most {_LONGEST_TEXT} characters, got {text!r:.60}"
            )
    if not all(alias.strip() for alias in aliases) or not landmark.name.strip():
        raise ValueError("names and aliases must not be blank")
    if landmark.wikidata and not re.fullmatch(r"Q[1-9][0-9]{0,15}", landmark.wikidata):
        raise ValueError(f"wikidata must be an item such as Q12501, got {landmark.wikidata!r:.60}")
    if landmark.country_code and not re.fullmatch(r"[A-Z]{2}", landmark.country_code):
        raise ValueError(
            f"country_code must be two capital letters, such as IE, got "
            f"{landmark.country_code!r:.60}"
        )
    if landmark.kind not in ("natural", "built"):
        raise ValueError(f"kind must be natural or built, got {landmark.kind!r:.60}")


def _check_vectors(name: str, vectors: NDArray[np.float32]) -> None:
    if vectors.dtype != np.float32 or vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(f"{name} must be float32 (N, D), got {vectors.dtype} {vectors.shape}")
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if not np.allclose(norms, 1.0, atol=1e-3):  # false for nan too
        raise ValueError(f"{name} must be L2-normalized, got norms {norms.min()} to {norms.max()}")


def _merged(old: Landmark, new: Landmark) -> Landmark:
    """The newer fields where there are any, the older ones where not, the aliases of both."""
    return replace(
        new,
        country=new.country or old.country,
        country_code=new.country_code or old.country_code,
        city=new.city or old.city,
        region=new.region or old.region,
        wikidata=new.wikidata or old.wikidata,
        aliases=tuple(dict.fromkeys((*old.aliases, *new.aliases))),
    )
