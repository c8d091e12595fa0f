"""What a million, 100 million and a billion photos take and cost, from figures of one core.

    python benchmarks/scale_plan.py                       the tables, from results/scale_plan.csv
    python benchmarks/scale_plan.py --measure PHOTOS      measure first; PHOTOS as photos/world

Measured are decoding and the network, for photos of 2 and of 12 megapixels made from those, bytes a
row of results, of the list and of the catalog, and how fast one process lists, writes blocks and
hands out work through Ray Data: processor time, so that a busy machine says the same. Names are
random, as keys in buckets are: they don't compress. Prices, bandwidth and how fast a bucket is
listed are assumptions, `Prices` and `Site`; all can be given on the command line.
"""

from __future__ import annotations

import argparse
import csv
import math
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from _phone import grain, phone_jpeg
from _pipeline import Pipeline, simulate
from _table import RESULTS, ROOT, machine, versions, write_results
from PIL import Image

NAME = "scale_plan"
SAMPLE = 24  # photos whose parts are measured
ANSWERS = 1000  # photos whose answers are written
SCREEN = (1600, 1200)
FEWEST_PER_UNIT, MOST_UNITS = 64, 20_000  # as in whereshot.scale.batch.ray_engine


@dataclass(frozen=True)
class Job:
    """A batch of so many photos, on so many cores."""

    name: str
    photos: int
    cores: int

    @property
    def unit(self) -> int:
        """Photos that an actor takes at a time."""
        return max(FEWEST_PER_UNIT, -(-self.photos // MOST_UNITS))


JOBS = (
    Job("1 million", 1_000_000, 8),
    Job("100 million", 100_000_000, 256),
    Job("1 billion", 1_000_000_000, 2048),
)
SIZES = ("screen", "phone")


@dataclass(frozen=True)
class Prices:
    """Dollars. List prices of large clouds in the United States, as of 2026, without discounts."""

    core_hour: float = 0.045  # assumption: on demand, half of a machine with two virtual cores
    get_per_1000: float = 0.0004  # Amazon S3, standard storage
    put_per_1000: float = 0.005  # Amazon S3, standard storage; LIST costs the same
    gb_month: float = 0.023  # Amazon S3, standard storage
    egress_gb: float = 0.09  # out of a cloud to the internet; nothing within a region
    api_per_1000: float = (
        1.50  # Google Cloud Vision, landmark detection, the first 5 million a month
    )
    api_per_1000_beyond: float = 0.60  # ... and those beyond


@dataclass(frozen=True)
class Site:
    """Where the work is done; all of it assumptions."""

    cores_per_machine: int = 32
    gigabits_per_machine: float = 12.5
    listed_per_second: float = 10_000.0  # 1,000 keys in a request of 0.1 s, one after the other


def pipeline(job: Job, measured: Mapping[str, float], site: Site, size: str) -> Pipeline:
    """A batch on paper, of photos in a bucket; its listing is what a folder would add."""
    cpu = (measured[f"decode_{size}_ms"] + measured["model_ms"]) / 1000
    return Pipeline(
        photos=job.photos,
        actors=job.cores,
        unit=job.unit,
        photo=max(cpu, transfer(measured, site, size)),
        list_rate=site.listed_per_second,
        plan_unit=measured["plan_unit_ms"] / 1000,
        hand_out=measured["hand_out_ms"] / 1000,
        write_rate=measured["write_rate"],
    )


def transfer(measured: Mapping[str, float], site: Site, size: str) -> float:
    """Seconds that one photo takes of a core's share of its machine's bandwidth."""
    share = site.gigabits_per_machine / 8 * 1000 / site.cores_per_machine  # MB/s
    return measured[f"{size}_mb"] / share


def bottleneck(job: Job, measured: Mapping[str, float], site: Site, size: str) -> str:
    """What to widen first."""
    plan = pipeline(job, measured, site, size)
    if plan.bottleneck != "cores":
        return plan.bottleneck
    decode, model = measured[f"decode_{size}_ms"], measured["model_ms"]
    if 1000 * transfer(measured, site, size) > decode + model:
        return "bandwidth"
    return "cores: decoding" if decode > model else "cores: network"


def dollars(
    job: Job,
    measured: Mapping[str, float],
    prices: Prices,
    site: Site | None = None,
    size: str = "screen",
) -> dict[str, float]:
    """What a batch costs, by part; storage is of the results for a month."""
    plan = pipeline(job, measured, site or Site(), size)
    working = plan.seconds - plan.parts["listing"]
    return {
        "cores": (working * job.cores + plan.parts["listing"]) / 3600 * prices.core_hour,
        "requests": job.photos / 1000 * prices.get_per_1000
        + job.photos / 1_000_000 * prices.put_per_1000,
        "storage": job.photos * measured["row_bytes"] / 1e9 * prices.gb_month,
    }


def api_dollars(photos: int, prices: Prices) -> float:
    """What the cloud API takes for as many photos in a month."""
    first = min(photos, 5_000_000)
    beyond = photos - first
    return (first * prices.api_per_1000 + beyond * prices.api_per_1000_beyond) / 1000


def tables(
    measured: Mapping[str, float], prices: Prices, site: Site | None = None
) -> Iterator[str]:
    """The tables of docs/scale.md."""
    site = site or Site()
    yield _table(("measured on one core", "figure"), _measured_rows(measured))
    rows: list[Sequence[str]] = []
    for size in SIZES:
        for job in JOBS:
            plan = pipeline(job, measured, site, size)
            parts, simulated = plan.parts, simulate(plan)
            rows.append(
                (
                    f"{job.name}, {measured[f'{size}_mb']:.1f} MB each",
                    f"{job.cores:,}",
                    _duration(parts["cores"]),
                    _duration(parts["driver"]),
                    _duration(plan.seconds - parts["listing"]),
                    f"{100 * (simulated / plan.seconds - 1):+.1f} %",
                    _duration(parts["listing"]),
                    bottleneck(job, measured, site, size),
                )
            )
    heads = ("photos", "cores", "cores work", "driver works", "whole batch", "simulated",
             "a folder adds", "first bottleneck")  # fmt: skip
    yield _table(heads, rows)
    rows = []
    for size in SIZES:
        for job in JOBS:
            cost = dollars(job, measured, prices, site, size)
            total, api = sum(cost.values()), api_dollars(job.photos, prices)
            rows.append(
                (
                    f"{job.name}, {measured[f'{size}_mb']:.1f} MB each",
                    *(f"{value:,.2f}" for value in cost.values()),
                    f"{total:,.2f}",
                    f"{1000 * total / job.photos:.4f}",
                    f"{api:,.0f}",
                    f"{api / total:,.0f}",
                )
            )
    heads = ("dollars for", "cores", "requests", "a month of results", "in all",
             "per 1,000 photos", "cloud API", "times as much")  # fmt: skip
    yield _table(heads, rows)
    yield _table(
        ("bytes of", "results (Parquet)", "list of photos", "catalog (SQLite)", "photos, 12 MP"),
        [
            (
                job.name,
                *(
                    _bytes(job.photos * measured[name])
                    for name in ("row_bytes", "list_bytes", "catalog_bytes")
                ),
                _bytes(job.photos * measured["phone_mb"] * 1e6),
            )
            for job in JOBS
        ],
    )


def _measured_rows(measured: Mapping[str, float]) -> list[tuple[str, str]]:
    index = read_index()
    return [
        (
            f"decode, 2 megapixels, {measured['screen_mb']:.1f} MB",
            f"{measured['decode_screen_ms']:.1f} ms",
        ),
        (
            f"decode, 12 megapixels, {measured['phone_mb']:.1f} MB",
            f"{measured['decode_phone_ms']:.1f} ms",
        ),
        ("network", f"{measured['model_ms']:.1f} ms"),
        ("a row of results", f"{measured['row_bytes']:.0f} bytes"),
        ("a row of the list of photos", f"{measured['list_bytes']:.0f} bytes"),
        ("a row of the catalog", f"{measured['catalog_bytes']:.0f} bytes"),
        ("files found on a local disk", f"{measured['list_rate']:,.0f} a second"),
        ("records written in blocks", f"{measured['write_rate']:,.0f} a second"),
        ("Ray Data, planning a unit", f"{measured['plan_unit_ms']:.1f} ms"),
        ("Ray Data, handing out a unit", f"{measured['hand_out_ms']:.1f} ms"),
        ("looking up 2,030,000 prototypes, many in a call", f"{index:.1f} ms"),
    ]  # fmt: skip


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(heads), *lines[1:]])


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def _bytes(count: float) -> str:
    units = ("kB", "MB", "GB", "TB", "PB")
    power = min(len(units), max(1, int(math.log10(count) // 3)))
    return f"{count / 1000**power:,.1f} {units[power - 1]}"


def read_measured() -> dict[str, float]:
    """What was measured last."""
    with (RESULTS / f"{NAME}.csv").open(encoding="utf-8", newline="") as file:
        return {row["what"]: float(row["value"]) for row in csv.DictReader(file)}


def read_index() -> float:
    """Milliseconds of a query to the large index at its default settings."""
    with (RESULTS / "prototype_index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["probed_share"] == "0.25"]
    return float(rows[0]["cpu_ms_in_one_call"])


# -- measuring -------------------------------------------------------------------------------


def measure(photos: Path) -> list[dict[str, object]]:
    """All figures of one core."""
    from whereshot.photo.suffixes import is_photo

    found = sorted(path for path in photos.rglob("*") if is_photo(path.name))
    with tempfile.TemporaryDirectory(prefix="whereshot-scale-") as name:
        folder = Path(name)
        figures = {
            **_times(found[:: max(1, len(found) // SAMPLE)][:SAMPLE], folder),
            **_rows(found[:: max(1, len(found) // ANSWERS)][:ANSWERS], folder),
            **_listing(folder),
            **_ray(folder),
        }
    return [{"what": what, "value": round(value, 4)} for what, value in figures.items()]


def _times(photos: Sequence[Path], folder: Path) -> dict[str, float]:
    """Milliseconds of one core, for photos of both sizes made from these."""
    import whereshot

    recognizer = whereshot.load(threads=1)
    noise = grain(np.random.default_rng(0))
    made: dict[str, list[Path]] = {size: [] for size in SIZES}
    for number, path in enumerate(photos):
        with Image.open(path) as picture:
            phone = folder / f"phone-{number}.jpg"
            phone.write_bytes(phone_jpeg(picture, np.roll(noise, 977 * number)))
        with Image.open(phone) as picture:
            screen = folder / f"screen-{number}.jpg"
            picture.resize(SCREEN, Image.Resampling.LANCZOS).save(screen, quality=85)
        made["phone"].append(phone)
        made["screen"].append(screen)
    found: dict[str, float] = {}
    for size, paths in made.items():
        times: dict[str, list[float]] = {"decode": [], "model": []}
        for path in (paths[0], *paths):
            started = time.process_time()  # of this process alone, whatever else the machine does
            look = recognizer.look(path)
            decoded = time.process_time()
            recognizer.answer(look)
            times["decode"].append(1000 * (decoded - started))
            times["model"].append(1000 * (time.process_time() - decoded))
        found[f"decode_{size}_ms"] = statistics.median(times["decode"][1:])
        found[f"{size}_mb"] = statistics.mean(path.stat().st_size for path in paths) / 1e6
        if size == "screen":
            found["model_ms"] = statistics.median(times["model"][1:])
    return found


def _rows(paths: Sequence[Path], folder: Path) -> dict[str, float]:
    """Bytes a row, and rows a second of the process that writes."""
    import pyarrow as pa

    import whereshot
    from whereshot.library.catalog import Catalog, CatalogPhoto
    from whereshot.recognize import recognition_to_dict
    from whereshot.records import Recognition
    from whereshot.scale.batch.output import Output
    from whereshot.scale.batch.storage import locate
    from whereshot.scale.batch.table import table_of

    recognizer = whereshot.load(threads=1)
    answers = [each for each in recognizer.recognize_many(paths) if isinstance(each, Recognition)]
    records = [recognition_to_dict(answer) for answer in answers]
    for record in records:
        record["photo"] = f"s3://bucket/{_key()}"
    count = len(records)
    parts = [
        table_of(records[at : at + FEWEST_PER_UNIT]) for at in range(0, count, FEWEST_PER_UNIT)
    ]
    output = Output(locate(folder / "results"))
    seconds: list[float] = []
    for number in range(9):
        started = time.process_time()
        output.write(number, pa.concat_tables(parts))
        seconds.append(time.process_time() - started)
    block = folder / "results" / "block-0000000.parquet"

    with Catalog(folder / "catalog.sqlite") as catalog, catalog.transaction():
        catalog.put(
            [
                CatalogPhoto(
                    path=Path(f"/photos/{_key()}"),
                    size=3_000_000 + number,
                    mtime_ns=1_700_000_000_000_000_000 + number,
                    content_hash=secrets.token_hex(16),
                    taken_at=None,
                    camera="Some camera",
                    own_location=None,
                    recognition=answer,
                    error=None,
                )
                for number, answer in enumerate(answers)
            ]
        )
    return {
        "row_bytes": block.stat().st_size / count,
        "write_rate": count / statistics.median(seconds),
        "catalog_bytes": (folder / "catalog.sqlite").stat().st_size / count,
    }


def _listing(folder: Path) -> dict[str, float]:
    from whereshot.progress import silent
    from whereshot.scale.batch.listing import keep_list, photos_of
    from whereshot.scale.batch.storage import locate

    for _ in range(20_000):
        path = folder / "many" / _key()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    started = time.process_time()
    keep_list(photos_of([str(folder / "many")]), locate(folder / "list"), silent)
    seconds = time.process_time() - started
    written = sum(path.stat().st_size for path in (folder / "list").iterdir())
    return {"list_rate": 20_000 / seconds, "list_bytes": written / 20_000}


def _key() -> str:
    """A name such as those in buckets."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.jpg"


@dataclass(frozen=True)
class _Nothing:
    """Work that takes no time: what is left is Ray's."""

    device: str = "cpu"

    def __call__(self) -> Any:
        return self

    def stream(self, items: Any) -> Iterator[dict[str, Any]]:
        """An error for each item."""
        for item in items:
            yield {"photo": item.name, "error": {"type": "", "message": ""}}


def _ray(folder: Path) -> dict[str, float]:
    """The driver's milliseconds of planning and of handing out a unit: from few and from many."""
    from whereshot.progress import silent
    from whereshot.scale.batch import RayEngine
    from whereshot.scale.batch.listing import keep_list
    from whereshot.scale.batch.storage import locate

    few, many = 200, 2000
    times: dict[int, tuple[float, float]] = {}
    for units in (few, many):
        photos = units * FEWEST_PER_UNIT
        source = keep_list(["a.jpg"] * photos, locate(folder / f"ray-{units}"), silent)
        started, first = time.process_time(), 0.0
        for _ in RayEngine(workers=2).run(source, _Nothing(), [(0, photos)]):  # type: ignore[arg-type]
            first = first or time.process_time()
        times[units] = (first - started, time.process_time() - first)
    return {
        "plan_unit_ms": max(0.0, 1000 * (times[many][0] - times[few][0]) / (many - few)),
        "hand_out_ms": 1000 * (times[many][1] - times[few][1]) / (many - few),
    }


def main() -> None:
    """Measure if asked to, then print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--measure", type=Path, metavar="PHOTOS")
    for about in (Prices, Site):
        for field in fields(about):
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, type=type(field.default), default=field.default)
    options = vars(parser.parse_args())
    if options["measure"] is not None:
        about = {
            **machine(),
            "versions": versions("onnxruntime", "simplejpeg", "pyarrow", "ray", "numpy"),
        }
        print(
            f"written: {write_results(NAME, measure(options['measure']), about).relative_to(ROOT)}"
        )
    prices = Prices(**{name: options[name] for name in asdict(Prices())})
    site = Site(**{name: options[name] for name in asdict(Site())})
    for table in tables(read_measured(), prices, site):
        print(f"\n{table}")


if __name__ == "__main__":
    main()
