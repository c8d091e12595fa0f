"""Speed of one photo, side by side: ONNX Runtime and PyTorch, our way and a course app's way.

    python benchmarks/speed.py RUN [--rounds 15]

RUN is the training run that the shipped bundle was exported from (eager PyTorch and TorchScript
need its network). The photos are 12-megapixel JPEGs, made from the CC0 samples by enlarging and
adding grain until they weigh what a phone's photos weigh. Every way runs on one thread.

A course app's way: open with Pillow, decode in full, make a float tensor of all of it, and let a
TorchScript predictor resize (256), crop (224), normalize and classify.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import io
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from _phone import grain, phone_jpeg
from _table import ROOT, machine, median_ratio, side_by_side, versions, write_results
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms
from torchvision.models import resnet50

from whereshot import load
from whereshot.learn.run import load_run
from whereshot.recognize import Session, find_bundle, read_bundle


def make_photos(folder: Path) -> list[Path]:
    """Two 12-megapixel JPEGs of a few megabytes each."""
    rng = np.random.default_rng(0)
    paths: list[Path] = []
    for sample in sorted((ROOT / "tests" / "samples").glob("*.jpg")):
        path = folder / sample.name
        path.write_bytes(phone_jpeg(Image.open(sample), grain(rng)))
        paths.append(path)
    return paths


class CoursePredictor(nn.Module):
    """Resize, crop, normalize, classify: what the course's apps export as TorchScript."""

    def __init__(self, network: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.network = network
        # The first transforms, not v2: TorchScript compiles only them.
        self.prepare = nn.Sequential(
            transforms.Resize([256], antialias=True),
            transforms.CenterCrop(224),
            transforms.Normalize(mean, std),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """Map (1, 3, H, W) in 0..1 to probabilities (1, K)."""
        return torch.softmax(self.network(self.prepare(photo)), dim=1)


class Classifier(nn.Module):
    """A run's backbone, pooling and head on normalized planes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone, self.pool = network.backbone, network.pool
        self.neck, self.head = network.neck, network.head

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, S, S) to logits (B, K)."""
        return self.head(self.neck(self.pool(self.backbone(x))))


def course_way(network: nn.Module, mean: list[float], std: list[float]) -> Callable[[Path], Tensor]:
    """A course app's answer to one photo."""
    to_tensor = transforms.ToTensor()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)  # what newer versions of torch say of it
        traced = torch.jit.trace(network.eval(), torch.rand(1, 3, 224, 224), check_trace=False)
        scripted = torch.jit.script(CoursePredictor(traced, mean, std))

    @torch.inference_mode()
    def answer(path: Path) -> Tensor:
        photo = to_tensor(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
        return scripted(photo.unsqueeze(0))

    return answer


def main() -> None:
    """Measure, print, and write `results/speed.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)

    run = load_run(options.run)
    recognizer = load(threads=1)
    session = Session(read_bundle(find_bundle()).model_path, threads=1)
    size = session.size
    pixels = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    tensor = torch.from_numpy(pixels)
    planes = run.network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def eager() -> Tensor:
        return planes(tensor).logits

    model_times = side_by_side(
        {"ONNX Runtime": lambda: session.run(pixels), "eager PyTorch": eager}, 4 * options.rounds
    )

    backbone = run.network.backbone
    same = course_way(
        Classifier(load_run(options.run).network), list(backbone.mean), list(backbone.std)
    )
    resnet = course_way(
        resnet50(num_classes=len(run.classes)), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    with tempfile.TemporaryDirectory() as folder:
        photos = make_photos(Path(folder))
        megabytes = [path.stat().st_size / 1e6 for path in photos]
        photo_times = side_by_side(
            {
                "whereshot": lambda: [recognizer.recognize(path) for path in photos],
                "course app, same network": lambda: [same(path) for path in photos],
                "course app, ResNet-50": lambda: [resnet(path) for path in photos],
            },
            options.rounds,
        )

    rows: list[dict[str, object]] = []
    for what, times, per in (("model", model_times, 1), ("photo", photo_times, len(photos))):
        ours = next(iter(times.values()))
        for way, values in times.items():
            rows.append(
                {
                    "what": what,
                    "way": way,
                    "milliseconds": round(statistics.median(values) / per, 2),
                    "times_ours": round(median_ratio(values, ours), 2),
                    "rounds": len(values),
                }
            )
    print(f"12-megapixel JPEGs of {min(megabytes):.1f} to {max(megabytes):.1f} MB; one thread")
    print(f"{'what':6} {'way':26} {'ms':>8} {'x ours':>7}")
    for row in rows:
        print(
            f"{row['what']:6} {row['way']:26} {row['milliseconds']:8.2f} {row['times_ours']:7.2f}"
        )
    about = {
        **machine(),
        "bundle": recognizer.name,
        "versions": versions("torch", "torchvision", "onnxruntime", "simplejpeg", "Pillow"),
    }
    print(f"written: {write_results('speed', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
