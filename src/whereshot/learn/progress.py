"""How long work says how far it is."""

from whereshot.progress import Report, silent

__all__ = ["Report", "silent"]
