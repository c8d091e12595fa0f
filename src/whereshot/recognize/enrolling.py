"""Teaching a bundle a new landmark from a few photos, without training.

The network is not changed: it turns the photos into embeddings, and what they have in common stands
for the landmark from then on.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np

from whereshot.errors import EnrollmentError, LandmarkNotFoundError, PhotoError
from whereshot.recognize.enrolled import EnrolledStore, model_sha256_of, read_export, store_of
from whereshot.recognize.enrolled_landmark import EnrolledLandmark
from whereshot.recognize.lesson import Caution, Progress, Shot, cautions, is_empty, look_at
from whereshot.recognize.new_landmark import Wish, check_free, find_landmark, new_landmark
from whereshot.recognize.views import prototypes_of
from whereshot.records import Failure, Landmark, Photo

if TYPE_CHECKING:
    from whereshot.recognize.recognizer import OnnxRecognizer


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What came of teaching a landmark.

    It is learned from `photos` photos by now, `added` of them new; `views` is how many groups they
    fall into by their looks.
    """

    landmark: Landmark
    photos: int
    added: int
    views: int
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Caution, ...] = ()


def enroll(
    recognizer: OnnxRecognizer,
    name: str,
    photos: Iterable[Photo],
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    radius_km: float | None = None,
    country: str = "",
    country_code: str = "",
    city: str = "",
    region: str = "",
    wikidata: str = "",
    aliases: Iterable[str] = (),
    kind: Literal["natural", "built"] | None = None,
    store: EnrolledStore | None = None,
    progress: Progress | None = None,
) -> Enrollment:
    """Teach a landmark to the bundle of a recognizer, from photos that show it.

    A landmark that was enrolled before learns from the new photos too. Coordinates (degrees) are
    needed for a new one, unless the gazetteer knows its name; `radius_km` is 0.5 if nobody says
    otherwise; the country and the city are looked up. What is kept goes to `store`, the user's own
    folder, and never into the bundle.

    Photos that can't be read are in the result. Raises `EnrollmentError` if none can, if the
    bundle knows the name itself, or if the landmark's fields can't be right.
    """
    wish = Wish(
        name=name.strip(),
        latitude=latitude,
        longitude=longitude,
        radius_km=radius_km,
        country=country,
        country_code=country_code,
        city=city,
        region=region,
        wikidata=wikidata,
        aliases=tuple(aliases),
        kind=kind,
    )
    store = store or store_of(recognizer.bundle)
    landmark, warnings = _named(recognizer, wish, store)
    shots, failures = look_at(recognizer, photos, progress)
    useful = [shot for shot in shots if not is_empty(shot.embedding)]
    if not useful:
        raise EnrollmentError(_nothing_learned(wish.name, len(shots), failures))
    known = _digests_of(recognizer, landmark.id, store)
    (entry,) = store.add(_entry(recognizer, landmark, useful))
    return Enrollment(
        landmark=entry.landmark,
        photos=entry.photos,
        added=sum(shot.digest not in known for shot in useful),
        views=len(entry.prototypes),
        failures=tuple(failures),
        warnings=(*warnings, *cautions(recognizer.bundle.prototypes, entry, shots)),
    )


def forget(store: EnrolledStore, name_or_id: str) -> str:
    """Drop an enrolled landmark by its id or any spelling of its name; returns its id.

    Raises `LandmarkNotFoundError`, with the closest names in it.
    """
    # A damaged file has no name but its own: it can be forgotten by that.
    if store.forget(name_or_id):
        return name_or_id
    entries = store.read(skip=lambda _: None)
    found = find_landmark(name_or_id, [entry.landmark for entry in entries])
    store.forget(found.id)
    return found.id


def import_landmarks(
    recognizer: OnnxRecognizer,
    path: str | PathLike[str],
    *,
    store: EnrolledStore | None = None,
) -> tuple[EnrolledLandmark, ...]:
    """Enroll the landmarks of a file that somebody exported; returns what is enrolled now.

    Those of another network are learned again from the pictures in the file. All or none: raises
    `EnrollmentError` for a file that is damaged or foreign, for landmarks of another network
    without pictures, and for names that the bundle knows itself.
    """
    store = store or store_of(recognizer.bundle)
    entries = [_fitting(entry, recognizer) for entry in read_export(path)]
    there = [entry.landmark for entry in store.read(skip=lambda _: None)]
    for entry in entries:
        landmark = entry.landmark
        check_free(landmark, recognizer.bundle.landmarks, recognizer.bundle.title)
        others = [other for other in there if other.id != landmark.id]
        check_free(landmark, others, "What is enrolled here")
    return store.add(*entries)


