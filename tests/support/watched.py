"""Pages of a server of ours in a real browser, watched: nobody else is asked, nothing complains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

PATIENCE_MS = 30_000  # a busy machine is no failure


class Watched:
    """Opens pages of one site, and remembers which of them asked another host or complained."""

    def __init__(self, browser: Any, site: str) -> None:
        self._browser = browser
        self._site = site
        self._contexts: list[Any] = []
        self.foreign: list[str] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/", **options: Any) -> Any:
        """A page as some device shows it; `options` are those of Playwright's `new_context`."""
        context = self._browser.new_context(locale="en", reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._check(request.url))
        page.goto(self._site + path)
        return page

    def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()

    def _listen(self, message: Any) -> None:
        # Chromium itself logs every 4xx and every connection that fails; what matters are errors
        # of scripts and violated policies.
        if message.type in {"error", "warning"} and "Failed to load" not in message.text:
            self.complaints.append(message.text)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        is_ours = f"{parts.scheme}://{parts.netloc}" == self._site
        if parts.scheme not in {"blob", "data"} and not is_ours:
            self.foreign.append(url)


@contextmanager
def watched(browser: Any, site: str) -> Iterator[Watched]:
    """Open pages; at the end, none of them may have asked another host or complained."""
    pages = Watched(browser, site)
    try:
        yield pages
    finally:
        pages.close()
    assert pages.foreign == []
    assert pages.complaints == []
