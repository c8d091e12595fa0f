"""`python -m whereshot` is the same as `whereshot`."""

from whereshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
