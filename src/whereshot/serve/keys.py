"""API keys, and the sessions of browsers that have shown one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

SESSION_COOKIE = "whereshot_session"
LEAST_CHARACTERS = 16


def check_key(key: str) -> str:
    """A key without the white space around it; raises ValueError for one that is too easy."""
    key = key.strip()
    if len(key) < LEAST_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(
            f"an API key has {len(key)} characters: expected {LEAST_CHARACTERS} or more, letters, "
            "digits and signs. Make one: python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return key


class Keys:
    """The keys that a server accepts; comparing takes as long for a wrong one as for a right one.

    A page can't send a header with each picture that it shows, so a browser shows its key once and
    gets a session: a word that follows from the key and from a secret of this run of the server.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        secret = secrets.token_bytes(32)
        self._sessions = {
            owner: hmac.new(secret, owner.encode(), hashlib.sha256).hexdigest()
            for owner in map(_digest, keys)
        }
        self._owners = {session: owner for owner, session in self._sessions.items()}

    def __bool__(self) -> bool:
        return bool(self._sessions)

    def session(self, key: str) -> str | None:
        """The session that belongs to a key; None for one that is not accepted."""
        owner = _same(_digest(key), self._sessions)
        return None if owner is None else self._sessions[owner]

    def owner(self, scope: Scope) -> str | None:
        """Who asks, as a word that tells one key from another; None without a right key."""
        headers = Headers(scope=scope)
        for key in _keys_in(scope, headers):
            if (owner := _same(_digest(key), self._sessions)) is not None:
                return owner
        session = _same(_session_in(headers), self._owners)
        return None if session is None else self._owners[session]


def _same(shown: str, words: Iterable[str]) -> str | None:
    """The word that is the one that was shown; all are compared, whichever it is."""
    found = None
    for word in words:
        if hmac.compare_digest(shown.encode(), word.encode()):
            found = word
    return found


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _keys_in(scope: Scope, headers: Headers) -> Iterator[str]:
    """The keys that a request shows, in each way that clients have."""
    for name in ("x-api-key", "x-goog-api-key"):
        yield from headers.getlist(name)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        yield token.strip()
    # An address is written down in many places: only Google's clients may put a key there.
    if scope["path"].startswith("/v1/"):
        yield from parse_qs(scope["query_string"].decode("latin-1")).get("key", ())


def _session_in(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value
