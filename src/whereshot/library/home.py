"""Where whereshot keeps what it knows of a library: never beside the user's photos."""

from __future__ import annotations

from whereshot.home import user_home as library_home

__all__ = ["library_home"]
