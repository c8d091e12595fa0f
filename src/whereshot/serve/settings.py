"""How a server is set up: whom it answers to, what it takes, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from whereshot.cores import available_cores
from whereshot.serve.keys import check_key
from whereshot.serve.uploads import UploadLimits

LogFormat = Literal["off", "text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a person decides about a server; the defaults are for one person on localhost.

    `hosts` are the names or addresses besides localhost under which it may be asked (see `Guard`).
    `workers` is how many photos are looked at side by side, `queue` how many more may wait. A job
    of a worker may take `seconds`, and a worker `megabytes` of memory where the system sees to it.
    Uploads that are running may hold `held_bytes` together.

    Whoever has one of `api_keys` may use the server, everybody if there are none; `rate` is how
    many requests each may send in a minute, None for as many as they like. `library` are the
    folders whose photos the library page may see, resolved; what is known of them is kept in
    `catalog`, None for the one in the user's data folder.
    """

    hosts: tuple[str, ...] = ()
    limits: UploadLimits = field(default_factory=UploadLimits)
    workers: int = 0  # 0: one per core
    queue: int = 64
    seconds: float = 30.0
    megabytes: int = 1024
    held_bytes: int = 1024**3
    api_keys: tuple[str, ...] = ()
    rate: int | None = None
    library: tuple[Path, ...] = ()
    catalog: Path | None = None
    metrics: bool = True
    log_format: LogFormat = "off"

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ValueError(f"workers must be 1 or more, or 0 for all cores, got {self.workers}")
        if not self.workers:
            object.__setattr__(self, "workers", available_cores())
        if self.queue < 1:
            raise ValueError(f"queue must be 1 or more, got {self.queue}")
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, got {self.seconds}")
        if self.megabytes < 1:
            raise ValueError(f"megabytes must be 1 or more, got {self.megabytes}")
        object.__setattr__(self, "api_keys", tuple(check_key(key) for key in self.api_keys))
        if self.rate is not None and self.rate < 1:
            raise ValueError(f"rate must be 1 request a minute or more, got {self.rate}")
