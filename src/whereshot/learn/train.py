"""Training: a recipe and a folder in, a run folder out.

Stages in the order of the calls in `train`: index and split the photos, build the network, train
the head on the frozen backbone, train the whole network, calibrate on the held-out photos.
Everything random is drawn from the seed and the epoch's number, so a run that was stopped goes on
from its last epoch to the result that it would have reached.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader
from torch.utils.tensorboard.writer import SummaryWriter

from whereshot.errors import RunError
from whereshot.learn import config, losses, optim
from whereshot.learn import run as runs
from whereshot.learn.augment import Mixing, TrainPreset
from whereshot.learn.calibrate import fit_temperature
from whereshot.learn.dataset import PhotoIndex, index_folder, split
from whereshot.learn.duplicates import group_near_duplicates
from whereshot.learn.loader import (
    TrainPhotos,
    draw_epoch,
    drop_unreadable,
    eval_loader,
    seed_of,
)
from whereshot.learn.network import LandmarkNet
from whereshot.learn.precision import choose_device, choose_precision, keep_depthwise_in_float32
from whereshot.photo import Preprocessing

Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures) while a run goes on."""


def _silent(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
    """Report nothing."""


@dataclass(slots=True)
class _Progress:
    """What a checkpoint keeps beside weights and optimizer."""

    epoch: int = 0  # epochs done, both phases
    best_score: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list[dict[str, float]])


def train(
    recipe: config.Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    report: Report = _silent,
) -> Path:
    """Train as the recipe says into `folder`, and return it.

    With `resume`, goes on from the folder's checkpoint; without, the folder must not hold a run.
    Raises RunError, DatasetError or RecipeError.
    """
    folder = Path(folder)
    training, held_out, meta = _prepare(recipe, folder, resume=resume, report=report)
    return _Trainer(recipe, folder, training, held_out, meta, report).run()


def _prepare(
    recipe: config.Recipe, folder: Path, *, resume: bool, report: Report
) -> tuple[PhotoIndex, PhotoIndex, dict[str, Any]]:
    if runs.is_run(folder) and not resume:
        raise RunError(
            f"'{folder}' already holds a run. Go on with it: whereshot train RECIPE --resume, "
            "or choose another folder with --to."
        )
    report("reading the photos", 0, 1, {})
    index = index_folder(recipe.data.train, "train")
    fingerprint = index.fingerprint()
    index, unreadable = drop_unreadable(index)
    groups = group_near_duplicates(index.paths)
    kept, held = split(index, recipe.data.validation, seed=recipe.seed, groups=groups)
    meta = {
        "schema": "1.0",
        "recipe": config.to_dict(recipe),
        "classes": list(index.classes),
        "seed": recipe.seed,
        "data": {
            "fingerprint": fingerprint,
            "training_photos": len(kept),
            "validation_photos": len(held),
            "training_counts": index.subset(kept).counts(),
            "unreadable": unreadable,
        },
        **runs.environment(),
        "results": {},
    }
    if runs.is_run(folder):
        before = runs.read_meta(folder)
        if before["recipe"] != meta["recipe"]:
            raise RunError(
                f"'{folder}' was started with another recipe. Give the same one, "
                "or choose another folder with --to."
            )
        if before["data"]["fingerprint"] != fingerprint:
            raise RunError(
                f"'{folder}' was started on other photos than those now in '{index.root}'. "
                "Restore them, or choose another folder with --to."
            )
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_json(folder / "meta.json", meta)
    return index.subset(kept), index.subset(held), meta


