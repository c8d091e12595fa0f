from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_training import TINY, meta_of, tiny_photos, tiny_recipe

from whereshot.errors import DatasetError, ExportError, RunError
from whereshot.learn import run as runs
from whereshot.learn.compare import kept
from whereshot.learn.config import Recipe
from whereshot.learn.study import conduct
from whereshot.learn.study.conduct import conduct_study
from whereshot.learn.study.plan import plan_study
from whereshot.learn.study.records import Study

pytestmark = pytest.mark.usefixtures("one_thread")
TINIER = "timm/test_resnet"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_photos(tmp_path_factory.mktemp("photos"))
    shutil.copytree(folder / "train", folder / "test")
    return folder


@pytest.fixture(autouse=True)
def timed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Times without an export, which takes seconds: what was timed, in order."""
    asked: list[str] = []

    def milliseconds(model, classes: int) -> float:
        asked.append(f"{model.architecture} {model.size}")
        return model.size / 10

    monkeypatch.setattr(kept, "cpu_milliseconds", milliseconds)
    return asked


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The networks whose epochs were trained, in order."""
    names: list[str] = []
    run = conduct.train

    def watched(recipe: Recipe, folder: Path, **options) -> Path:
        if not runs.is_finished(folder):
            names.append(folder.name)
        return run(recipe, folder, **options)

    monkeypatch.setattr(conduct, "train", watched)
    return names


def study(photos: Path, to: Path, *, modes=("full",), sizes=(32,), backbones=(TINY,), **more):
    base = tiny_recipe(photos, "schedule.frozen_epochs=0", *more.pop("changes", ()))
    plan = plan_study(base, backbones, sizes, modes, epochs=1)
    return conduct_study(base, plan, to, epochs=1, **more)


def test_each_network_is_an_ordinary_run_that_says_how_it_was_trained(
    photos: Path, tmp_path: Path
) -> None:
    found = study(photos, tmp_path, modes=("frozen", "partial", "full"), sizes=(32, 40))
    assert [row.name for row in found.rows] == [
        f"test_efficientnet-{size}-{mode}"
        for size in (32, 40)
        for mode in ("frozen", "partial", "full")
    ]
    for row in found.rows:
        assert row.problem is None
        recipe = meta_of(Path(row.folder))["recipe"]
        assert recipe["model"]["size"] == row.size
        run = runs.load_run(row.folder)
        assert row.parameters == sum(each.numel() for each in run.network.parameters())
        assert row.top1.value == pytest.approx(run.meta["results"]["validation_top1"])
        assert row.test is None
    assert found.held_out == 6
    assert {row.cpu_milliseconds for row in found.rows} == {3.2, 4.0}
    assert found.choice is not None
    assert found.choice.name in {row.name for row in found.rows}


def test_what_is_finished_is_not_trained_again(
    photos: Path, tmp_path: Path, trained: list[str], timed: list[str]
) -> None:
    first = study(photos, tmp_path)
    assert trained == ["test_efficientnet-32-full"]
    again = study(photos, tmp_path)
    assert len(trained) == 1
    assert len(timed) == 1
    assert again == first
    study(photos, tmp_path, modes=("full", "frozen"))
    assert trained == ["test_efficientnet-32-full", "test_efficientnet-32-frozen"]
    assert len(timed) == 2  # with a new network, all are timed side by side


def test_a_study_that_was_stopped_goes_on_where_it_stood(
    photos: Path, tmp_path: Path, trained: list[str]
) -> None:
    def stop(number: int, name: str, stage: str, *_: object) -> None:
        if number == 1 and stage.startswith("epoch"):
            raise KeyboardInterrupt

    modes = ("frozen", "full")
    with pytest.raises(KeyboardInterrupt):
        study(photos, tmp_path / "a", modes=modes, report=stop)
    resumed = study(photos, tmp_path / "a", modes=modes)
    assert trained == [f"test_efficientnet-32-{mode}" for mode in ("frozen", "full", "full")]
    whole = study(photos, tmp_path / "b", modes=modes)
    assert [row.top1 for row in resumed.rows] == [row.top1 for row in whole.rows]


