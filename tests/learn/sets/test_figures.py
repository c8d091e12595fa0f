from __future__ import annotations

from made_photos import data_set, saved, scene

from whereshot.learn.sets.figures import Spread, describe_photos
from whereshot.learn.sets.survey import survey_folder


def figures_of(root):
    return describe_photos(survey_folder(root, decode_photos=False))


def test_photos_are_counted_by_landmark_and_part_across_spellings(tmp_path):
    figures = figures_of(
        data_set(tmp_path, {"train/00.Petra": 4, "train/01.Jerash": 2, "test/Petra": 1})
    )
    assert [(row.name, dict(row.photos)) for row in figures.landmarks] == [
        ("00.Petra", {"train": 4, "test": 1}),
        ("01.Jerash", {"train": 2, "test": 0}),
    ]
    assert figures.photos == {"train": 6, "test": 1}
    assert figures.imbalance == {"train": 2.0, "test": 1.0}
    assert figures.per_landmark["train"] == Spread(2, 3, 4)
    assert figures.unreadable == 0


def test_sizes_and_formats_are_those_of_the_files(tmp_path):
    paths = [
        saved(scene(1, (100, 50)), tmp_path / "Petra" / "a.jpg"),
        saved(scene(2, (60, 300)), tmp_path / "Petra" / "b.png"),
        saved(scene(3, (70, 80)), tmp_path / "Jerash" / "c.jpg"),
    ]
    figures = figures_of(tmp_path)
    sizes = [path.stat().st_size for path in paths]
    assert figures.short_side == Spread(50, 60, 70)
    assert figures.long_side == Spread(80, 100, 300)
    assert figures.photo_bytes == Spread(min(sizes), sorted(sizes)[1], max(sizes))
    assert figures.bytes == sum(sizes)
    assert figures.formats == {"JPEG": 2, "PNG": 1}
    assert figures.photos == {"": 3}
    assert figures.landmarks[1].short_side == Spread(50, 55, 60)


def test_unreadable_photos_are_counted_but_not_measured(tmp_path):
    data_set(tmp_path, {"Petra": 1})
    (tmp_path / "Petra" / "bad.jpg").write_bytes(b"bad")
    figures = figures_of(tmp_path)
    assert (figures.unreadable, figures.photos, figures.formats) == (1, {"": 2}, {"JPEG": 1})


def test_empty_folders_do_not_break_the_figures(tmp_path):
    figures = figures_of(data_set(tmp_path, {"train/Petra": 0, "test/Petra": 0}))
    assert figures.photos == {"train": 0, "test": 0}
    assert figures.short_side is None
    assert figures.imbalance == {}


def test_the_figures_of_the_real_photos_are_those_of_their_description(photos):
    figures = figures_of(photos / "world")
    assert figures.photos == {"train": 5086, "test": 1082}
    assert len(figures.landmarks) == 62
    assert (figures.per_landmark["train"].least, figures.per_landmark["train"].most) == (19, 210)
    assert (figures.per_landmark["test"].least, figures.per_landmark["test"].most) == (4, 45)
    assert figures.short_side is not None
    assert figures.short_side.most <= 272
