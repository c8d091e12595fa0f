"""Where whereshot keeps what it knows of a library: never beside the user's photos."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "WHERESHOT_HOME"


def library_home() -> Path:
    """The folder of the catalog and the journal; it need not exist yet.

    The environment's `WHERESHOT_HOME` if it is set, else `whereshot` in the user data folder of
    this system, such as `~/.local/share/whereshot`.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("whereshot", appauthor=False)
