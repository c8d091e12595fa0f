"""Data sets before training: fetched, verified, described."""
