"""The page "Where was this shot?" as a person uses it: files are dropped, cards come."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

_HAND_OVER = """([kind, files, target]) => {
  const carried = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: carried })
    : new DragEvent(kind, { ...options, dataTransfer: carried });
  document.querySelector(target).dispatchEvent(event);
}"""


def hand_over(page: Any, kind: str, *paths: Path, target: str = "body") -> None:
    """Drop files on the page or on a part of it, drag them over it, or paste them."""
    files = [
        {
            "name": path.name,
            "type": "image/jpeg",
            "content": base64.b64encode(path.read_bytes()).decode(),
        }
        for path in paths
    ]
    page.evaluate(_HAND_OVER, [kind, files, target])


def answered(page: Any, state: str, count: int = 1) -> Any:
    """The first of so many cards in a state; waits for them."""
    from playwright.sync_api import expect

    cards = page.locator(f'.card[data-state="{state}"]')
    expect(cards).to_have_count(count)
    return cards.first


def assert_accessible(page: Any) -> None:
    """Axe finds nothing wrong with what is shown."""
    import pytest

    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def fits_the_screen(page: Any) -> bool:
    """Whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
