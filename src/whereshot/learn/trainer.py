"""The epochs of a run: head first, then the whole network, measured on the held-out photos.

Everything random is drawn from the seed and the epoch's number, so a run that was stopped goes on
from its last epoch to the result that it would have reached.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader
from torch.utils.tensorboard.writer import SummaryWriter

from whereshot.errors import RunError
from whereshot.learn import config, losses, optim
from whereshot.learn import run as runs
from whereshot.learn.augment import Mixing, TrainPreset
from whereshot.learn.calibrate import fit_temperature
from whereshot.learn.checkpoint import Progress, read_checkpoint, save_checkpoint
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.loader import (
    TrainPhotos,
    add_unknown,
    decode_all,
    draw_epoch,
    eval_loader,
    seed_of,
)
from whereshot.learn.network import LandmarkNet
from whereshot.learn.precision import choose_device, choose_precision, keep_depthwise_in_float32
from whereshot.learn.schedule import out_of_patience, photo_side
from whereshot.photo import Preprocessing

Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures) while a run goes on."""


class Trainer:
    """The state of one run between its first and its last epoch.

    Writes `best.safetensors`, `checkpoint.pt`, `history.jsonl` and `tensorboard/` into `folder`.
    """

    def __init__(
        self,
        recipe: config.Recipe,
        folder: Path,
        training: PhotoIndex,
        held_out: PhotoIndex,
        unknown: PhotoIndex | None,
        report: Report,
    ) -> None:
        self.recipe, self.folder, self.report = recipe, folder, report
        self.training, self.held_out, self.unknown = training, held_out, unknown
        self.device = choose_device()
        self.precision = choose_precision(recipe.precision)
        torch.manual_seed(seed_of(recipe.seed, "weights"))
        network = LandmarkNet(recipe.model, len(training.classes))
        if self.device.type == "cpu":
            keep_depthwise_in_float32(network)
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.margins = losses.adaptive_margins(training.counts(), recipe.model.margin)
        self.mixing = Mixing(recipe.augment, len(training.classes))
        self.progress = Progress()
        self.cached: list[Tensor] | None = None
        self.average: AveragedModel | None = None
        self.optimizer: torch.optim.Optimizer | None = None

    def run(self) -> dict[str, Any]:
        """Train what is left to train; returns the results, leaves the best weights on disk."""
        checkpoint = self.folder / runs.CHECKPOINT
        if checkpoint.is_file():
            self._restore(checkpoint)
        schedule = self.recipe.schedule
        total = schedule.frozen_epochs + schedule.epochs
        # A run that was killed between its note and its checkpoint has noted this epoch before.
        purge = self.progress.epoch or None
        with SummaryWriter(str(self.folder / "tensorboard"), purge_step=purge) as board:
            while self.progress.epoch < total and not out_of_patience(schedule, self._scores()):
                started = time.monotonic()
                figures = self._epoch(self.progress.epoch)
                self.progress.seconds += time.monotonic() - started
                self._note(figures, board)
                self.progress.epoch += 1
                save_checkpoint(
                    checkpoint, self.progress, self.network, self._optimizer, self.average
                )
        return self._results()

    def _scores(self) -> list[float]:
        rows = self.progress.history
        return [-row["validation_loss"] for row in rows if "validation_loss" in row]

    def _note(self, figures: dict[str, float], board: SummaryWriter) -> None:
        epoch = self.progress.epoch
        # Not top-1: on a few hundred held-out photos it jumps by a point from epoch to epoch, and
        # the best of ten jumps is no better network. Without held-out photos the last one counts.
        score = -figures.get("validation_loss", -float(epoch))
        if score >= self.progress.best_score:
            self.progress.best_score, self.progress.best_epoch = score, epoch
            runs.save_weights(self._evaluated(), self.folder / runs.BEST)
        self.progress.history.append({"epoch": epoch, **figures})
        lines = [json.dumps(row) + "\n" for row in self.progress.history]
        (self.folder / "history.jsonl").write_text("".join(lines), encoding="utf-8")
        for key, value in figures.items():
            board.add_scalar(key, value, epoch)
        board.flush()

    def _results(self) -> dict[str, Any]:
        results: dict[str, Any] = {
            "best_epoch": self.progress.best_epoch,
            "train_seconds": round(self.progress.seconds, 1),
            "precision": self.precision,
        }
        if len(self.held_out):
            self._evaluated().load_state_dict(load_file(self.folder / runs.BEST))
            logits, labels = self._answer(self.held_out)
            results["temperature"] = fit_temperature(logits, labels)
            results["validation_top1"] = float((logits.argmax(1) == labels).mean())
        return results

    # -- one epoch -------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> dict[str, float]:
        schedule = self.recipe.schedule
        frozen = epoch < schedule.frozen_epochs
        self._enter_phase(epoch, frozen=frozen)
        torch.manual_seed(seed_of(self.recipe.seed, epoch, "dropout"))
        size = photo_side(schedule, self.recipe.model.size, epoch)
        loader = self._loader(epoch, size)
        optim.set_mode(
            self.network,
            backbone_trains=not frozen,
            freeze_batch_norm=schedule.freeze_batch_norm,
        )
        total_loss, accumulate = 0.0, self.recipe.optim.accumulate
        for step, (planes, labels) in enumerate(loader):
            if not frozen:
                done = (epoch - schedule.frozen_epochs) * len(loader) + step
                steps = schedule.epochs * len(loader)
                share = optim.warmup_cosine(done, steps, schedule.warmup)
                optim.set_learning_rates(self._optimizer, share)
            # The last group of an epoch may have fewer batches than the others.
            group = min(accumulate, len(loader) - step // accumulate * accumulate)
            total_loss += self._backward(planes, labels, share=1 / group)
            if (step + 1) % accumulate == 0 or step + 1 == len(loader):
                self._update()
            figures = {"loss": total_loss / (step + 1), "size": float(size)}
            self.report(f"epoch {epoch + 1}", step + 1, len(loader), figures)
        if not all(bool(parameter.isfinite().all()) for parameter in self.network.parameters()):
            raise self._diverged("the weights", "infinite")
        figures = {"loss": total_loss / len(loader), "size": float(size)}
        if len(self.held_out):
            figures |= self._validate()
        self.report(f"epoch {epoch + 1} done", 1, 1, figures)
        return figures

    def _loader(self, epoch: int, size: int) -> DataLoader[tuple[Tensor, int]]:
        recipe = self.recipe
        preset, index = TrainPreset(recipe.augment, size), self.training
        order = draw_epoch(index, recipe.data.balance, seed=recipe.seed, epoch=epoch)
        if self.unknown is not None:
            order = add_unknown(
                order,
                len(index),
                len(self.unknown),
                recipe.data.unknown_share,
                seed=recipe.seed,
                epoch=epoch,
            )
            index = index.followed_by(self.unknown)
        if recipe.data.cache and self.cached is None:
            photos = len(index)
            self.cached = decode_all(
                index,
                recipe.model.size,
                on_photo=lambda done: self.report("decoding the photos", done, photos, {}),
            )
        views = TrainPhotos(index, preset, size, seed_of(recipe.seed, "views"), self.cached)
        views.epoch = epoch
        return DataLoader(
            views,
            batch_size=min(recipe.optim.batch, len(order)),
            sampler=order,
            num_workers=recipe.data.workers,
            drop_last=True,  # a last batch of one photo would upset BatchNorm
        )

    def _enter_phase(self, epoch: int, *, frozen: bool) -> None:
        """Build optimizer and average where a phase begins (or where a resume lands in it)."""
        begins = epoch in (0, self.recipe.schedule.frozen_epochs)
        if self.optimizer is not None and not begins:
            return
        optim.set_frozen(self.network, backbone=frozen, stages=self.recipe.schedule.freeze_stages)
        groups = optim.parameter_groups(self.network, self.recipe.optim)
        self.optimizer = torch.optim.AdamW(groups)
        if not frozen and self.recipe.optim.ema > 0:
            self.average = optim.average_of(self.network, self.recipe.optim.ema)

    def _backward(self, planes: Tensor, labels: Tensor, *, share: float) -> float:
        """Add this batch's share of the gradient; returns its whole loss."""
        model = self.recipe.model
        planes, labels = planes.to(self.device), labels.to(self.device)
        planes, targets = self.mixing(planes.float(), labels)
        logits = self._logits(self.network, planes)
        if model.margin > 0:
            margins = self.margins.to(self.device)
            logits = losses.angular_margin(logits, labels, margins, model.scale)
        loss = losses.soft_cross_entropy(logits, targets, self.recipe.optim.label_smoothing)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise self._diverged("the loss", value)
        (share * loss).backward()
        return value

    def _update(self) -> None:
        if self.recipe.optim.clip > 0:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optim.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.network)

    def _diverged(self, what: str, value: object) -> RunError:
        return RunError(
            f"Training diverged in epoch {self.progress.epoch + 1}: {what} became {value}. "
            'Lower optim.lr, or set precision = "float32".'
        )

    @property
    def _optimizer(self) -> torch.optim.Optimizer:
        if self.optimizer is None:
            raise AssertionError("no phase has begun")
        return self.optimizer

    # -- held-out photos -------------------------------------------------------------------

    def _evaluated(self) -> LandmarkNet:
        """The network that is measured and kept: the average if there is one."""
        return self.network if self.average is None else cast(LandmarkNet, self.average.module)

    def _logits(self, network: LandmarkNet, planes: Tensor) -> Tensor:
        planes = planes.contiguous(memory_format=torch.channels_last)
        short = self.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=short):
            return network.from_planes(planes).logits.float()

    @torch.inference_mode()
    def _answer(self, index: PhotoIndex) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Logits (N, K) and labels (N,) of the photos as inference sees them."""
        network = self._evaluated().eval()
        model, workers = self.recipe.model, self.recipe.data.workers
        loader = eval_loader(index, Preprocessing(model.size, model.fit), workers=workers)
        rows = [self._logits(network, planes.to(self.device).float()).cpu() for planes, _ in loader]
        return torch.cat(rows).numpy(), np.array(index.labels)

    def _validate(self) -> dict[str, float]:
        logits, labels = self._answer(self.held_out)
        right = logits.argmax(1) == labels
        per_class = [right[labels == label].mean() for label in np.unique(labels)]
        loss = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels))
        return {
            "validation_top1": float(right.mean()),
            "validation_macro": float(np.mean(per_class)),
            "validation_loss": float(loss),
        }

    def _restore(self, path: Path) -> None:
        self.progress, state = read_checkpoint(path, self.device)
        if scores := self._scores():  # a checkpoint may come from when top-1 was the score
            self.progress.best_score = scores[self.progress.best_epoch]
        last = self.progress.epoch - 1
        self._enter_phase(last, frozen=last < self.recipe.schedule.frozen_epochs)
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
