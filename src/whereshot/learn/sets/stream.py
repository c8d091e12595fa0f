"""The bytes of a file on the web, in order, without keeping them."""

from __future__ import annotations

from collections.abc import Generator

from whereshot.errors import FetchError
from whereshot.learn.sets.transfer import (
    DEFAULT_PATIENCE,
    Interrupted,
    OnProgress,
    Outdated,
    Patience,
    Tries,
    Version,
    ask,
    check_url,
)


class ChangedError(FetchError):
    """The file on the server is another one than when its first bytes came."""


def stream(
    url: str,
    *,
    on_progress: OnProgress | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> Generator[bytes]:
    """Yield the file at `url` chunk by chunk; a line that drops is taken up where it dropped.

    A server that can't send the rest sends all of it again, and what was yielded already is passed
    over. Where neither server nor file say which version that is, only a checksum of the whole can
    tell that nothing was spliced: check one. Raises FetchError, or ChangedError where the server
    says that it is another file now.
    """
    check_url(url)
    tries = Tries(url, patience, "Run the same command later: it goes on from here.")
    version: Version | None = None
    have = 0
    while True:
        before = have
        try:
            with ask(
                url,
                version=version,
                have=have,
                timeout_seconds=patience.timeout_seconds,
                never_connected=have == 0,
            ) as answer:
                if version is not None and _differs(version, answer.version):
                    raise ChangedError(f"{url} changed while it was downloaded. Start it again.")
                version = answer.version
                position = answer.start
                for chunk in answer.chunks():
                    fresh = chunk[max(have - position, 0) :]
                    position += len(chunk)
                    have += len(fresh)
                    if on_progress is not None:
                        on_progress(have, version.size)
                    if fresh:
                        yield fresh
                return
        except Outdated as reason:
            raise ChangedError(f"{url} can't be continued: {reason}. Start it again.") from reason
        except Interrupted as reason:
            tries.failed(reason, progressed=have > before)


def _differs(before: Version, now: Version) -> bool:
    resized = None not in (before.size, now.size) and before.size != now.size
    return resized or before.validator != now.validator
