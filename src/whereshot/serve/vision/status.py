"""`google.rpc.Status`: how one image of a batch fails while the others are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INVALID_ARGUMENT = 3
UNIMPLEMENTED = 12
INTERNAL = 13


@dataclass(frozen=True, slots=True)
class Status:
    """A code of `google.rpc.Code` and a sentence."""

    code: int
    message: str

    def to_dict(self) -> dict[str, Any]:
        """What stands under `error` in the answer for an image."""
        return {"code": self.code, "message": self.message}
