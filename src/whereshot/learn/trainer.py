"""The epochs of a run: head first, then the whole network, measured on the held-out photos.

Everything random is drawn from the seed and the numbers of epoch and batch, so a run that was
stopped goes on from its last epoch to the result that it would have reached.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from whereshot.errors import RunError
from whereshot.learn import config, optim
from whereshot.learn import run as runs
from whereshot.learn.batches import Batches
from whereshot.learn.board import Board
from whereshot.learn.checkpoint import Progress, read_checkpoint, save_checkpoint
from whereshot.learn.contact_sheet import captions_of, contact_sheet
from whereshot.learn.distributed import Team
from whereshot.learn.files import write_whole
from whereshot.learn.learner import Learner
from whereshot.learn.mishaps import told
from whereshot.learn.portions import Portions
from whereshot.learn.schedule import out_of_patience
from whereshot.learn.validation import answer, figures_of
from whereshot.progress import Report


class Trainer:
    """The state of one run between its first and its last epoch.

    Writes `best.safetensors`, `checkpoint.pt`, `history.jsonl` and `tensorboard/` into `folder`.
    """

    def __init__(
        self, recipe: config.Recipe, folder: Path, portions: Portions, report: Report, team: Team
    ) -> None:
        self.recipe, self.folder, self.report, self.team = recipe, folder, report, team
        self.portions = portions
        self.batches = Batches(recipe, portions, team, report)
        self.learner = Learner(recipe, portions.training.counts(), team)
        self.progress = Progress()
        self.board = Board(folder / "tensorboard")
        self.pictures: dict[str, Image.Image] = {}  # for the board, until the epoch is noted

    def run(self) -> dict[str, Any]:
        """Train what is left to train; returns the results, leaves the best weights on disk."""
        self._restore()
        schedule = self.recipe.schedule
        total = schedule.frozen_epochs + schedule.epochs
        while self.progress.epoch < total and not out_of_patience(schedule, self._scores()):
            started = time.monotonic()
            with told(f"epoch {self.progress.epoch + 1}"):
                figures = self._epoch(self.progress.epoch)
            self.progress.seconds += time.monotonic() - started
            self._keep(figures)
        with told("the calibration"):
            return self._results()

    def _scores(self) -> list[float]:
        rows = self.progress.history
        return [-row["validation_loss"] for row in rows if "validation_loss" in row]

    # -- one epoch -------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> dict[str, float]:
        schedule, learner = self.recipe.schedule, self.learner
        frozen = epoch < schedule.frozen_epochs
        self._enter_phase(epoch, frozen=frozen)
        learner.set_mode(frozen=frozen)
        batches = self.batches.epoch(epoch)
        total_loss, accumulate = 0.0, self.recipe.optim.accumulate
        for step, (planes, labels) in enumerate(batches):
            if not frozen:
                done = (epoch - schedule.frozen_epochs) * len(batches) + step
                steps = schedule.epochs * len(batches)
                share = optim.warmup_cosine(done, steps, schedule.warmup)
                optim.set_learning_rates(learner.optimizer, share)
            turn = (epoch, step)
            planes, targets = learner.blend(planes, labels, photos=batches.photos, turn=turn)
            if epoch == step == 0:
                self._show(planes, targets)
            # The last group of an epoch may have fewer batches than the others.
            group = min(accumulate, len(batches) - step // accumulate * accumulate)
            last = (step + 1) % accumulate == 0 or step + 1 == len(batches)
            loss = learner.backward(
                planes, targets, labels, photos=batches.photos, share=1 / group, last=last
            )
            if not math.isfinite(loss):
                raise self._diverged("the loss", loss)
            total_loss += loss
            if last:
                learner.update()
            figures = {"loss": total_loss / (step + 1), "size": float(batches.side)}
            self.report(f"epoch {epoch + 1}", step + 1, len(batches), figures)
        if not learner.is_finite():
            raise self._diverged("the weights", "infinite")
        figures = {"loss": total_loss / len(batches), "size": float(batches.side)}
        if skipped := self.team.total(batches.skipped):
            figures["skipped_photos"] = skipped
        if len(self.portions.held_out):
            figures |= figures_of(answer(learner, self.portions.held_out))
        self.report(f"epoch {epoch + 1} done", 1, 1, figures)
        return figures

    def _enter_phase(self, epoch: int, *, frozen: bool) -> None:
        """Begin a phase where one begins (or where a resume lands in it)."""
        if epoch in (0, self.recipe.schedule.frozen_epochs) or not self.learner.has_begun:
            self.learner.begin(frozen=frozen)

    def _show(self, planes: Tensor, targets: Tensor) -> None:
        """Keep a picture of a batch as the network sees it."""
        if self.team.leads:
            classes, chosen = self.portions.training.classes, self.learner.chosen
            if chosen is not None:
                classes = [classes[number] for number in chosen.tolist()]
            captions = captions_of(targets, classes, unknown=self.portions.unknown is not None)
            self.pictures["first batch"] = contact_sheet(planes, captions)

    def _diverged(self, what: str, value: object) -> RunError:
        return RunError(
            f"Training diverged in epoch {self.progress.epoch + 1}: {what} became {value}. "
            'Lower optim.lr, or set precision = "float32".'
        )

    # -- what stays ------------------------------------------------------------------------

    def _keep(self, figures: dict[str, float]) -> None:
        """Note an epoch, in memory and on disk: the checkpoint last, for it says all is there."""
        progress, epoch = self.progress, self.progress.epoch
        # Not top-1: on a few hundred held-out photos it jumps by a point from epoch to epoch, and
        # the best of ten jumps is no better network. Without held-out photos the last one counts.
        score = -figures.get("validation_loss", -float(epoch))
        is_best = score >= progress.best_score
        if is_best:
            progress.best_score, progress.best_epoch = score, epoch
        progress.history.append({"epoch": epoch, **figures})

        def write() -> None:
            if is_best:
                runs.save_weights(self.learner.evaluated, self.folder / runs.BEST)
            lines = "".join(json.dumps(row) + "\n" for row in progress.history)
            write_whole(self.folder / "history.jsonl", lines.encode())
            self.board.note(epoch, figures | self.learner.learning_rates(), self.pictures)
            self.pictures.clear()
            progress.epoch = epoch + 1
            save_checkpoint(
                self.folder / runs.CHECKPOINT,
                progress,
                self.learner.state_dict(),
                self.portions.summary["fingerprint"],
            )

        self.team.first(write)
        progress.epoch = epoch + 1

    def _results(self) -> dict[str, Any]:
        results: dict[str, Any] = {
            "best_epoch": self.progress.best_epoch,
            "train_seconds": round(self.progress.seconds, 1),
            "precision": self.learner.precision,
        }
        if len(self.portions.held_out):
            best = self.team.first(lambda: load_file(self.folder / runs.BEST))
            self.learner.evaluated.load_state_dict(best)
            seen = answer(self.learner, self.portions.held_out)
            results["temperature"] = seen.temperature()
            results["validation_top1"] = float(seen.right.mean())
        return results

    def _restore(self) -> None:
        """Go on from the folder's checkpoint, if there is one."""
        path, fingerprint = self.folder / runs.CHECKPOINT, self.portions.summary["fingerprint"]
        found = self.team.first(lambda: read_checkpoint(path, fingerprint))
        if found is None:
            return
        self.progress, state = found
        if scores := self._scores():  # a checkpoint may come from when top-1 was the score
            self.progress.best_score = scores[self.progress.best_epoch]
        last = self.progress.epoch - 1
        self._enter_phase(last, frozen=last < self.recipe.schedule.frozen_epochs)
        try:
            self.learner.load_state_dict(state)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise RunError(
                f"'{path}' is the checkpoint of another run: it does not fit this recipe and "
                f"these photos ({reason}). Put back the one that was here, or start over in "
                "another folder with --to."
            ) from error