def test_a_backbone_whose_weights_can_t_be_had_is_a_row_and_the_others_go_on(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, asked = conduct.architectures.build, []

    def offline(name: str, **options):
        asked.append(name)
        if name == TINIER:
            raise RunError("No weights for 'test_resnet' from timm's hub.")
        return build(name, **options)

    monkeypatch.setattr(conduct.architectures, "build", offline)
    found = study(photos, tmp_path, backbones=(TINIER, TINY), modes=("frozen", "full"))
    assert [row.problem for row in found.rows] == [
        *["No weights for 'test_resnet' from timm's hub."] * 2,
        None,
        None,
    ]
    assert asked.count(TINIER) == 1  # asking a hub that is out of reach takes seconds
    assert found.has_failures
    assert found.choice is not None
    assert found.choice.name.startswith("test_efficientnet")
    assert not (tmp_path / "test_resnet-32-full").exists()


def test_a_backbone_that_timm_does_not_have_is_a_row_too(photos: Path, tmp_path: Path) -> None:
    found = study(photos, tmp_path, backbones=("resnet5o", TINY))
    assert "timm has no model 'resnet5o'. Close: resnet50" in found.rows[0].problem
    assert found.rows[1].problem is None


def test_a_backbone_with_too_few_stages_is_not_called_partly_trained(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct, "FROZEN_STAGES", 5)
    found = study(photos, tmp_path, modes=("partial", "full"))
    assert "has a stem and 5 stages: with 5 of them frozen none is left" in found.rows[0].problem
    assert found.rows[1].problem is None


def test_a_size_that_a_network_can_t_take_is_a_row_too(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = conduct.train

    def picky(recipe: Recipe, folder: Path, **options) -> Path:
        if recipe.model.size == 40:
            raise RuntimeError("The size of tensor a (5) must match that of b (4)\nat line 3")
        return train(recipe, folder, **options)

    monkeypatch.setattr(conduct, "train", picky)
    found = study(photos, tmp_path, sizes=(40, 32))
    assert found.rows[0].problem == (
        "can't be trained (RuntimeError: The size of tensor a (5) must match that of b (4)). "
        "Leave it out of the study."
    )
    assert found.choice is not None
    assert found.choice.name == "test_efficientnet-32-full"


def test_a_network_that_can_t_be_timed_keeps_its_accuracy_and_is_not_chosen(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def milliseconds(model, classes: int) -> float:
        if model.size == 40:
            raise ExportError("'timm/odd' can't be exported to ONNX")
        return 1.0

    monkeypatch.setattr(kept, "cpu_milliseconds", milliseconds)
    found = study(photos, tmp_path, sizes=(40, 32))
    assert found.rows[0].problem == "'timm/odd' can't be exported to ONNX"
    assert found.rows[0].top1 is not None
    assert found.front == ("test_efficientnet-32-full",)


def test_another_recipe_does_not_pass_for_this_one(photos: Path, tmp_path: Path) -> None:
    study(photos, tmp_path)
    found = study(photos, tmp_path, changes=["optim.lr=3e-4"])
    assert "was started with another recipe" in found.rows[0].problem
    assert found.rows[0].top1 is None
    assert found.choice is None


def test_a_run_on_other_photos_does_not_pass_for_this_one(photos: Path, tmp_path: Path) -> None:
    study(photos, tmp_path / "study")
    others = tiny_photos(tmp_path / "others", each=7)
    found = study(others, tmp_path / "study")
    assert "was trained on other photos than those now in" in found.rows[0].problem
    assert found.choice is None


def test_the_test_part_is_measured_only_where_it_is_asked_for_and_never_chosen_by(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (32, 40)
    tested = study(photos, tmp_path, sizes=sizes, test=True)
    assert tested.tested
    assert [row.test.photos for row in tested.rows] == [18, 18]
    plain = study(photos, tmp_path, sizes=sizes)
    assert not plain.tested
    assert [row.test for row in plain.rows] == [None, None]  # though it is known by now
    assert plain.choice == tested.choice


@pytest.mark.parametrize("nested", [True, False])
def test_without_a_test_part_there_is_an_error_before_any_training(
    photos: Path, tmp_path: Path, trained: list[str], nested: bool
) -> None:
    lone = tmp_path / "lone"
    shutil.copytree(photos / "train", lone / "train" if nested else lone)
    with pytest.raises(DatasetError, match="test"):
        study(lone, tmp_path / "study", test=True)
    assert trained == []


def test_photos_that_can_t_be_trained_on_end_the_study(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No folder at"):
        study(tmp_path / "nowhere", tmp_path / "study")


def test_progress_tells_which_network_and_which_stage(photos: Path, tmp_path: Path) -> None:
    told: list[tuple[int, str, str]] = []
    report: Callable = lambda number, name, stage, *_: told.append((number, name, stage))  # noqa: E731
    found = study(photos, tmp_path, modes=("frozen", "full"), report=report)
    assert isinstance(found, Study)
    assert (0, "test_efficientnet-32-frozen", "epoch 1") in told
    assert (1, "test_efficientnet-32-full", "epoch 1") in told
    assert told[-1][:2] == (2, "measuring")
