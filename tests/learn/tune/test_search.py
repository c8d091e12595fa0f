from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whereshot.errors import DatasetError, RecipeError, RunError
from whereshot.learn.compare.rows import read_row
from whereshot.learn.config import Recipe, override, read_recipe
from whereshot.learn.tune.search import tune
from whereshot.learn.tune.space import Choice, Range, Space

SPACE: Space = (
    Range("optim.lr", 1e-5, 1.0, log=True),
    Range("model.dropout", 0.0, 0.9),
    Choice("augment.preset", ("light", "strong")),
)


class Killed(BaseException):
    """As if the process had ended: nothing of ours catches it."""


def outcomes(found: Any) -> list[tuple[Any, ...]]:
    return [(row.number, row.state, row.value, dict(row.values), row.curve) for row in found.trials]


def test_it_finds_better_values_than_the_recipe_s_own(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    found = tune(recipe, tmp_path / "search", space=SPACE, trials=24)
    first, best = found.trials[0], found.best
    assert len(found.trials) == 24
    assert [row.number for row in found.trials] == list(range(1, 25))
    assert first.values == {"optim.lr": 1e-2, "model.dropout": 0.0, "augment.preset": "light"}
    assert best is not None
    assert best.value == min(row.value for row in found.trials if row.value is not None)
    assert best.value < 0.7 * first.value
    assert found.ranked()[0] is best


def test_what_mattered_is_what_the_loss_is_made_of(
    training: Any, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # of the short cut through the importances
    monkeypatch.setattr("whereshot.learn.tune.trials.train", training)
    monkeypatch.setattr("whereshot.learn.tune.book._TRIALS_FOR_IMPORTANCE", 15)
    found = tune(recipe, tmp_path, space=SPACE, trials=15, prune=False)
    # The rate moves the loss by up to 3, the dropout by up to 0.8, the preset by nothing.
    assert next(iter(found.importances)) == "optim.lr"
    assert found.importances["augment.preset"] < 0.1
    assert sum(found.importances.values()) == pytest.approx(1)
    assert tune(recipe, tmp_path, trials=15, resume=True).importances == found.importances


def test_a_search_killed_in_the_midst_of_a_line_goes_on(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    whole = tune(recipe, tmp_path / "whole", space=SPACE, trials=4)
    tune(recipe, tmp_path / "killed", space=SPACE, trials=2)
    path = tmp_path / "killed" / "study.journal"
    lines = path.read_bytes()
    for cut in range(1, len(lines), 397):  # as if the machine had lost power at any moment
        path.write_bytes(lines[:-cut])
        found = tune(recipe, tmp_path / "killed", space=SPACE, trials=4, resume=True)
        assert outcomes(found) == outcomes(whole), cut


def test_the_best_recipe_can_be_trained_and_the_report_is_there(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    found = tune(recipe, tmp_path, space=SPACE, trials=8)
    best = read_recipe(tmp_path / "best.toml")
    assert found.best is not None
    assert best == override(recipe, [f"{key}={value}" for key, value in found.best.values.items()])
    assert best.optim.lr == found.best.values["optim.lr"]
    head = (tmp_path / "best.toml").read_text()
    assert f"# The best of 8 trials: {found.best.folder}, calibrated loss" in head
    page = (tmp_path / "report.html").read_text()
    for each in ("What mattered", "trial-0008", "optim.lr", found.best.folder):
        assert each in page
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_same_seed_searches_the_same_way(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    one, two = (
        outcomes(tune(recipe, tmp_path / name, space=SPACE, trials=12)) for name in ("1", "2")
    )
    assert one == two
    other = tune(override(recipe, ["seed=5"]), tmp_path / "3", space=SPACE, trials=3)
    assert outcomes(other)[1:] != one[1:3]


@pytest.mark.parametrize("epoch", [0, 3])
@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    training: Any, recipe: Recipe, tmp_path: Path, place: int, epoch: int
) -> None:
    whole = tune(recipe, tmp_path / "whole", space=SPACE, trials=12)
    # A trial that is pruned may never come to the epoch of the kill.
    trial = [row.number for row in whole.trials if row.state == "finished"][place]
    training.trained.clear()

    def kill(name: str, at: int) -> None:
        if (name, at) == (f"trial-{trial:04d}", epoch):
            training.interrupt = lambda *_: None
            raise Killed

    training.interrupt = kill
    with pytest.raises(Killed):
        tune(recipe, tmp_path / "killed", space=SPACE, trials=12)
    found = tune(recipe, tmp_path / "killed", space=SPACE, trials=12, resume=True)
    assert outcomes(found) == outcomes(whole)
    assert found.importances == whole.importances
    # It went on from the run's own history: no epoch was trained twice.
    assert len(training.trained) == len(set(training.trained))


def test_a_kill_between_the_run_and_its_note_trains_nothing_again(
    training: Any, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tune(recipe, tmp_path / "whole", space=SPACE, trials=4)
    training.trained.clear()

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("whereshot.learn.tune.book.Book.check_photos", kill)
        with pytest.raises(Killed):
            tune(recipe, tmp_path / "killed", space=SPACE, trials=4)
    found = tune(recipe, tmp_path / "killed", trials=4, resume=True)
    assert outcomes(found) == outcomes(whole)
    assert len(training.trained) == len(set(training.trained))


def test_a_search_may_be_killed_again_and_again(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    whole = tune(recipe, tmp_path / "whole", space=SPACE, trials=6)
    kills = 0

    def kill(name: str, at: int) -> None:
        nonlocal kills
        kills += 1
        if kills % 3 == 0:
            raise Killed

    training.interrupt = kill
    for _ in range(60):
        try:
            found = tune(recipe, tmp_path / "killed", space=SPACE, trials=6, resume=True)
        except Killed:
            continue
        break
    else:
        raise AssertionError("it never came to an end")
    assert kills > 6
    assert outcomes(found) == outcomes(whole)


def test_a_finished_search_is_only_read(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    before = tune(recipe, tmp_path, space=SPACE, trials=3)
    training.trained.clear()
    assert outcomes(tune(recipe, tmp_path, trials=3, resume=True)) == outcomes(before)
    assert training.trained == []
    more = tune(recipe, tmp_path, trials=5, resume=True)
    assert len(more.trials) == 5
    assert outcomes(more)[:3] == outcomes(before)


def test_trials_that_are_behind_are_pruned_and_keep_their_history(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    found = tune(recipe, tmp_path, space=SPACE, trials=20)
    pruned = [row for row in found.trials if row.state == "pruned"]
    finished = [row for row in found.trials if row.state == "finished"]
    assert pruned
    assert finished
    assert min(row.number for row in pruned) > 4  # the first ones are what others are set against
    for row in pruned:
        folder = tmp_path / row.folder
        assert {path.name for path in folder.iterdir()} == {"meta.json", "history.jsonl"}
        assert 2 < row.epochs < 6  # not in the first third, and no later than it must
        assert len(row.curve) == row.epochs
        assert row.value is None
        assert read_row(row.folder, folder)[0].state == "unfinished"
    for row in finished:
        assert (tmp_path / row.folder / "weights.safetensors").is_file()
    # What is pruned after some epochs was worse there than half of the finished ones.
    for row in pruned:
        there = sorted(other.curve[row.epochs - 1] for other in finished)
        assert row.curve[-1] > there[0]


def test_without_pruning_every_trial_ends(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    found = tune(recipe, tmp_path, space=SPACE, trials=12, prune=False)
    assert {row.state for row in found.trials} == {"finished"}


def test_a_trial_that_diverges_is_a_failed_trial(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    training.diverges = lambda each: each.optim.lr > 0.05
    found = tune(recipe, tmp_path, space=SPACE, trials=16)
    failed = [row for row in found.trials if row.state == "failed"]
    assert failed
    assert len(found.trials) == 16
    for row in failed:
        assert row.values["optim.lr"] > 0.05
        assert "Training diverged in epoch 2" in str(row.problem)
        assert {path.name for path in (tmp_path / row.folder).iterdir()} == {
            "meta.json",
            "history.jsonl",
        }
    assert found.best is not None
    assert "Training diverged" in (tmp_path / "report.html").read_text()


def test_values_that_a_recipe_can_not_take_together_are_a_failed_trial(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    space: Space = (
        Choice("model.head", ("softmax", "cosine")),
        Range("model.subcenters", 1, 3),
    )
    # Each end alone must be possible: subcenters = 3 needs a cosine head.
    with pytest.raises(RecipeError, match="subcenters"):
        tune(recipe, tmp_path / "no", space=space, trials=6)
    cosine = override(recipe, ["model.head=cosine"])
    found = tune(cosine, tmp_path / "yes", space=space, trials=12)
    states = {(row.values["model.head"], row.state) for row in found.trials}
    assert ("cosine", "finished") in states
    problems = [row.problem or "" for row in found.trials if row.state == "failed"]
    assert problems
    assert all('need model.head = "cosine"' in each for each in problems)


def test_it_learns_to_keep_away_from_where_training_diverges(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    training.diverges = lambda each: each.optim.lr > 1e-3  # right beyond the best rate
    recipe = override(recipe, ["seed=1"])
    states = [row.state for row in tune(recipe, tmp_path, space=SPACE, trials=30).trials]
    assert states[:10].count("failed") >= 5
    assert states[10:].count("failed") <= 6  # 13, were they failed trials for Optuna too


def test_where_all_trials_fail_the_search_gives_up(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    training.diverges = lambda each: True
    with pytest.raises(RunError, match=r"All of the first 10 trials failed, the last one so: Tr"):
        tune(recipe, tmp_path, space=SPACE, trials=20)
    assert len(list(tmp_path.glob("trial-*"))) == 10


def test_a_full_disk_is_no_fault_of_a_trial(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    def fill(name: str, at: int) -> None:
        if name == "trial-0002" and at == 1:
            raise RunError("'x' can't be written: No space left") from OSError(28, "No space left")

    training.interrupt = fill
    with pytest.raises(RunError, match="No space left"):
        tune(recipe, tmp_path, space=SPACE, trials=3)
    training.interrupt = lambda *_: None
    found = tune(recipe, tmp_path, trials=3, resume=True)
    assert [row.state for row in found.trials] == ["finished"] * 3


def test_time_ends_it_between_trials(
    training: Any, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn.tune import search

    clock = iter(range(0, 10_000, 45))  # each look at the clock is 45 s later
    monkeypatch.setattr(search.time, "monotonic", lambda: float(next(clock)))
    found = tune(recipe, tmp_path, space=SPACE, trials=None, minutes=2)
    # Looks at 45 and 90 s: a trial each; at 135 s it is over.
    assert [row.state for row in found.trials] == ["finished", "finished"]


@pytest.mark.parametrize(
    ("goal", "figure"), [("top1", "validation_top1"), ("macro", "validation_macro")]
)
def test_shares_are_ranked_from_the_top(
    training: Any, recipe: Recipe, tmp_path: Path, goal: Any, figure: str
) -> None:
    found = tune(recipe, tmp_path, space=SPACE, trials=10, goal=goal)
    assert found.best is not None
    values = [row.value for row in found.trials if row.value is not None]
    assert found.best.value == max(values)
    history = (tmp_path / found.best.folder / "history.jsonl").read_text().splitlines()
    assert json.loads(history[-1])[figure] == found.best.value


# -- what it refuses -----------------------------------------------------------------------


def test_an_end_and_held_out_photos_are_asked_for(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match="needs an end"):
        tune(recipe, tmp_path, trials=None)
    with pytest.raises(RecipeError, match=r"set data\.validation above 0"):
        tune(override(recipe, ["data.validation=0"]), tmp_path)
    training.held_out = False
    with pytest.raises(DatasetError, match="No photos are held out"):
        tune(recipe, tmp_path, space=SPACE)


def test_a_search_is_neither_begun_twice_nor_gone_on_with_another_plan(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    tune(recipe, tmp_path, space=SPACE, trials=1)
    with pytest.raises(RunError, match=r"already holds a search.*--resume"):
        tune(recipe, tmp_path, space=SPACE, trials=1)
    changed = override(recipe, ["optim.clip=2"])
    for other, options, name in (
        (changed, {}, "recipe"),
        (recipe, {"space": SPACE[:1]}, "--search"),
        (recipe, {"goal": "top1"}, "--goal"),
    ):
        with pytest.raises(RunError, match=f"was started with another {name}"):
            tune(other, tmp_path, trials=2, resume=True, **options)
    moved = override(recipe, ["data.train=elsewhere", "data.workers=1"])
    assert len(tune(moved, tmp_path, trials=2, resume=True).trials) == 2


def test_other_photos_end_it(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    tune(recipe, tmp_path, space=SPACE, trials=1)
    training.fingerprint = "0" * 64
    with pytest.raises(RunError, match="photos are not those that the search began with"):
        tune(recipe, tmp_path, trials=2, resume=True)


def test_a_folder_that_is_a_run_is_refused(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(RunError, match="holds a training run"):
        tune(recipe, tmp_path, trials=1)


def test_a_study_that_is_none_is_an_error(training: Any, recipe: Recipe, tmp_path: Path) -> None:
    for content in (b"not a study\n", b"[]\n", b'{"op_code": 77}\n', b"\xff\xfe\n"):
        (tmp_path / "study.journal").write_bytes(content)
        with pytest.raises(RunError, match="can't be read as the study of a search"):
            tune(recipe, tmp_path, trials=1, resume=True)


@pytest.mark.parametrize("name", ["with space", "50% of it", "a#b?c", "höhe", "it's {x}"])
def test_any_folder_name_will_do(training: Any, recipe: Recipe, tmp_path: Path, name: str) -> None:
    tune(recipe, tmp_path / name, space=SPACE, trials=1)
    assert (tmp_path / name / "study.journal").is_file()
    assert len(tune(recipe, tmp_path / name, trials=2, resume=True).trials) == 2


def test_only_one_process_searches_in_a_folder(
    training: Any, recipe: Recipe, tmp_path: Path
) -> None:
    def again(name: str, at: int) -> None:
        training.interrupt = lambda *_: None
        with pytest.raises(RunError, match="Another process"):
            tune(recipe, tmp_path, space=SPACE, trials=3, resume=True)

    training.interrupt = again
    tune(recipe, tmp_path, space=SPACE, trials=1)