class _Trainer:
    """The state of one run between its first and its last epoch."""

    def __init__(
        self,
        recipe: config.Recipe,
        folder: Path,
        training: PhotoIndex,
        held_out: PhotoIndex,
        meta: dict[str, Any],
        report: Report,
    ) -> None:
        self.recipe, self.folder, self.meta, self.report = recipe, folder, meta, report
        self.training, self.held_out = training, held_out
        self.device = choose_device()
        self.precision = choose_precision(recipe.precision)
        torch.manual_seed(seed_of(recipe.seed, "weights"))
        network = LandmarkNet(recipe.model, len(training.classes))
        if self.device.type == "cpu":
            keep_depthwise_in_float32(network)
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.margins = losses.adaptive_margins(training.counts(), recipe.model.margin)
        self.mixing = Mixing(recipe.augment, len(training.classes))
        self.progress = _Progress()
        self.average: AveragedModel | None = None
        self.optimizer: torch.optim.Optimizer | None = None

    # -- the run ---------------------------------------------------------------------------

    def run(self) -> Path:
        """Train what is left to train, then calibrate and save."""
        weights = self.folder / "weights.safetensors"
        checkpoint = self.folder / "checkpoint.pt"
        if weights.is_file() and not checkpoint.is_file():
            return self.folder  # done before
        if checkpoint.is_file():
            self._restore(checkpoint)
        schedule = self.recipe.schedule
        total = schedule.frozen_epochs + schedule.epochs
        with SummaryWriter(str(self.folder / "tensorboard")) as board:
            while self.progress.epoch < total and not self._out_of_patience():
                started = time.monotonic()
                figures = self._epoch(self.progress.epoch)
                self.progress.seconds += time.monotonic() - started
                self._note(figures, board)
                self.progress.epoch += 1
                self._save(checkpoint)
        self._finish(weights)
        checkpoint.unlink(missing_ok=True)
        return self.folder

    def _out_of_patience(self) -> bool:
        patience = self.recipe.schedule.patience
        waited = self.progress.epoch - 1 - self.progress.best_epoch
        return patience > 0 and self.progress.best_epoch >= 0 and waited >= patience

    def _note(self, figures: dict[str, float], board: SummaryWriter) -> None:
        epoch = self.progress.epoch
        score = figures.get("validation_top1", float(epoch))
        if score >= self.progress.best_score:
            self.progress.best_score, self.progress.best_epoch = score, epoch
            runs.save_weights(self._evaluated(), self.folder / "best.safetensors")
        self.progress.history.append({"epoch": epoch, **figures})
        lines = [json.dumps(row) + "\n" for row in self.progress.history]
        (self.folder / "history.jsonl").write_text("".join(lines), encoding="utf-8")
        for key, value in figures.items():
            board.add_scalar(key, value, epoch)
        board.flush()

    def _finish(self, weights: Path) -> None:
        best = self.folder / "best.safetensors"
        results: dict[str, Any] = {
            "best_epoch": self.progress.best_epoch,
            "train_seconds": round(self.progress.seconds, 1),
            "precision": self.precision,
        }
        if len(self.held_out):
            self._evaluated().load_state_dict(runs.load_file(best))
            logits, labels = self._logits(self.held_out)
            results["temperature"] = fit_temperature(logits, labels)
            results["validation_top1"] = float((logits.argmax(1) == labels).mean())
        self.meta["results"] = results
        runs.write_json(self.folder / "meta.json", self.meta)
        best.replace(weights)

    # -- one epoch -------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> dict[str, float]:
        schedule, augment = self.recipe.schedule, self.recipe.augment
        frozen = epoch < schedule.frozen_epochs
        self._enter_phase(epoch, frozen=frozen)
        torch.manual_seed(seed_of(self.recipe.seed, epoch, "dropout"))
        size = self._size(epoch)
        views = TrainPhotos(
            self.training, TrainPreset(augment, size), size, seed_of(self.recipe.seed, "views")
        )
        views.epoch = epoch
        order = draw_epoch(
            self.training, self.recipe.data.balance, seed=self.recipe.seed, epoch=epoch
        )
        batch = min(self.recipe.optim.batch, len(order))
        loader = DataLoader(
            views,
            batch_size=batch,
            sampler=order,
            num_workers=self.recipe.data.workers,
            drop_last=True,  # a last batch of one photo would upset BatchNorm
        )
        optim.set_mode(
            self.network,
            backbone_trains=not frozen,
            freeze_batch_norm=schedule.freeze_batch_norm,
        )
        total_loss = 0.0
        for step, (planes, labels) in enumerate(loader):
            if not frozen:
                done = (epoch - schedule.frozen_epochs) * len(loader) + step
                steps = schedule.epochs * len(loader)
                share = optim.warmup_cosine(done, steps, schedule.warmup)
                optim.set_learning_rates(self._optimizer, share)
            last = (step + 1) % self.recipe.optim.accumulate == 0 or step + 1 == len(loader)
            total_loss += self._step(planes, labels, update=last)
            figures = {"loss": total_loss / (step + 1), "size": size}
            self.report(f"epoch {epoch + 1}", step + 1, len(loader), figures)
        figures = {"loss": total_loss / max(1, len(loader)), "size": float(size)}
        if len(self.held_out):
            figures |= self._validate()
        self.report(f"epoch {epoch + 1} done", 1, 1, figures)
        return figures

    def _step(self, planes: Tensor, labels: Tensor, *, update: bool) -> float:
        optim_config, model = self.recipe.optim, self.recipe.model
        planes, labels = planes.to(self.device), labels.to(self.device)
        planes, targets = self.mixing(planes.float(), labels)
        planes = planes.contiguous(memory_format=torch.channels_last)
        with self._autocast():
            logits = self.network.from_planes(planes).logits.float()
        if model.margin > 0:
            logits = losses.angular_margin(
                logits, labels, self.margins.to(self.device), model.scale
            )
        loss = losses.soft_cross_entropy(logits, targets, optim_config.label_smoothing)
        (loss / optim_config.accumulate).backward()
        if update:
            if optim_config.clip > 0:
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), optim_config.clip)
            self._optimizer.step()
            self._optimizer.zero_grad()
            if self.average is not None:
                self.average.update_parameters(self.network)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise RunError(
                f"The loss became {value} in epoch {self.progress.epoch + 1}. "
                "Lower optim.lr, or set precision = \"float32\"."
            )
        return value

    def _enter_phase(self, epoch: int, *, frozen: bool) -> None:
        """Build optimizer and average where a phase begins (or where a resume lands in it)."""
        begins = epoch in (0, self.recipe.schedule.frozen_epochs)
        if self.optimizer is not None and not begins:
            return
        optim.set_frozen(
            self.network, backbone=frozen, stages=self.recipe.schedule.freeze_stages
        )
        groups = optim.parameter_groups(self.network, self.recipe.optim)
        self.optimizer = torch.optim.AdamW(groups)
        if not frozen and self.recipe.optim.ema > 0:
            self.average = optim.average_of(self.network, self.recipe.optim.ema)

    @property
    def _optimizer(self) -> torch.optim.Optimizer:
        assert self.optimizer is not None, "a phase has begun"
        return self.optimizer

    def _autocast(self) -> torch.autocast:
        short = self.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=short)

    def _size(self, epoch: int) -> int:
        """The side of the photos in an epoch: grows in steps of 16 px."""
        schedule, size = self.recipe.schedule, self.recipe.model.size
        if not 0 < schedule.start_size < size:
            return size
        growing = max(1.0, schedule.grow * schedule.epochs)
        done = min(1.0, max(0, epoch - schedule.frozen_epochs) / growing)
        grown = schedule.start_size + done * (size - schedule.start_size)
        return size if done >= 1 else int(grown // 16 * 16)

    # -- held-out photos -------------------------------------------------------------------

    def _evaluated(self) -> LandmarkNet:
        """The network that is measured and kept: the average if there is one."""
        return cast(LandmarkNet, self.average.module) if self.average else self.network

    @torch.inference_mode()
    def _logits(self, index: PhotoIndex) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        network = self._evaluated().eval()
        model = self.recipe.model
        rows: list[Tensor] = []
        loader = eval_loader(
            index, Preprocessing(model.size, model.fit), workers=self.recipe.data.workers
        )
        for planes, _ in loader:
            planes = planes.to(self.device).float()
            planes = planes.contiguous(memory_format=torch.channels_last)
            with self._autocast():
                rows.append(network.from_planes(planes).logits.float().cpu())
        return torch.cat(rows).numpy(), np.array(index.labels)

    def _validate(self) -> dict[str, float]:
        logits, labels = self._logits(self.held_out)
        right = logits.argmax(1) == labels
        per_class = [right[labels == label].mean() for label in np.unique(labels)]
        loss = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels))
        return {
            "validation_top1": float(right.mean()),
            "validation_macro": float(np.mean(per_class)),
            "validation_loss": float(loss),
        }

    # -- checkpoints -----------------------------------------------------------------------

    def _save(self, path: Path) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "optimizer": self._optimizer.state_dict(),
            "epoch": self.progress.epoch,
            "best_score": self.progress.best_score,
            "best_epoch": self.progress.best_epoch,
            "seconds": self.progress.seconds,
            "history": self.progress.history,
        }
        temporary = path.with_name(path.name + ".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def _restore(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.progress = _Progress(
            state["epoch"],
            state["best_score"],
            state["best_epoch"],
            state["seconds"],
            state["history"],
        )
        last = self.progress.epoch - 1
        self._enter_phase(last, frozen=last < self.recipe.schedule.frozen_epochs)
        self._optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
