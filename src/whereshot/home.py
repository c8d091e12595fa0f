"""Where whereshot keeps what it learns on this machine: never beside the user's photos."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "WHERESHOT_HOME"


def user_home() -> Path:
    """The folder of the catalog, the journal and the enrolled landmarks; it need not exist yet.

    The environment's `WHERESHOT_HOME` if it is set, else `whereshot` in the user data folder of
    this system, such as `~/.local/share/whereshot`.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs  # only where nothing is set

    return platformdirs.user_data_path("whereshot", appauthor=False)


def user_cache() -> Path:
    """The folder of what can be made again, such as thumbnails; it need not exist yet.

    `cache` in `WHERESHOT_HOME` if that is set, else `whereshot` in the user cache folder of this
    system, such as `~/.cache/whereshot`.
    """
    if os.environ.get(HOME_VARIABLE):
        return user_home() / "cache"
    import platformdirs

    return platformdirs.user_cache_path("whereshot", appauthor=False)
