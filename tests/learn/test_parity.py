"""An export that computes something else is found, on real photos and for every architecture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
from exportable import exportable_run

from whereshot.errors import DatasetError, ExportError, RecipeError
from whereshot.learn import architectures, parity
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.export import export_onnx, export_program, export_torchscript
from whereshot.learn.parity import (
    Batch,
    Model,
    Parity,
    compare_exports,
    open_export,
    require_parity,
)
from whereshot.learn.run import Run

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES = ("Great_Wall_of_China", "Machu_Picchu", "Stonehenge")


def convolutional_test_networks() -> list[str]:
    """The tiny networks that timm has for tests, but those that need photos of one size."""
    others = ("vit", "coatnet", "maxvit")
    return [
        f"timm/{name}"
        for name in timm.list_models("test_*")
        if not any(other in name for other in others)
    ]


EVERY_ARCHITECTURE = [*architectures.names(), *convolutional_test_networks()]


@pytest.fixture
def real(samples: Path) -> PhotoIndex:
    """The two real photos that come with the project."""
    paths = tuple(sorted(samples.glob("*.jpg")))
    return PhotoIndex(samples, CLASSES, paths, (0, 1))


def right(run: Run) -> Model:
    """What an export should be: the network itself."""
    import torch

    def model(batch: Batch) -> parity.Logits:
        with torch.inference_mode():
            return run.network(torch.from_numpy(batch.pixels)).logits.numpy()

    return model


def swapped(model: Model) -> Model:
    """The same export, for which red is blue."""

    def other(batch: Batch) -> parity.Logits:
        photos = [np.ascontiguousarray(photo[..., ::-1]) for photo in batch.photos]
        pixels = np.ascontiguousarray(batch.pixels[..., ::-1])
        return model(replace(batch, photos=photos, pixels=pixels))

    return other


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return exportable_run(tmp_path_factory.mktemp("runs") / "tiny", "photos", CLASSES)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", EVERY_ARCHITECTURE)
def test_every_architecture_exports_to_what_it_computes_and_a_channel_swap_is_found(
    tmp_path: Path, real: PhotoIndex, architecture: str
) -> None:
    run = exportable_run(
        tmp_path / "run",
        "photos",
        CLASSES,
        f"model.architecture={architecture}",
        "model.size=64",
    )
    export_onnx(run, tmp_path / "model.onnx")
    export_torchscript(run, tmp_path / "model.pt")
    onnx = open_export("onnx", tmp_path / "model.onnx")
    script = open_export("torchscript", tmp_path / "model.pt")
    models = {"onnx": onnx, "torchscript": script}
    models |= {f"swapped {kind}": swapped(model) for kind, model in models.items()}
    fine, also_fine, *wrong = compare_exports(run, models, real).parities
    for found in (fine, also_fine):
        assert found.max_logit_difference < 1e-3, found
        assert found.other_answers == 0
    assert not any(found.holds for found in wrong), wrong


@pytest.mark.slow
def test_an_exported_program_computes_the_same_for_batches_of_any_size(
    tmp_path: Path, run: Run, real: PhotoIndex
) -> None:
    export_program(run, tmp_path / "model.pt2")
    model = open_export("exported", tmp_path / "model.pt2")
    five = real.subset([0, 1, 0, 1, 0])  # a batch of four, and one of one
    (found,) = compare_exports(run, {"exported": model}, five).parities
    assert found.photos == 5
    assert found.max_logit_difference < 1e-4


def test_the_list_of_architectures_is_all_that_can_be_trained() -> None:
    assert {"mobile", "plain", "residual", "timm/test_resnet"} <= set(EVERY_ARCHITECTURE)
    left_out = set(timm.list_models("test_*")) - {
        name.removeprefix("timm/") for name in EVERY_ARCHITECTURE
    }
    for name in sorted(left_out)[:2]:
        with pytest.raises(RecipeError, match="choose a convolutional network"):
            architectures.build(f"timm/{name}", pretrained_weights=False)


def test_top1_and_other_answers_are_counted(run: Run, real: PhotoIndex) -> None:
    def never_the_same(batch: Batch) -> parity.Logits:
        return -right(run)(batch)

    fine, wrong = compare_exports(run, {"a": right(run), "b": never_the_same}, real).parities
    assert (fine.other_answers, fine.max_logit_difference) == (0, 0)
    assert fine.export_top1 == fine.network_top1
    assert wrong.other_answers == 2
    assert not wrong.holds


@pytest.mark.parametrize("where", [0, 5])
def test_a_photo_that_can_not_be_read_is_left_out_and_named(
    tmp_path: Path, run: Run, real: PhotoIndex, where: int
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    paths = [tmp_path / f"{number}.jpg" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(real.paths[number % 2].read_bytes())
    paths.insert(where, bad)
    index = PhotoIndex(tmp_path, CLASSES, tuple(paths), (0,) * 6)
    told: list[tuple[int, int]] = []
    found = compare_exports(run, {"a": right(run)}, index, lambda *step: told.append(step))
    assert found.unreadable == ("bad.jpg",)
    assert found.parities[0].photos == 5
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_test_split_that_can_not_be_read_is_an_error(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    index = PhotoIndex(tmp_path, CLASSES, (tmp_path / "a.jpg",), (0,))
    with pytest.raises(DatasetError, match="None of the 1 photos"):
        compare_exports(run, {"a": right(run)}, index)


@pytest.mark.parametrize(
    ("export_top1", "difference", "holds"),
    [
        (0.901, 0.009, True),
        (0.903, 0.0, False),
        (0.897, 0.0, False),
        (0.9, 0.011, False),
        (0.9, float("nan"), False),
        (float("nan"), 0.0, False),
    ],
)
def test_the_rule_of_what_may_be_shipped(
    export_top1: float, difference: float, holds: bool
) -> None:
    found = Parity("onnx", 10, 0.9, export_top1, difference)
    assert found.holds is holds
    refused: Callable[[], None] = lambda: require_parity([found])  # noqa: E731
    if holds:
        refused()
    else:
        with pytest.raises(ExportError, match="The onnx export differs from the network on 10"):
            refused()


def test_all_exports_that_differ_are_named() -> None:
    fine = Parity("exported", 10, 0.9, 0.9, 0.0)
    wrong = [Parity(kind, 10, 0.9, 0.5, 3.0) for kind in ("onnx", "torchscript")]
    with pytest.raises(ExportError, match="The onnx and torchscript export differs"):
        require_parity([wrong[0], fine, wrong[1]])
