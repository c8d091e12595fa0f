"""The network to beat: the strongest public recipe for the course task, re-created and measured.

    python benchmarks/course_baseline.py --data PHOTOS --to FOLDER --minutes 240 \
        [--width 0.5] [--size 112] [--resume]

PHOTOS has `train` and `test`. Eight plain residual blocks, trained from nothing with Adam and a
plateau schedule; the full network on full photos (`--width 1 --size 224`) is made for a GPU, so
width and size are scaled down until it sees enough epochs in the minutes that are given. The epoch
of the best validation loss counts; `test` is measured once, at the end. Prints a row with
bootstrap intervals and writes `results/course_baseline.csv`.

FOLDER keeps `history.jsonl` (a line an epoch), `checkpoint.pt` and `best.pt`: with `--resume` a
run that was stopped goes on from its last epoch.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from _table import ROOT, machine, versions, write_results
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from whereshot.learn.dataset import PhotoIndex, index_folder, split
from whereshot.learn.intervals import Estimate, estimate_shares, macro_mean_of, mean_of
from whereshot.learn.loader import drop_unreadable, seed_of
from whereshot.learn.memory import keep_freed_memory
from whereshot.learn.precision import choose_device, choose_precision
from whereshot.photo import decode

CHANNELS = (64, 128, 256, 256, 512, 512, 512, 512)
POOL_AFTER = (0, 1, 3, 5)  # between the stages of one, one, two, two and two blocks
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Block(nn.Module):
    """conv-BN-ReLU-conv-BN + shortcut, then ReLU; (B, C, H, W) to (B, C', H, W)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.shortcut = (
            nn.Identity()
            if before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, features: Tensor) -> Tensor:
        """One residual step."""
        return F.relu(self.convolutions(features) + self.shortcut(features))


class CourseNet(nn.Module):
    """Photos (B, 3, S, S) float in 0..255 to logits (B, K)."""

    mean: Tensor
    std: Tensor

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD).view(1, 3, 1, 1))
        layers: list[nn.Module] = []
        before = 3
        for number, channels in enumerate(CHANNELS):
            after = max(1, round(width * channels))
            layers.append(Block(before, after))
            if number in POOL_AFTER:
                layers.append(nn.MaxPool2d(2))
            before = after
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(before, classes))

    def forward(self, planes: Tensor) -> Tensor:
        """Normalize, convolve, average, decide."""
        return self.head(self.features((planes - self.mean) / self.std).mean((2, 3)))


class Photos(Dataset[tuple[Tensor, int]]):
    """Every photo, decoded once and kept in memory with its shorter side at size * 256 / 224."""

    def __init__(self, index: PhotoIndex, size: int, transform: nn.Module) -> None:
        side = round(size * 256 / 224)
        self.labels, self.transform = index.labels, transform
        self.planes = [self._read(path, side) for path in index.paths]

    @staticmethod
    def _read(path: Path, side: int) -> Tensor:
        planes = torch.from_numpy(decode(path, min_side=side).copy()).permute(2, 0, 1)
        return tv.resize(planes, [side], antialias=True).contiguous()

    def __len__(self) -> int:
        return len(self.planes)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        return self.transform(self.planes[number]), self.labels[number]


def training_views(size: int) -> nn.Module:
    """The recipe's augmentation: uint8 (3, H, W) to (3, S, S)."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(size, scale=(0.8, 1.0), antialias=True),
            v2.RandomAffine(10, interpolation=v2.InterpolationMode.BILINEAR),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            v2.RandomHorizontalFlip(),
            v2.GaussianBlur(3, sigma=(0.1, 1.0)),
        ]
    )


@dataclass
class Progress:
    """What a resumed run needs to know besides weights."""

    epoch: int = 0
    photos: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    best_loss: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)


def cpu_seconds() -> float:
    """Core-seconds of this process and of its workers that have ended."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def save(value: object, path: Path) -> None:
    """Write beside the place, then put it there: a kill leaves the old file or the new one."""
    part = path.with_name(path.name + ".part")
    torch.save(value, part)
    part.replace(path)


