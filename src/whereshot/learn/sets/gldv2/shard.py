"""One shard: streamed, verified, and what is wanted of it put into the class folders.

Photos are written beside the class folders while the shard comes, and moved in when its MD5 was
right. Then a note is written: a shard without one has brought nothing yet, whatever ended it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from whereshot.errors import FetchError
from whereshot.learn.sets.disk import writing
from whereshot.learn.sets.gldv2.plan import Plan
from whereshot.learn.sets.gldv2.published import photo_id, photo_in_shard, shard_name
from whereshot.learn.sets.stream import ChangedError, stream
from whereshot.learn.sets.tar_stream import Member, read_members
from whereshot.learn.sets.transfer import OnProgress, Patience
from whereshot.learn.sets.unpack import BadArchiveError

logger = logging.getLogger(__name__)

WORK_FOLDER = ".whereshot-fetch"
"""What is known of the shards, and what comes in, inside the set's folder."""

_ATTEMPTS = 3  # of a shard that comes whole but wrong
_MOST_SHARD_BYTES = 20_000_000_000
_MOST_PHOTO_BYTES = 100_000_000
_MOST_MD5_BYTES = 1000


class BadShardError(FetchError):
    """A shard is not what was published, however often it is fetched."""


@dataclass(frozen=True, slots=True)
class ShardNote:
    """What a verified shard held: its ids' range, as numbers, and the bytes of each photo kept."""

    md5: str
    photos: int
    lowest: int
    highest: int
    kept: dict[str, int]


def fetch_shard(
    plan: Plan, number: int, folder: Path, patience: Patience, on_progress: OnProgress | None = None
) -> ShardNote:
    """Bring the wanted photos of a shard into `folder`, and return the note that is written.

    Raises BadShardError where it is damaged each time or can't be verified, DiskError where
    the folder can't be written, FetchError where the server does not answer.
    """
    expected = _published_md5(plan.published.md5_url(number), patience)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            note = _attempt(plan, number, folder, expected, patience, on_progress)
        except (BadArchiveError, ChangedError) as error:
            if attempt == _ATTEMPTS:
                raise BadShardError(
                    f"{shard_name(number)} was damaged {attempt} times: {error}"
                ) from error
            logger.warning("%s Fetching it again.", error)
        else:
            return note
    raise AssertionError("the last attempt returns or raises")


def read_note(plan: Plan, number: int, folder: Path) -> ShardNote | None:
    """The note of a shard; None where there is none, or a photo that it names is not there."""
    try:
        note = ShardNote(**json.loads(_note_file(folder, number).read_text(encoding="utf-8")))
        for photo, size in note.kept.items():
            landmark = plan.wanted.class_of(int(photo, 16))
            if landmark is None:
                return None
            if (folder / plan.path_of(int(photo, 16), landmark)).stat().st_size != size:
                return None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return note


def _published_md5(url: str, patience: Patience) -> str:
    content = b""
    try:
        with contextlib.closing(stream(url, patience=patience)) as chunks:
            for chunk in chunks:
                content += chunk
                if len(content) > _MOST_MD5_BYTES:
                    break
    except FetchError as error:
        raise FetchError(f"Without its MD5 a shard can't be verified. {error}") from error
    found = re.match(rb"\s*\\?([0-9a-fA-F]{32})\b", content)
    if found is None:
        raise BadShardError(
            f"{url} holds no MD5, so the shard can't be verified: expected 32 hexadecimal digits."
        )
    return found[1].decode().lower()


def _attempt(
    plan: Plan,
    number: int,
    folder: Path,
    expected: str,
    patience: Patience,
    on_progress: OnProgress | None,
) -> ShardNote:
    name = shard_name(number)
    digest = hashlib.md5(usedforsecurity=False)
    chunks = stream(plan.published.shard_url(number), patience=patience, on_progress=on_progress)
    with contextlib.closing(chunks), _staging(folder, number) as staging:
        photos, lowest, highest = 0, 1 << 64, -1
        kept: dict[int, int] = {}
        for member in read_members(_hashed(chunks, digest.update, name), name):
            photo = photo_in_shard(member.name)
            if photo is None:
                continue
            photos += 1
            lowest, highest = min(lowest, photo), max(highest, photo)
            if photo not in kept and plan.wanted.class_of(photo) is not None:
                _write(member, staging / f"{photo_id(photo)}.jpg", name)
                kept[photo] = member.size
        if digest.hexdigest() != expected:
            raise BadArchiveError(
                f"{name} has the MD5 {digest.hexdigest()}, published is {expected}."
            )
        note = ShardNote(
            expected, photos, lowest, highest, {photo_id(one): kept[one] for one in kept}
        )
        with writing(folder):
            _move_in(plan, kept, staging, folder)
            _write_note(note, _note_file(folder, number))
    return note


def _hashed(
    chunks: Iterator[bytes], update: Callable[[bytes], object], name: str
) -> Iterator[bytes]:
    came = 0
    for chunk in chunks:
        came += len(chunk)
        if came > _MOST_SHARD_BYTES:
            raise BadArchiveError(f"{name} does not end, after {came:,} bytes.")
        update(chunk)
        yield chunk


@contextlib.contextmanager
def _staging(folder: Path, number: int) -> Generator[Path]:
    """A folder on the same disk for what is not verified yet; nothing of it stays."""
    staging = folder / WORK_FOLDER / f"{number:03d}.part"
    with writing(folder):
        shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
        staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(member: Member, target: Path, name: str) -> None:
    if not 0 < member.size <= _MOST_PHOTO_BYTES:
        raise BadArchiveError(f"{name} holds a photo of {member.size:,} bytes ({target.stem}).")
    with writing(target.parent):
        file = target.open("xb")
    with file:
        for chunk in member.chunks:
            with writing(target.parent):
                file.write(chunk)
        with writing(target.parent):
            file.flush()


def _move_in(plan: Plan, kept: dict[int, int], staging: Path, folder: Path) -> None:
    for photo in kept:
        number = plan.wanted.class_of(photo)
        assert number is not None
        target = folder / plan.path_of(photo, number)
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / f"{photo_id(photo)}.jpg").replace(target)


def _write_note(note: ShardNote, target: Path) -> None:
    if hasattr(os, "sync"):
        os.sync()  # the note must not reach the disk before the photos that it vouches for
    part = target.with_name(target.name + ".part")
    part.write_text(json.dumps(asdict(note)), encoding="utf-8")
    part.replace(target)


def _note_file(folder: Path, number: int) -> Path:
    return folder / WORK_FOLDER / f"{number:03d}.json"