def refreshed(
    recognizer: OnnxRecognizer, *, store: EnrolledStore | None = None
) -> tuple[tuple[EnrolledLandmark, ...], tuple[Caution, ...]]:
    """Learn all landmarks again that another network learned, from the pictures that were kept.

    Returns those that were, and a caution for each one that can't be.
    """
    store = store or store_of(recognizer.bundle)
    done: list[EnrolledLandmark] = []
    failed: list[Caution] = []
    unreadable: list[str] = []
    for entry in store.read(skip=unreadable.append):
        if _fits(entry, recognizer):
            continue
        try:
            changed = store.change(entry.landmark.id, lambda there: _fitting(there, recognizer))
        except EnrollmentError as error:
            failed.append(Caution("not_learned", str(error)))
        else:
            done += [] if changed is None else [changed]
    failed += [Caution("not_learned", message) for message in unreadable]
    return tuple(done), tuple(failed)


def learned_again(entry: EnrolledLandmark, recognizer: OnnxRecognizer) -> EnrolledLandmark:
    """The same landmark, embedded by this recognizer's network from the pictures that were kept.

    Photos without a picture are left out. Raises `EnrollmentError` if none has one.
    """
    kept = [at for at, picture in enumerate(entry.pictures) if picture]
    try:
        vectors = {at: recognizer.embed(entry.pictures[at]) for at in kept}
    except PhotoError as error:
        raise EnrollmentError(
            f"A picture of {entry.landmark.name!r} can't be read: {error} Or enroll the landmark "
            "again from photos"
        ) from error
    kept = [at for at in kept if not is_empty(vectors[at])]
    if not kept:
        raise EnrollmentError(
            f"{entry.landmark.name!r} was learned by another network ({entry.bundle}) than that of "
            f"{recognizer.bundle.title}, and without the pictures it can't be learned again. "
            f"Forget it (whereshot forget {entry.landmark.id}), and enroll it again from photos"
        )
    embeddings = np.stack([vectors[at] for at in kept]).astype(np.float32)
    return replace(
        entry,
        prototypes=prototypes_of(embeddings),
        embeddings=embeddings,
        created=_today(),
        bundle=recognizer.bundle.title,
        model_sha256=model_sha256_of(recognizer.bundle),
        digests=tuple(entry.digests[at] for at in kept),
        pictures=tuple(entry.pictures[at] for at in kept),
    )


def _named(
    recognizer: OnnxRecognizer, wish: Wish, store: EnrolledStore
) -> tuple[Landmark, list[Caution]]:
    """The landmark's record; raises if somebody else has its name."""
    enrolled = [entry.landmark for entry in store.read(skip=lambda _: None)]
    there = _enrolled_as(wish.name, enrolled)
    landmark, strange = new_landmark(wish, there)
    check_free(landmark, recognizer.bundle.landmarks, recognizer.bundle.title)
    check_free(landmark, [one for one in enrolled if one is not there], "What is enrolled here")
    return landmark, [Caution("place", strange)] if strange else []


def _enrolled_as(name: str, enrolled: list[Landmark]) -> Landmark | None:
    try:
        return find_landmark(name, enrolled)
    except LandmarkNotFoundError:
        return None


def _digests_of(recognizer: OnnxRecognizer, landmark_id: str, store: EnrolledStore) -> set[str]:
    """The photos that a landmark was learned from so far, by this network or anew by it."""
    there = store.get(landmark_id)
    if there is not None and not _fits(there, recognizer):
        there = store.change(landmark_id, lambda entry: _fitting(entry, recognizer))
    return set(there.digests) if there else set()


def _entry(recognizer: OnnxRecognizer, landmark: Landmark, shots: list[Shot]) -> EnrolledLandmark:
    embeddings = np.stack([shot.embedding for shot in shots]).astype(np.float32)
    return EnrolledLandmark(
        landmark=landmark,
        prototypes=prototypes_of(embeddings),
        embeddings=embeddings,
        created=_today(),
        bundle=recognizer.bundle.title,
        model_sha256=model_sha256_of(recognizer.bundle),
        digests=tuple(shot.digest for shot in shots),
        pictures=tuple(shot.picture for shot in shots),
    )


def _fits(entry: EnrolledLandmark, recognizer: OnnxRecognizer) -> bool:
    return entry.model_sha256 == model_sha256_of(recognizer.bundle)


def _fitting(entry: EnrolledLandmark, recognizer: OnnxRecognizer) -> EnrolledLandmark:
    return entry if _fits(entry, recognizer) else learned_again(entry, recognizer)


def _nothing_learned(name: str, seen: int, failures: list[Failure]) -> str:
    if seen:
        return (
            f"None of the {seen} photos of {name!r} shows anything that the network takes for a "
            "landmark: expected one or more that do. Give photos that show it large and clear"
        )
    why = f" The first of {len(failures)}: {failures[0].error}" if failures else ""
    return f"No photo of {name!r} could be read: expected one or more. Give photos of it.{why}"


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


__all__ = ["Caution", "Enrollment", "enroll", "forget", "import_landmarks", "refreshed"]
