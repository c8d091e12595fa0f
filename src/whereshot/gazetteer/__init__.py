"""The table of landmarks, and look-up in it by id, name, alias, near-miss and place."""

from whereshot.gazetteer.gazetteer import Gazetteer, Nearby, load_gazetteer

__all__ = ["Gazetteer", "Nearby", "load_gazetteer"]
