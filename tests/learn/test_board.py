from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from disk_space import no_file_above
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tiny_training import history_of, tiny_photos, tiny_recipe

from whereshot.learn.board import Board
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def values(events: EventAccumulator, name: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in events.Scalars(name)]


def test_figures_are_curves(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.note(0, {"loss": 2.0, "validation_loss": 3.0}, {})
    board.note(1, {"loss": 1.0, "validation_loss": 1.5}, {})
    events = read(tmp_path)
    assert values(events, "loss") == [(0, 2.0), (1, 1.0)]
    assert values(events, "validation_loss") == [(0, 3.0), (1, 1.5)]
    assert len(list(tmp_path.iterdir())) == 1


def test_curves_that_belong_together_share_a_chart(tmp_path: Path) -> None:
    Board(tmp_path).note(0, {"loss": 2.0}, {})
    (event,) = read(tmp_path).Tensors("custom_scalars__config__")
    layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
    charts = {chart.title: list(chart.multiline.tag) for chart in layout.category[0].chart}
    assert charts["loss"] == ["loss", "validation_loss"]
    assert "learning rate" in charts


def test_what_is_noted_again_takes_the_place_of_what_was(tmp_path: Path) -> None:
    first = Board(tmp_path)
    for epoch in range(4):
        first.note(epoch, {"loss": 10.0 + epoch}, {})
    second = Board(tmp_path)  # a run that goes on after its third epoch
    second.note(3, {"loss": 3.0}, {})
    second.note(4, {"loss": 4.0}, {})
    assert values(read(tmp_path), "loss") == [(0, 10), (1, 11), (2, 12), (3, 3), (4, 4)]


def test_nothing_is_written_before_there_is_something(tmp_path: Path) -> None:
    Board(tmp_path / "tensorboard")
    assert list(tmp_path.iterdir()) == []


def test_after_half_an_event_the_curves_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(tmp_path)
    board.note(0, {"loss": 2.0}, {})
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8))
    with no_file_above(5_000):
        board.note(1, {"loss": 1.5}, {"noise": noise})
    assert "No curves of epoch 2 for TensorBoard: [Errno 27] File too large" in caplog.text
    board.note(2, {"loss": 1.0}, {})
    assert (2, 1.0) in values(read(tmp_path), "loss")
    assert (0, 2.0) in values(read(tmp_path), "loss")


def test_a_run_shows_its_rates_its_figures_and_its_first_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import trainer

    sheets: list[tuple[Any, Any]] = []
    draw = trainer.contact_sheet
    monkeypatch.setattr(trainer, "contact_sheet", lambda *each: sheets.append(each) or draw(*each))
    recipe = tiny_recipe(tiny_photos(tmp_path), "optim.batch=6", "optim.head_lr=2e-3")
    folder = train(recipe, tmp_path / "run")
    events = read(folder / "tensorboard")
    history = history_of(folder)
    for name in ("loss", "size", "validation_loss", "validation_top1"):
        expected = [(row["epoch"], row[name]) for row in history]
        assert values(events, name) == [(epoch, pytest.approx(value)) for epoch, value in expected]
    head = [value for _, value in values(events, "learning_rate/head")]
    assert head[0] == pytest.approx(2e-3)  # alone
    assert 0 < head[2] < 0.9 * head[1] < 2e-3
    backbone = values(events, "learning_rate/backbone")
    assert [epoch for epoch, _ in backbone] == [1, 2]
    assert backbone[1][1] == pytest.approx(head[2] / 2)

    ((planes, captions),) = sheets
    assert planes.shape == (6, 3, 32, 32)
    assert {line for lines in captions for line in lines} <= {"place_0", "place_1", "place_2"}
    (picture,) = events.Images("first batch")
    assert picture.step == 0
    shown = np.asarray(Image.open(io.BytesIO(picture.encoded_image_string)))
    assert np.array_equal(shown, np.asarray(draw(planes, captions)))


def test_the_first_batch_is_that_of_the_first_step_as_it_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import trainer
    from whereshot.learn.learner import Learner

    sheets: list[torch.Tensor] = []
    learned: list[torch.Tensor] = []
    backward = Learner.backward
    monkeypatch.setattr(
        trainer,
        "contact_sheet",
        lambda planes, _: sheets.append(planes.clone()) or Image.new("RGB", (1, 1)),
    )

    def noted(self: Learner, planes: torch.Tensor, *rest: Any, **named: Any) -> float:
        learned.append(planes.clone())
        return backward(self, planes, *rest, **named)

    monkeypatch.setattr(Learner, "backward", noted)
    mixed = ("augment.mixup=1.0", "schedule.epochs=0", "data.validation=0")
    train(tiny_recipe(tiny_photos(tmp_path), *mixed), tmp_path / "run")
    assert len(sheets) == 1
    assert torch.equal(sheets[0], learned[0])
