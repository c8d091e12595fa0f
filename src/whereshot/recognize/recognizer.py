"""A bundle at work: photos in, recognitions out, one at a time or as a stream."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from whereshot.cores import available_cores
from whereshot.errors import BundleError, PhotoError
from whereshot.photo import Limits, decode_sized, prepare, read_exif, seen_box
from whereshot.photo.source import DEFAULT_LIMITS, describe, read_photo
from whereshot.recognize._stream import ordered_map
from whereshot.recognize.bundle import Bundle, find_bundle, read_bundle
from whereshot.recognize.conformal import least_probability, set_size
from whereshot.recognize.enrolled import EnrolledLandmark, enrolled_for, store_of
from whereshot.recognize.heatmap import Heatmap
from whereshot.recognize.knowledge import Knowledge, knowledge_of
from whereshot.recognize.session import Device, Output, Outputs, Session
from whereshot.recognize.verdict import decide, locate, rank
from whereshot.records import Failure, Landmark, Location, Photo, Recognition

if TYPE_CHECKING:
    from whereshot.recognize.enrolling import Enrollment

logger = logging.getLogger(__name__)

_FOR_HEAT: tuple[Output, ...] = ("features", "embedding")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked about photos: how many candidates, the region, sets of plausible landmarks.

    `least` is the probability from which on a landmark is plausible, None where nobody asked.
    """

    k: int
    region: bool = False
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One photo, ready for the network: pixels (S, S, 3) uint8, and what the file itself says.

    `width` and `height` are of the upright photo at its full size.
    """

    photo: str | None
    pixels: np.ndarray
    width: int
    height: int
    location: Location | None
    milliseconds: float


class OnnxRecognizer:
    """The `Recognizer` of a bundle, on ONNX Runtime; safe to use from several threads at once.

    `threads` is the number of threads that one run of the network takes. The default of 1 is the
    best for many photos, where `recognize_many` keeps all cores busy with photos side by side.
    A photo beyond `limits` is refused before its pixels are decoded. `min_certainty` takes the
    place of the bundle's own threshold between `landmark` and `unknown`. `enrolled` are landmarks
    that were taught to this bundle's network; they come after the bundle's own.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int | None = None,
        device: Device = "cpu",
        limits: Limits = DEFAULT_LIMITS,
        min_certainty: float | None = None,
        enrolled: Sequence[EnrolledLandmark] = (),
    ):
        threads = 1 if threads is None else threads
        session = Session(bundle.model_path, threads=threads, device=device)
        _check_fit(bundle, session)
        self.bundle = bundle
        self.min_certainty = (
            bundle.strictness.min_certainty if min_certainty is None else min_certainty
        )
        self._session = session
        self._limits = limits
        self._known = knowledge_of(bundle, enrolled)

    @property
    def name(self) -> str:
        """The bundle's name and version, such as `world@1`.

        With enrolled landmarks, `world@1+5d3f21`: what follows the plus sign depends on them.
        """
        return self._known.name

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """The landmark set, in the order of the network's outputs, then what was enrolled."""
        return self._known.landmarks

    def recognize(
        self, photo: Photo, *, k: int = 5, region: bool = False, coverage: float | None = None
    ) -> Recognition:
        """Recognize one photo, with the k best landmarks (at most all of them).

        With `region`, say where in the photo the landmark is; with `coverage` in (0, 1), which
        landmarks are plausible: a set that holds the true one with that probability, if the photo
        shows one. Raises `PhotoError` if the photo can't be read, ValueError for k < 1 or where the
        bundle can't promise a coverage.
        """
        wish = self._checked(k, region, coverage)
        return self._answer([self.look(photo)], wish)[0]

    def look(self, photo: Photo) -> Look:
        """Decode a photo to what the network is about to see; raises `PhotoError`.

        With `answer` this is `recognize` in two steps, for those who may not need the second.
        """
        start = perf_counter()
        data = read_photo(photo, self._limits)  # once, for the pixels and for the EXIF block
        try:
            size = self.bundle.preprocessing.size
            decoded = decode_sized(data, min_side=size, limits=self._limits)
        except PhotoError as error:
            # The decoder saw bytes only; whoever reads the message wants the path.
            named = str(error).replace(describe(data), describe(photo), 1)
            raise type(error)(named) from error
        pixels = prepare(decoded.pixels, self.bundle.preprocessing)
        location = read_exif(data).location
        milliseconds = 1000 * (perf_counter() - start)
        path = _path_of(photo)
        return Look(path, pixels, decoded.width, decoded.height, location, milliseconds)

    def answer(self, look: Look, *, k: int = 5) -> Recognition:
        """Recognize what was decoded; raises ValueError for k < 1."""
        return self._answer([look], self._checked(k))[0]

    def heatmap(self, photo: Photo, landmark_id: str | None = None) -> Heatmap:
        """What in a photo speaks for a landmark; None stands for the most probable one.

        Raises `PhotoError` if the photo can't be read, `LandmarkNotFoundError` for a landmark that
        is not in the landmark set.
        """
        known = self._known
        number = None if landmark_id is None else known.number_of(landmark_id)
        look = self.look(photo)
        outputs = self._session.run(look.pixels[None], ("logits", *_FOR_HEAT))
        if number is None:
            judged = known.judge.judge(cast(np.ndarray, outputs.logits), outputs.embedding)
            number = int(judged.probabilities[0].argmax())
        return self._heatmap_of(known, look, outputs, 0, number)

    def recognize_many(
        self,
        photos: Iterable[Photo],
        *,
        k: int = 5,
        workers: int | None = None,
        batch_size: int = 1,
        region: bool = False,
        coverage: float | None = None,
    ) -> Iterator[Recognition | Failure]:
        """Recognize photos in order, streaming; one that can't be read yields a `Failure`.

        `photos` may be endless: at most `2 * workers` batches are under way, so memory stays
        constant. `workers` threads (default: one per core) decode photos and run the network side
        by side; `batch_size` photos go through the network at once, which only pays on a GPU.
        `region` and `coverage` are as in `recognize`.
        Closing the iterator, or leaving it to the garbage collector, ends the workers.

        Raises ValueError for k, workers or batch_size < 1 or a coverage that can't be promised, at
        once and not at the first photo.
        """
        wish = self._checked(k, region, coverage)
        _check_count("batch_size", batch_size)
        if workers is None:
            workers = available_cores()
        _check_count("workers", workers)

        def recognize_batch(batch: Sequence[Photo]) -> list[Recognition | Failure]:
            return self._recognize_batch(batch, wish)

        batches = ordered_map(recognize_batch, _batched(photos, batch_size), workers=workers)
        return _chained(batches)

    def embed(self, photo: Photo) -> np.ndarray:
        """The embedding of a photo, float32 (D,), L2-normalized; raises `PhotoError`."""
        outputs = self._session.run(self.look(photo).pixels[None], ("embedding",))
        return cast(np.ndarray, outputs.embedding)[0]

    def enroll(
        self,
        name: str,
        photos: Iterable[Photo],
        latitude: float | None = None,
        longitude: float | None = None,
        **about: Any,
    ) -> Enrollment:
        """Teach a landmark from a few photos that show it; this recognizer knows it from then on.

        It is kept in the user's own folder. Coordinates in degrees are needed for a landmark that
        neither the gazetteer nor this user has named before. `about` and what is raised are those
        of `whereshot.recognize.enroll`, which says more.
        """
        from whereshot.recognize.enrolling import enroll

        found = enroll(self, name, photos, latitude=latitude, longitude=longitude, **about)
        self.read_enrolled()
        return found

    def forget(self, name_or_id: str) -> str:
        """Drop an enrolled landmark; returns its id. Raises `LandmarkNotFoundError`."""
        from whereshot.recognize.enrolling import forget

        dropped = forget(store_of(self.bundle), name_or_id)
        self.read_enrolled()
        return dropped

    def read_enrolled(self) -> None:
        """Know the landmarks that are enrolled now, whoever enrolled them."""
        self._known = knowledge_of(self.bundle, enrolled_for(self.bundle, logger.warning))

    def outputs(self, pixels: np.ndarray, names: Sequence[Output] = ("logits",)) -> Outputs:
        """What the network itself says of pixels (B, S, S, 3) uint8, as `photo.prepare` gives them.

        The logits are uncalibrated. Raises ValueError for pixels of another shape or dtype.
        """
        return self._session.run(pixels, names)

    def _heatmap_of(
        self, known: Knowledge, look: Look, outputs: Outputs, row: int, number: int
    ) -> Heatmap:
        """The heatmap of one photo of a batch, for the landmark with this number."""
        features = cast(np.ndarray, outputs.features)[row]
        embedding = cast(np.ndarray, outputs.embedding)[row]
        values = known.locator.find(features, embedding, number)
        box = seen_box(look.width, look.height, self.bundle.preprocessing.fit)
        return Heatmap(values, box, look.width, look.height, known.landmarks[number])

    def _checked(self, k: int, region: bool = False, coverage: float | None = None) -> _Wish:
        _check_count("k", k)
        if coverage is None:
            return _Wish(k, region)
        least = least_probability(coverage, self.bundle.held_out)
        if not self.bundle.held_out:
            raise ValueError(
                f"{self.bundle.title} can't promise a coverage: it was made without held-out "
                "photos. Export it again from a run with data.validation above 0"
            )
        return _Wish(k, region, least)

    def _recognize_batch(self, photos: Sequence[Photo], wish: _Wish) -> list[Recognition | Failure]:
        looks: list[Look | Failure] = []
        for photo in photos:
            try:
                looks.append(self.look(photo))
            except PhotoError as error:
                looks.append(Failure(_path_of(photo), error))
        answers = iter(self._answer([look for look in looks if isinstance(look, Look)], wish))
        return [look if isinstance(look, Failure) else next(answers) for look in looks]

    def _answer(self, looks: Sequence[Look], wish: _Wish) -> list[Recognition]:
        if not looks:
            return []
        known, start = self._known, perf_counter()
        embedding: tuple[Output, ...] = ("embedding",) if known.judge.needs_embeddings else ()
        wanted = ("logits", *(_FOR_HEAT if wish.region else embedding))
        outputs = self._session.run(np.stack([look.pixels for look in looks]), wanted)
        milliseconds = 1000 * (perf_counter() - start) / len(looks)
        judged = known.judge.judge(cast(np.ndarray, outputs.logits), outputs.embedding)
        answers: list[Recognition] = []
        for at, (look, row) in enumerate(zip(looks, judged.probabilities, strict=True)):
            plausible = 0 if wish.least is None else set_size(row, wish.least)
            predictions = rank(row, known.landmarks, max(wish.k, plausible))
            certainty = float(judged.certainty[at])
            verdict = decide(certainty, self.min_certainty)
            found = None
            if wish.region and verdict == "landmark":
                found = self._heatmap_of(known, look, outputs, at, int(row.argmax())).region
            answers.append(
                Recognition(
                    verdict=verdict,
                    predictions=predictions[: wish.k],
                    location=locate(verdict, predictions[0].landmark, look.location),
                    bundle=known.name,
                    photo=look.photo,
                    milliseconds={"decode": look.milliseconds, "model": milliseconds},
                    region=found,
                    certainty=certainty,
                    plausible=None if wish.least is None else predictions[:plausible],
                )
            )
        return answers


