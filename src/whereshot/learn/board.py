"""The figures of a run for TensorBoard, and its first batch as a picture.

Events are written at once and in this thread: torch's SummaryWriter hands them to a thread of its
own, whose errors (a full disk) come late, with a traceback, and from nowhere.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboard.compat.proto import event_pb2
from torch.utils.tensorboard import RecordWriter
from torch.utils.tensorboard.summary import custom_scalars, image, scalar

# Made while tensorboard is imported: a type checker can't see them.
Event: Any = vars(event_pb2)["Event"]
SessionLog: Any = vars(event_pb2)["SessionLog"]

logger = logging.getLogger(__name__)

_CURVES = {
    "curves": {
        "loss": ["Multiline", ["loss", "validation_loss"]],
        "accuracy": ["Multiline", ["validation_top1", "validation_macro"]],
        "learning rate": ["Multiline", ["learning_rate/head", "learning_rate/backbone"]],
    }
}
"""Charts of several curves each, in TensorBoard's tab "Custom Scalars"."""

_count = itertools.count()


class Board:
    """One event file in `folder`, begun with the first epoch that is noted.

    What earlier files say of that epoch and later ones is void then, so a run that was stopped and
    goes on has each epoch once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None

    def note(
        self, epoch: int, figures: Mapping[str, float], pictures: Mapping[str, Image.Image]
    ) -> None:
        """Add an epoch. A run can do without: where it can't be written, that is logged."""
        events: list[Any] = [Event(step=epoch, summary=scalar(*each)) for each in figures.items()]
        for name, picture in pictures.items():
            shown = image(name, np.asarray(picture), dataformats="HWC")
            events.append(Event(step=epoch, summary=shown))
        try:
            if self._path is None:
                events = self._begin(epoch) + events
            assert self._path is not None
            with self._path.open("ab") as file:
                records: Any = RecordWriter(file)
                for event in events:
                    event.wall_time = time.time()
                    records.write(event.SerializeToString())
        except OSError as error:
            logger.warning("No curves of epoch %d for TensorBoard: %s", epoch + 1, error)
            self._path = None  # nobody reads on beyond half a record: a new file next time

    def _begin(self, epoch: int) -> list[Any]:
        self._folder.mkdir(parents=True, exist_ok=True)
        # The name that TensorBoard expects; it reads the files of a folder in this order.
        stem = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}"
        self._path = self._folder / f"{stem}.{os.getpid()}.{next(_count)}"
        return [
            Event(step=epoch, file_version="brain.Event:2"),
            Event(step=epoch, session_log=SessionLog(status=SessionLog.START)),
            Event(summary=custom_scalars(_CURVES)),
        ]
