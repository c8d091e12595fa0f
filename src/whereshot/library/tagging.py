"""Which photos get a place, and what is said of the others: a plan, made without touching a file.

Wrong is worse than nothing: only what the recognizer is sure of is written, never beside a place
that somebody gave, never against the photo's own position, and never twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from whereshot.errors import SidecarError
from whereshot.gazetteer.localized import Localized
from whereshot.geo import haversine_km
from whereshot.library.catalog import CatalogPhoto
from whereshot.photo.sidecar import PlaceTag, Sidecar, merge_place, parse_sidecar, remove_place
from whereshot.records import Landmark, Location

CONTRADICTION_KM = 50.0
"""A photo taken further than this from the landmark's circle does not show the landmark itself."""

PERSON = "person"
"""What stands in the place of a bundle where somebody, and no recognizer, said what is shown."""

Outcome = Literal["written", "updated", "removed", "skipped", "review", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("written", "updated", "removed", "skipped", "review", "failed")
CHANGES: frozenset[Outcome] = frozenset({"written", "updated", "removed"})
"""The outcomes of photos whose metadata is another than before."""


class Metadata(NamedTuple):
    """Where the XMP of a photo is, or belongs, and what is there."""

    path: Path
    content: bytes | None
    embedded: bytes | None = None  # the XMP inside the photo, where `content` is beside it
    shared: bool = False  # with other photos of the same name, as IMG_1.xmp is
    sidecar: bytes | None = None  # the one beside it, where `content` is inside the photo


@dataclass(frozen=True, slots=True)
class TagOptions:
    """What is written: `when` is an ISO 8601 date and time with offset to UTC."""

    when: str
    write_gps: bool = False
    names: Localized | None = None


@dataclass(frozen=True, slots=True)
class TagStep:
    """What happens to one photo, and why.

    A step that changes something has the `path` of what it changes, and the XMP there `before` and
    `after`: None for none.
    """

    photo: Path
    outcome: Outcome
    reason: str = ""
    landmark: Landmark | None = None
    probability: float | None = None
    path: Path | None = None
    before: bytes | None = None
    after: bytes | None = None
    since: str = ""
    """When what would have been written was, for a photo that is tagged already."""

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.outcome in CHANGES

    def failed(self, reason: str) -> TagStep:
        """The same photo when it could not be written; what should have been is forgotten."""
        return replace(self, outcome="failed", reason=reason, before=None, after=None)


ReadMetadata = Callable[[CatalogPhoto], Metadata]
"""Raises OSError or SidecarError for a photo or a sidecar that can't be used."""


def plan_tags(
    photos: Iterable[CatalogPhoto], read: ReadMetadata, options: TagOptions
) -> Iterator[TagStep]:
    """One step per photo, in order.

    Each is planned when it is asked for, after those before it were applied: photos may share a
    sidecar.
    """
    shared: dict[Path, Path] = {}
    for photo in photos:
        finding = _finding(photo)
        rejected = photo.decision is not None and photo.decision.verdict == "rejected"
        if photo.error or (finding is None and not rejected):
            yield _unsure(photo)
            continue
        step = TagStep(photo.path, "skipped")
        if finding is not None:
            step = replace(step, landmark=finding.landmark, probability=finding.probability)
        try:
            metadata = read(photo)
            # Else two photos that show two landmarks would overwrite each other's, every time.
            first = shared.get(metadata.path, photo.path) if metadata.shared else photo.path
            if first != photo.path:
                reason = f"its sidecar is that of {first.name} too, which comes first"
                yield replace(step, reason=reason)
            elif finding is None:
                yield _without(step, photo, metadata)
            else:
                shared[metadata.path] = photo.path
                yield _step(step, photo, finding, metadata, options)
        except SidecarError as error:
            yield step.failed(str(error))
        except OSError as error:
            yield step.failed(reason_of(error))


def reason_of(error: OSError) -> str:
    """What the system says, without what the row says already."""
    return error.strerror or str(error)


class _Finding(NamedTuple):
    """The landmark that a photo shows, and who says so how surely."""

    landmark: Landmark
    probability: float
    bundle: str


def _finding(photo: CatalogPhoto) -> _Finding | None:
    landmark, best, recognition = photo.shown, photo.best, photo.recognition
    if landmark is None:
        return None
    if recognition is None or best is None or recognition.verdict != "landmark":
        return _Finding(landmark, 1.0, PERSON)
    if best.landmark.id == landmark.id:
        return _Finding(best.landmark, best.probability, recognition.bundle)
    return _Finding(landmark, 1.0, PERSON)


def _unsure(photo: CatalogPhoto) -> TagStep:
    if photo.error:
        return TagStep(photo.path, "failed", photo.error)
    if photo.recognition is None:
        return TagStep(photo.path, "failed", "it was not recognized yet: run this again")
    return TagStep(photo.path, "skipped", "no landmark that it surely shows")


def _step(
    step: TagStep, photo: CatalogPhoto, finding: _Finding, metadata: Metadata, options: TagOptions
) -> TagStep:
    inside, beside = _other(metadata.embedded), _other(metadata.sidecar)
    target = parse_sidecar(metadata.content) if metadata.content else Sidecar()
    said = (inside, beside, target)
    if not photo.is_accepted:
        for position in (photo.own_location, *(each.gps for each in said)):
            if far := contradiction(position, finding.landmark):
                return replace(step, outcome="review", reason=far)
        if any(each.own is not None and each.own.bundle == PERSON for each in (beside, target)):
            return replace(step, reason="somebody said which landmark it shows")
    if any(each.has_person_names for each in said):
        return replace(step, reason="it has a place that somebody gave it")
    has_position = (
        photo.own_location is not None or inside.gps is not None or beside.photo_gps is not None
    )
    own = target.own
    wants_position = options.write_gps or (own is not None and own.write_gps)
    tag = _tag(finding, options, write_gps=wants_position and not has_position)
    if own is not None and _says_the_same(own, tag):
        return replace(step, reason="it is tagged already", since=own.date)
    merged = merge_place(metadata.content, tag, embedded=inside)
    if merged == metadata.content:
        return replace(step, reason="it is tagged already", since=tag.date)
    return replace(
        step,
        outcome="updated" if own is not None else "written",
        path=metadata.path,
        before=metadata.content,
        after=merged,
    )


def _without(step: TagStep, photo: CatalogPhoto, metadata: Metadata) -> TagStep:
    """What happens to a photo that does not show its landmark, as somebody said."""
    assert photo.decision is not None
    landmark = photo.decision.landmark
    step = replace(step, reason=f"somebody said that it does not show {landmark.name}")
    own = parse_sidecar(metadata.content).own if metadata.content else None
    if metadata.content is None or own is None:
        return step
    if own.landmark_id != landmark.id and own.bundle != PERSON:
        return step  # another recognizer's: nothing was said of that
    return replace(
        step,
        outcome="removed",
        landmark=landmark,
        path=metadata.path,
        before=metadata.content,
        after=remove_place(metadata.content),
    )


def _other(xmp: bytes | None) -> Sidecar:
    """What is said where nothing is written; nothing if that can't be read: it stays as it is."""
    try:
        return parse_sidecar(xmp) if xmp else Sidecar()
    except SidecarError:
        return Sidecar()


def contradiction(position: Location | None, landmark: Landmark) -> str:
    """Why a position that is not whereshot's speaks against the landmark; empty if it doesn't."""
    if position is None or position.source != "exif":
        return ""
    apart_km = haversine_km(
        (position.latitude, position.longitude), (landmark.latitude, landmark.longitude)
    )
    if apart_km <= landmark.radius_km + CONTRADICTION_KM:
        return ""
    return (
        f"its GPS position is {apart_km:,.0f} km from {landmark.name}: a look-alike, or wrong GPS"
    )


def _tag(finding: _Finding, options: TagOptions, *, write_gps: bool) -> PlaceTag:
    landmark, names = finding.landmark, options.names
    return PlaceTag(
        landmark=names.landmark(landmark) if names else landmark.name,
        landmark_id=landmark.id,
        wikidata=landmark.wikidata,
        country=names.country(landmark) if names else landmark.country,
        country_code=landmark.country_code,
        region=landmark.region,
        city=landmark.city,
        latitude=landmark.latitude,
        longitude=landmark.longitude,
        radius_km=landmark.radius_km,
        probability=round(finding.probability, 6),
        bundle=finding.bundle,
        date=options.when,
        write_gps=write_gps,
    )


def _says_the_same(own: PlaceTag, tag: PlaceTag) -> bool:
    """Whether nothing that people see would change: another bundle's word for it is no news."""
    return own == replace(tag, probability=own.probability, bundle=own.bundle, date=own.date)