def load(
    bundle: str | PathLike[str] | None = None,
    *,
    threads: int | None = None,
    device: Device = "cpu",
    limits: Limits = DEFAULT_LIMITS,
    threshold: float | None = None,
    max_false_tags: float | None = None,
    enrolled: bool = True,
) -> OnnxRecognizer:
    """Load a recognizer: the shipped bundle `world`, another shipped one by name, or a folder.

    `limits` are the largest photos that it takes; a service for others wants small ones. A verdict
    `landmark` takes the certainty that the bundle says, or the one of `threshold` in [0, 1], or the
    one at which at most the share `max_false_tags` of the photos without a landmark get one.
    It knows the landmarks that the user has enrolled too, unless `enrolled` is False; those that it
    can't use are logged as warnings.

    Raises `BundleError`: it is not there, is not intact, or is newer than this whereshot. Raises
    ValueError for a threshold that is no certainty, or a share that the bundle can't promise.
    """
    verified = read_bundle(find_bundle(bundle))
    return OnnxRecognizer(
        verified,
        threads=threads,
        device=device,
        limits=limits,
        min_certainty=_min_certainty(verified, threshold, max_false_tags),
        enrolled=enrolled_for(verified, logger.warning) if enrolled else (),
    )


def _min_certainty(
    bundle: Bundle, threshold: float | None, max_false_tags: float | None
) -> float | None:
    if threshold is not None and max_false_tags is not None:
        raise ValueError("threshold and max_false_tags both say when to name: give one of them")
    if threshold is not None and not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be a certainty in [0, 1], got {threshold}")
    if max_false_tags is not None:
        return bundle.strictness.at_most(max_false_tags)
    return threshold


