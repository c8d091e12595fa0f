"""Google Landmarks v2, or a part of it, brought into class folders that training reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from whereshot.errors import FetchError
from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.learn.sets.disk import writing
from whereshot.learn.sets.download import download
from whereshot.learn.sets.fetch import RECORD
from whereshot.learn.sets.gldv2 import tables
from whereshot.learn.sets.gldv2.choice import choose_named, choose_top, read_names
from whereshot.learn.sets.gldv2.gather import Gathered, OnShard, gather
from whereshot.learn.sets.gldv2.plan import Plan, make_plan
from whereshot.learn.sets.gldv2.published import Published
from whereshot.learn.sets.gldv2.records import write_attribution, write_landmarks
from whereshot.learn.sets.gldv2.wanted import collect
from whereshot.learn.sets.transfer import DEFAULT_PATIENCE, Patience, check_url
from whereshot.progress import silent

OnTable = Callable[[str, int, int | None], object]
"""Called with the name of the table that comes, its bytes that came, and all (None: unknown)."""

TABLES_FOLDER = "metadata"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which landmarks and photos: those of a list, or the `top` ones with the most photos.

    `clean` takes train_clean.csv, which leaves out photos that don't show their landmark, instead
    of train.csv. `max_shards` and `all_shards` are explained at `make_plan`.
    """

    names: Path | None = None
    top: int | None = None
    min_photos: int = 1
    clean: bool = True
    max_shards: int | None = None
    all_shards: bool = False


@dataclass(frozen=True, slots=True)
class FetchedPart:
    """What is in the folder now: `photos` of the plan's, `absent` are in no shard.

    `unattributed` photos have no row in the table of authors and licences.
    """

    photos: int
    absent: int
    unattributed: int
    shards: int


def plan_fetch(
    choice: Choice,
    folder: Path,
    published: Published | None = None,
    *,
    gazetteer: Gazetteer | None = None,
    patience: Patience = DEFAULT_PATIENCE,
    on_table: OnTable = silent,
) -> Plan:
    """Get the tables that the choice needs, and work out what `fetch_part` would bring.

    They are kept in `folder`/metadata. Raises FetchError, and DatasetError for a damaged table or
    a choice that nothing fits.
    """
    published = published or Published()
    gazetteer = gazetteer or load_gazetteer()
    check_url(published.base_url)
    names = read_names(choice.names) if choice.names is not None else None

    def table(name: str) -> Path:
        return _table(name, folder, published, patience, on_table)

    categories_file = table(tables.CATEGORIES)
    photos_file = table(tables.CLEAN if choice.clean else tables.TRAIN)
    categories = lambda: tables.read_categories(categories_file)  # noqa: E731 - a name for it
    if names is not None and choice.names is not None:
        landmarks = choose_named(choice.names, names, categories, gazetteer)
    else:
        counts = tables.count_photos(photos_file, clean=choice.clean)
        landmarks = choose_top(counts, choice.top, categories, gazetteer)
    numbers = [one.landmark for one in landmarks]
    photos = tables.read_photos(photos_file, numbers, clean=choice.clean)
    return make_plan(
        published,
        landmarks,
        collect(photos, numbers),
        min_photos=choice.min_photos,
        max_shards=choice.max_shards,
        all_shards=choice.all_shards,
    )


def fetch_part(
    plan: Plan,
    folder: Path,
    *,
    patience: Patience = DEFAULT_PATIENCE,
    on_table: OnTable = silent,
    on_shard: OnShard = silent,
) -> FetchedPart:
    """Bring the photos of a plan into `folder`/train; what is there already is not asked again.

    `attribution.csv` is there before the first photo is. Raises FetchError: then the same call
    goes on from what has come, a shard that was on its way comes anew.
    """
    attribution, hierarchy = (
        _table(name, folder, plan.published, patience, on_table)
        for name in (tables.ATTRIBUTION, tables.HIERARCHY)
    )
    _claim(plan, folder)
    unattributed = write_attribution(plan, attribution, folder)
    gathered = gather(plan, folder, patience, on_shard)
    if not gathered.found.all():
        unattributed = write_attribution(plan, attribution, folder, gathered.found)
    write_landmarks(plan, hierarchy, folder, gathered.found)
    if gathered.failed:
        raise _failed(gathered)
    photos = int(gathered.found.sum())
    return FetchedPart(photos, len(plan.wanted) - photos, unattributed, gathered.shards)


def _table(
    name: str, folder: Path, published: Published, patience: Patience, on_table: OnTable
) -> Path:
    target = folder / TABLES_FOLDER / name
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    return download(
        published.table_url(name),
        target,
        patience=patience,
        on_progress=lambda came, size: on_table(name, came, size),
    )


def _claim(plan: Plan, folder: Path) -> None:
    """Note which choice the folder is for; raises FetchError if it has another one."""
    target = folder / RECORD
    record = {
        "set": "gldv2",
        "url": plan.published.base_url,
        "choice": plan.fingerprint(),
        "landmarks": len(plan.landmarks),
        "photos": len(plan.wanted),
    }
    try:
        there = json.loads(target.read_text(encoding="utf-8"))
        same = there["set"] == "gldv2" and there["choice"] == record["choice"]
    except FileNotFoundError:
        same = not (folder / "train").exists()
    except (ValueError, LookupError, TypeError):
        same = False
    if not same:
        raise FetchError(
            f"'{folder}' holds another data set, or another choice of landmarks. Nothing is "
            "written over: fetch to another folder with --to, or move it away."
        )
    with writing(target):
        target.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _failed(gathered: Gathered) -> FetchError:
    reasons = list(gathered.failed.values())
    several = f"{len(reasons)} shards could not be had, the first because: " * (len(reasons) > 1)
    return FetchError(
        f"{several}{reasons[0]} {int(gathered.found.sum()):,} photos are here; the same command "
        "asks for the rest only."
    )
