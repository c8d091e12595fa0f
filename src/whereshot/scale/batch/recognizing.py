"""What is done to photos of a batch, whoever does it: a recognizer once, then items to records."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeVar

import onnxruntime
import pyarrow as pa

from whereshot.errors import (
    BundleError,
    PhotoAccessError,
    PhotoError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    WhereshotError,
)
from whereshot.photo.source import DEFAULT_LIMITS, describe
from whereshot.recognize import (
    Bundle,
    EnrolledLandmark,
    OnnxRecognizer,
    enrolled_for,
    failure_to_dict,
    find_bundle,
    load,
    read_bundle,
    recognition_to_dict,
    shipped_bundles,
)
from whereshot.recognize.bundle import DEFAULT_BUNDLE, MANIFEST_FILE
from whereshot.records import Failure, Photo, Recognition
from whereshot.scale.batch.columns import Item
from whereshot.scale.batch.storage import Opener, Place, is_url
from whereshot.scale.batch.table import Record

Device = Literal["auto", "cpu", "cuda"]

_Member = TypeVar("_Member")

_FETCHED_AHEAD = 16  # photos that are on their way here while others are recognized
_GPU_BATCH = 32


@dataclass(frozen=True, slots=True)
class Work:
    """How a process comes to `Recognizing`, wherever it runs; picklable.

    `bundle` is the name of a shipped bundle or a path, `title` and `bundle_sha256` (of its
    `bundle.json`) what must be found there. `threads` decode side by side where a GPU waits for
    them. Relative paths of photos begin at `folder`. `stores` are places whose file systems have
    settings of their own.
    """

    bundle: str
    title: str
    bundle_sha256: str
    min_certainty: float
    enrolled: tuple[EnrolledLandmark, ...]
    k: int
    folder: str
    device: Device = "auto"
    threads: int = 1
    stores: tuple[Place, ...] = ()

    def __call__(self) -> Recognizing:
        """Load the recognizer; raises BundleError, also if another bundle is found here."""
        return Recognizing(self)


def plan_work(
    bundle: str | None,
    *,
    k: int,
    threshold: float | None,
    max_false_tags: float | None,
    device: Device,
) -> Work:
    """The work of a batch: what `load` would do with these, to be done somewhere else.

    Raises what `load` raises.
    """
    recognizer = load(bundle, threshold=threshold, max_false_tags=max_false_tags)
    verified = recognizer.bundle
    is_shipped = bundle is None or bundle in shipped_bundles()
    return Work(
        bundle=(bundle or DEFAULT_BUNDLE) if is_shipped else os.path.abspath(verified.path),  # noqa: PTH100
        title=recognizer.name,
        bundle_sha256=_digest(verified),
        min_certainty=recognizer.min_certainty,
        enrolled=enrolled_for(verified, lambda _: None),  # `load` has warned
        k=k,
        folder=os.getcwd(),  # noqa: PTH109
        device=device,
    )


class Recognizing:
    """A recognizer at work on a batch: called with items, it gives a record for each."""

    def __init__(self, work: Work) -> None:
        bundle = read_bundle(find_bundle(work.bundle))
        if _digest(bundle) != work.bundle_sha256:
            raise BundleError(
                f"{str(bundle.path)!r} is another bundle here than where the batch was begun; "
                f"expected {work.title} with SHA-256 {work.bundle_sha256[:12]}. "
                "Install the same whereshot, or put the same bundle, on all machines"
            )
        device = best_device() if work.device == "auto" else work.device
        self._recognizer = OnnxRecognizer(
            bundle, device=device, min_certainty=work.min_certainty, enrolled=work.enrolled
        )
        self._work = work
        self._batch_size = 1 if device == "cpu" else _GPU_BATCH
        self._opener = Opener(*work.stores)
        self._fetchers = ThreadPoolExecutor(_FETCHED_AHEAD)  # threads begin when they are needed
        with suppress(OSError):  # not all machines need have it: photos may be elsewhere
            os.chdir(work.folder)

    def __call__(self, items: Sequence[Item]) -> list[Record]:
        """A record for each item, in order."""
        return list(self.stream(items))

    def stream(self, items: Iterable[Item]) -> Iterator[Record]:
        """Records of a stream of items; photos that are far away are fetched ahead."""
        for chunk in chunks(self._fetched(items), self._batch_size):
            yield from self._recognize(chunk)

    def _recognize(self, fetched: Sequence[tuple[Item, Photo | PhotoError]]) -> Iterator[Record]:
        readable = [photo for _, photo in fetched if not isinstance(photo, PhotoError)]
        answers = self._answers(readable)
        for item, photo in fetched:
            answer = Failure(None, photo) if isinstance(photo, PhotoError) else next(answers)
            yield _record(answer, item, photo)

    def _answers(self, photos: Sequence[Photo]) -> Iterator[Recognition | Failure]:
        k = self._work.k
        if self._batch_size > 1:
            yield from self._recognizer.recognize_many(
                photos, k=k, workers=self._work.threads, batch_size=self._batch_size
            )
            return
        for photo in photos:  # threads would only cost time: the process has one core
            try:
                yield self._recognizer.recognize(photo, k=k)
            except PhotoError as error:
                yield Failure(None, error)

    def _fetched(self, items: Iterable[Item]) -> Iterator[tuple[Item, Photo | PhotoError]]:
        on_the_way: deque[tuple[Item, Photo | Future[Photo | PhotoError]]] = deque()
        for item in items:
            if item.data is not None:
                on_the_way.append((item, item.data))
            elif is_url(item.name):
                on_the_way.append((item, self._fetchers.submit(self._fetch, item.name)))
            else:
                on_the_way.append((item, item.name))
            if len(on_the_way) > _FETCHED_AHEAD or not isinstance(on_the_way[0][1], Future):
                yield _arrived(on_the_way.popleft())
        while on_the_way:
            yield _arrived(on_the_way.popleft())

    def _fetch(self, url: str) -> bytes | PhotoError:
        """The bytes at a URL, or why there are none: what `read_photo` says of a path."""
        named = describe(url)
        try:
            place = self._opener.find(url)
            with place.open() as stream:
                if stream.size() > DEFAULT_LIMITS.max_bytes:
                    return PhotoTooLargeError(
                        f"{named} has {stream.size():,} bytes, the limit is "
                        f"{DEFAULT_LIMITS.max_bytes:,}. Make it smaller."
                    )
                return stream.read()
        except FileNotFoundError:
            return PhotoNotFoundError(f"{named} does not exist. Check the URL and its spelling.")
        except (OSError, pa.ArrowException, WhereshotError) as error:
            return PhotoAccessError(f"{named} can't be read: {error}. Check who may read it.")


def lost(item: Item, how: str) -> Record:
    """The record of a photo that ended the process that recognized it, twice."""
    message = (
        f"{describe(item.name)} ended the process that recognized it ({how}), twice. "
        "Look at it with another program, or give the processes more memory."
    )
    return failure_to_dict(Failure(item.name, PhotoError(message)))


def best_device() -> Literal["cpu", "cuda"]:
    """The GPU, if this machine's ONNX Runtime was made for one."""
    return "cuda" if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"


def chunks(stream: Iterable[_Member], size: int) -> Iterator[list[_Member]]:
    """Lists of up to `size` members of a stream, lazily.

    >>> list(chunks("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    members = iter(stream)
    while chunk := list(islice(members, size)):
        yield chunk


def _arrived(
    each: tuple[Item, Photo | Future[Photo | PhotoError]],
) -> tuple[Item, Photo | PhotoError]:
    item, photo = each
    return item, photo.result() if isinstance(photo, Future) else photo


def _record(answer: Recognition | Failure, item: Item, photo: Photo | PhotoError) -> Record:
    if isinstance(answer, Recognition):
        return recognition_to_dict(replace(answer, photo=item.name))
    error = answer.error
    if isinstance(photo, bytes):  # the decoder saw bytes only; whoever reads this wants the name
        error = type(error)(str(error).replace(describe(photo), describe(item.name), 1))
    return failure_to_dict(Failure(item.name, error))


def _digest(bundle: Bundle) -> str:
    return hashlib.sha256((bundle.path / MANIFEST_FILE).read_bytes()).hexdigest()