def _check_fit(bundle: Bundle, session: Session) -> None:
    again = "Export it again: whereshot export RUN --format onnx"
    where = f"Bundle {str(bundle.path)!r}"
    if session.classes != len(bundle.landmarks):
        raise BundleError(
            f"{where} has {session.classes} outputs but names {len(bundle.landmarks)} landmarks. "
            f"{again}"
        )
    if session.size != bundle.preprocessing.size:
        raise BundleError(
            f"{where} has a network for {session.size} pixels but prepares "
            f"{bundle.preprocessing.size}. {again}"
        )
    if session.embedding_size != bundle.prototypes.vectors.shape[1]:
        raise BundleError(
            f"{where} has embeddings of size {session.embedding_size} but prototypes of size "
            f"{bundle.prototypes.vectors.shape[1]}. {again}"
        )


def _check_count(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}")


def _path_of(photo: Photo) -> str | None:
    return None if isinstance(photo, bytes) else os.fspath(photo)


def _batched(photos: Iterable[Photo], size: int) -> Iterator[list[Photo]]:
    batch: list[Photo] = []
    for photo in photos:
        batch.append(photo)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _chained(
    batches: Generator[list[Recognition | Failure], None, None],
) -> Iterator[Recognition | Failure]:
    with closing(batches):
        for batch in batches:
            yield from batch