class Training:
    """One run: network, optimizer, schedule, and how far they are."""

    def __init__(self, options: argparse.Namespace, classes: int) -> None:
        self.options, self.folder = options, Path(options.to)
        self.device = choose_device()
        self.short = choose_precision("auto") == "bfloat16"
        torch.manual_seed(options.seed)
        self.network = CourseNet(classes, options.width).to(
            self.device, memory_format=torch.channels_last
        )
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=1e-4, weight_decay=1e-3, fused=True
        )
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=options.factor, patience=options.patience
        )
        self.progress = Progress()

    def state(self) -> dict[str, object]:
        """What the checkpoint holds."""
        return {
            "options": deciding(self.options),
            "progress": asdict(self.progress),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "plateau": self.plateau.state_dict(),
        }

    def restore(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.folder / "checkpoint.pt", map_location=self.device)
        if state["options"] != deciding(self.options):
            raise SystemExit(f"'{self.folder}' was started with {state['options']}: give the same.")
        self.progress = Progress(**state["progress"])
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.plateau.load_state_dict(state["plateau"])

    def logits(self, planes: Tensor) -> Tensor:
        """Logits (B, K) in float32, computed in the short format where that is fast."""
        planes = planes.to(self.device).float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.short):
            return self.network(planes).float()

    def minutes_left(self, since: float) -> float:
        """Minutes of the budget that remain while an epoch runs that began at `since`."""
        return self.options.minutes - (self.spent + self.clock() - since) / 60

    def clock(self) -> float:
        """Seconds by the clock that the budget is counted in."""
        return cpu_seconds() if self.options.clock == "cpu" else time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds of the budget that whole epochs took."""
        progress = self.progress
        return progress.cpu_seconds if self.options.clock == "cpu" else progress.wall_seconds

    def epoch(self, train: Photos, held_out: Photos) -> dict[str, float]:
        """Train one epoch (cut short where the minutes end), validate, keep the best weights."""
        progress = self.progress
        began, cpu_began, budget_began = time.monotonic(), cpu_seconds(), self.clock()
        torch.manual_seed(seed_of(self.options.seed, progress.epoch))
        loader = DataLoader(
            train,
            batch_size=min(self.options.batch, len(train)),
            shuffle=True,
            drop_last=True,
            num_workers=self.options.workers,
        )
        self.network.train()
        total, seen, right = 0.0, 0, 0
        for planes, labels in loader:
            labels = labels.to(self.device)
            logits = self.logits(planes)
            loss = F.cross_entropy(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += float(loss.detach()) * len(labels)
            right += int((logits.argmax(1) == labels).sum())
            seen += len(labels)
            if self.minutes_left(budget_began) <= 0:
                break
        del loader  # ends its workers, so that their CPU time counts
        trained = time.monotonic() - began
        logits, labels = self.answers(held_out)
        loss = float(F.cross_entropy(logits, labels))
        rate = self.optimizer.param_groups[0]["lr"]
        self.plateau.step(loss)
        progress.epoch += 1
        progress.photos += seen
        progress.wall_seconds += time.monotonic() - began
        progress.cpu_seconds += cpu_seconds() - cpu_began
        row = {
            "epoch": progress.epoch,
            "loss": total / seen,
            "top1": right / seen,
            "validation_loss": loss,
            "validation_top1": float((logits.argmax(1) == labels).float().mean()),
            "lr": rate,
            "photos_per_second": seen / trained,
            "wall_minutes": progress.wall_seconds / 60,
            "cpu_minutes": progress.cpu_seconds / 60,
        }
        progress.history.append(row)
        if loss < progress.best_loss:
            progress.best_loss = loss
            save({"epoch": progress.epoch, "network": self.network.state_dict()}, self.best)
        save(self.state(), self.folder / "checkpoint.pt")
        lines = "".join(json.dumps(each) + "\n" for each in progress.history)
        (self.folder / "history.jsonl").write_text(lines, encoding="utf-8")
        return row

    @property
    def best(self) -> Path:
        """The weights of the epoch with the lowest validation loss."""
        return self.folder / "best.pt"

    @torch.inference_mode()
    def answers(self, photos: Photos) -> tuple[Tensor, Tensor]:
        """Logits (N, K) and labels (N,) on the centers of the photos."""
        self.network.eval()
        loader = DataLoader(photos, batch_size=64)
        logits = torch.cat([self.logits(planes).cpu() for planes, _ in loader])
        return logits, torch.tensor(photos.labels)


def deciding(options: argparse.Namespace) -> dict[str, object]:
    """The options that decide what is trained: they must be the same after a resume."""
    keys = ("width", "size", "batch", "factor", "patience", "validation", "seed")
    return {key: getattr(options, key) for key in keys}


def gflops(network: nn.Module, size: int) -> float:
    """Billions of multiplications and additions for one photo."""
    device = next(network.parameters()).device
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.eval()(torch.zeros(1, 3, size, size, device=device))
    return counter.get_total_flops() / 1e9


def percent(estimate: Estimate) -> str:
    """A share with its 95 % interval."""
    return f"{100 * estimate.value:.1f} % [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train and test")
    parser.add_argument("--to", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=240, help="of training and validation")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: minutes of one core"
    )
    parser.add_argument("--width", type=float, default=1.0, help="scales all channels")
    parser.add_argument("--size", type=int, default=224, help="of the crop, px")
    parser.add_argument("--epochs", type=int, default=1000, help="at most")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--factor", type=float, default=0.5, help="of the rate on a plateau")
    parser.add_argument("--patience", type=int, default=4, help="epochs that make a plateau")
    parser.add_argument("--validation", type=float, default=0.1, help="share of train held out")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict[str, object]:
    """Train, then measure `test` once; returns the row that is printed."""
    keep_freed_memory()
    checkpoint = options.to / "checkpoint.pt"
    if checkpoint.exists() and not options.resume:
        raise SystemExit(f"'{options.to}' holds a run. Go on with --resume, or choose another.")
    options.to.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    index, unreadable = drop_unreadable(index_folder(options.data, "train"))
    kept, held = split(index, options.validation, seed=options.seed)
    center = v2.CenterCrop(options.size)
    train = Photos(index.subset(kept), options.size, training_views(options.size))
    held_out = Photos(index.subset(held), options.size, center)
    print(
        f"{len(train)} photos to train on, {len(held_out)} held out, {len(unreadable)} unreadable, "
        f"in memory after {time.monotonic() - began:.0f} s; {torch.get_num_threads()} threads",
        flush=True,
    )
    training = Training(options, len(index.classes))
    if checkpoint.exists():
        training.restore()
    progress = training.progress
    while progress.epoch < options.epochs and training.spent < 60 * options.minutes:
        row = training.epoch(train, held_out)
        print(" ".join(f"{key} {value:.5g}" for key, value in row.items()), flush=True)

    best = torch.load(training.best, map_location=training.device)
    training.network.load_state_dict(best["network"])
    seen = index_folder(options.data, "test").matched_to(index.classes)
    test = Photos(drop_unreadable(seen)[0], options.size, center)
    logits, labels = training.answers(test)
    right, truth = (logits.argmax(1) == labels).numpy(), np.asarray(test.labels)
    shares = estimate_shares(
        {"top1": mean_of(right), "macro": macro_mean_of(right, truth)}, len(test)
    )
    return {
        "width": options.width,
        "size": options.size,
        "precision": "bfloat16" if training.short else "float32",
        "parameters": sum(each.numel() for each in training.network.parameters()),
        "gflops": round(gflops(training.network, options.size), 3),
        "training_photos": len(train),
        "wall_minutes": round(progress.wall_seconds / 60, 1),
        "cpu_minutes": round(progress.cpu_seconds / 60, 1),
        "epochs": round(progress.photos / len(train), 1),
        "best_epoch": best["epoch"],
        "photos_per_second": round(progress.photos / progress.wall_seconds, 1),
        "validation_top1": f"{100 * progress.history[best['epoch'] - 1]['validation_top1']:.1f} %",
        "test_photos": len(test),
        "top1": percent(shares["top1"]),
        "macro_top1": percent(shares["macro"]),
    }


def main() -> None:
    """Train, measure, print, and write `results/course_baseline.csv`."""
    row = run(parse())
    for key, value in row.items():
        print(f"{key:17} {value}")
    about = {**machine(), "versions": versions("torch", "torchvision")}
    print(f"written: {write_results('course_baseline', [row], about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
