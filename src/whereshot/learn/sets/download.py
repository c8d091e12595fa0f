"""Download one file over HTTP: it resumes, it retries, and never splices two versions of a file.

While it comes in, `NAME.part` holds the bytes and `NAME.part.json` says which version of which
URL they belong to, so that a later run can ask for the rest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from whereshot.errors import FetchError
from whereshot.learn.sets.disk import check_space, writing
from whereshot.learn.sets.transfer import (
    DEFAULT_PATIENCE,
    Answer,
    Interrupted,
    OnProgress,
    Outdated,
    Patience,
    Tries,
    Version,
    ask,
    check_url,
)


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    on_progress: OnProgress | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> Path:
    """Download `url` to `target` and return it; a finished target is only verified.

    Goes on where an earlier call stopped. Gives up when the patience is over, and at once where the
    host can't be reached at all. Proxies are taken from the environment. Raises FetchError.
    """
    check_url(url)
    part = target.with_name(target.name + ".part")
    tries = Tries(
        url,
        patience,
        "Run the same command later: it goes on from the bytes that are here.",
    )
    began_with = _size(part)
    while not target.exists():
        before = _size(part)
        try:
            _receive(url, part, on_progress, patience, never_connected=before == began_with)
            _verify(part, sha256)
            part.replace(target)
            _version_file(part).unlink(missing_ok=True)
            return target
        except Interrupted as reason:
            if isinstance(reason, Outdated):
                _discard(part)
            tries.failed(reason, progressed=_size(part) > before)
    _verify(target, sha256)
    return target


def _receive(
    url: str,
    part: Path,
    on_progress: OnProgress | None,
    patience: Patience,
    *,
    never_connected: bool,
) -> None:
    """One request: all of the file, or what is missing of it. Raises Interrupted to go on."""
    version = _read_version(part, url)
    have = _size(part) if version else 0
    if version and version.size is not None and have == version.size:
        return
    with ask(
        url,
        version=version,
        have=have,
        timeout_seconds=patience.timeout_seconds,
        never_connected=never_connected,
    ) as answer:
        if answer.start == 0:
            with writing(part):
                # What was there is of another version, or can't be told to be of this one.
                part.write_bytes(b"")
                note = json.dumps(asdict(answer.version))
                _version_file(part).write_text(note, encoding="utf-8")
        if answer.version.size is not None:
            rest = answer.version.size - answer.start
            check_space(
                part.parent, rest, "the rest of the download" if answer.start else "the download"
            )
        _copy(answer, part, on_progress)


def _copy(answer: Answer, part: Path, on_progress: OnProgress | None) -> None:
    have, size = answer.start, answer.version.size
    with writing(part):
        file = part.open("ab")
    with file:
        if on_progress is not None:
            on_progress(have, size)
        for chunk in answer.chunks():
            with writing(part):
                file.write(chunk)
                file.flush()
            have += len(chunk)
            if on_progress is not None:
                on_progress(have, size)


def _verify(path: Path, sha256: str | None) -> None:
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        _discard(path)
        raise FetchError(
            f"The download has the SHA-256 {found}, expected {sha256.lower()}. It was deleted: "
            "check where the URL and the SHA-256 come from, then fetch again."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _version_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_version(part: Path, url: str) -> Version | None:
    """The version that the part is of; None if it can't be resumed."""
    try:
        version = Version(**json.loads(_version_file(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.url == url and version.validator else None


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)
