"""A real Ray cluster of two nodes on this machine: the same records, whoever dies meanwhile."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import batch_work
import psutil
import pyarrow as pa
import pytest
from batch_work import Deadly, Inline, NoBundle, results, timeless

from whereshot.errors import BatchError, MissingExtraError, WorkerError
from whereshot.progress import silent
from whereshot.scale.batch import LocalEngine, RayEngine, batch_recognize, ray_cluster
from whereshot.scale.batch.listing import keep_list, photos_of
from whereshot.scale.batch.ray_engine import MOST_UNITS, units_of
from whereshot.scale.batch.recognizing import Work, plan_work
from whereshot.scale.batch.sources import ParquetRows
from whereshot.scale.batch.storage import locate
from whereshot.scale.batch.table import records_of

pytestmark = pytest.mark.filterwarnings(
    # Ray Data warns of settings of its own that it has set itself.
    "ignore::DeprecationWarning:ray.data.context",
)

# -- without Ray -----------------------------------------------------------------------------


@pytest.mark.parametrize("rows_at_once", [1, 100, 4096])
@pytest.mark.parametrize("spans", [[(0, 1)], [(0, 64), (100, 1000)], [(7, 3_000_001)]])
def test_units_cover_all_photos_once_and_are_not_too_many(
    spans: list[tuple[int, int]], rows_at_once: int
) -> None:
    units = units_of(spans, rows_at_once)
    assert all(start < stop for start, stop in units)
    joined: list[tuple[int, int]] = []
    for start, stop in units:
        if joined and joined[-1][1] == start:
            start = joined.pop()[0]
        joined.append((start, stop))
    assert joined == spans
    assert len(units) <= MOST_UNITS + len(spans)
    inner = [start for start, _ in units if start not in dict(spans)]
    assert all(start % rows_at_once == 0 for start in inner)


def test_without_ray_the_command_that_helps_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Work
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    source = keep_list(["a.jpg"], locate(tmp_path), silent)
    with pytest.raises(MissingExtraError, match=r"Ray Data, .* pip install 'whereshot\[scale\]'"):
        next(RayEngine().run(source, work, [(0, 1)]))


@pytest.mark.parametrize("error", [Exception("The node timed out"), ConnectionError("no one")])
def test_a_cluster_that_does_not_come_up_is_told_in_one_line(error: Exception) -> None:
    def init(*_: Any, **__: Any) -> None:
        raise error

    ray = SimpleNamespace(is_initialized=lambda: False, init=init)
    with (
        pytest.raises(BatchError, match=rf"'on this machine' can't be reached: {error}\. Check"),
        ray_cluster._connected(ray, None, 1),
    ):
        pass


def test_what_is_written_to_stderr_meanwhile_is_kept_but_for_the_noise(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with ray_cluster._stderr_without(b"noise"):
        os.write(2, b"some noise here\nsomething else\n")
    assert capfd.readouterr().err == "something else\n"


@pytest.mark.parametrize(
    ("have", "asked", "providers", "device", "actors", "share"),
    [
        ({"CPU": 8.0}, None, ["CPU"], "cpu", 8, {"num_cpus": 1}),
        ({"CPU": 8.0}, 3, ["CUDA"], "cpu", 3, {"num_cpus": 1}),
        ({"CPU": 8.0, "GPU": 2.0}, None, ["CUDA"], "cuda", 2, {"num_cpus": 4, "num_gpus": 1.0}),
        ({"CPU": 8.0, "GPU": 2.0}, 4, ["CUDA"], "cuda", 4, {"num_cpus": 2, "num_gpus": 0.5}),
        ({"CPU": 9.0, "GPU": 2.0}, 3, ["CUDA"], "cuda", 3, {"num_cpus": 3, "num_gpus": 0.5}),
        ({"CPU": 8.0, "GPU": 2.0}, None, ["CPU"], "cpu", 8, {"num_cpus": 1}),
    ],
)
def test_actors_share_the_gpus_of_a_cluster_or_else_its_cores(
    have: dict[str, float],
    asked: int | None,
    providers: list[str],
    device: str,
    actors: int,
    share: dict[str, float],
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    available = [f"{name}ExecutionProvider" for name in providers]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: available)
    shared, workers, per_actor = RayEngine(address="auto", workers=asked)._shares(work, have)
    assert (shared.device, workers, per_actor) == (device, actors, share)
    assert shared.threads == (share["num_cpus"] if device == "cuda" else 1)


# -- with it ---------------------------------------------------------------------------------


@pytest.fixture
def work(tiny_bundle: Path) -> Work:
    """The work of a batch with the tiny bundle."""
    return plan_work(str(tiny_bundle), k=2, threshold=None, max_false_tags=None, device="auto")


_MARK = "WHERESHOT_TEST_OF_RAY"


def marked_processes(mark: str) -> list[int]:
    """Those that have inherited a mark, whoever is their parent by now; none that is a zombie.

    Nor Python's own process that tidies up after others: it stays as long as this one.
    """
    found: list[int] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            is_marked = process.environ().get(_MARK) == mark
            is_tracker = any("resource_tracker" in word for word in process.cmdline())
            if is_marked and not is_tracker and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one core each, and little shared memory; all of it is gone afterwards."""
    os.environ[_MARK] = mark = secrets.token_hex(8)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    support = str(Path(batch_work.__file__).parent)  # where actors find what tests hand them
    paths = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = support if paths is None else f"{support}{os.pathsep}{paths}"
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    running = Cluster(initialize_head=True, head_node_args=node)
    try:
        running.add_node(num_cpus=1, object_store_memory=80 << 20)
        ray.init(running.address, log_to_driver=False, logging_level="ERROR")
        yield running
    finally:
        ray.shutdown()
        running.shutdown()
        del os.environ["RAY_USAGE_STATS_ENABLED"]
        del os.environ[_MARK]
        del os.environ["PYTHONPATH"]
        if paths is not None:
            os.environ["PYTHONPATH"] = paths
    # This process has no mark of its own: it was set after it began.
    wait_until(lambda: not marked_processes(mark))


@pytest.fixture
def source(album: Path, tmp_path: Path) -> ParquetRows:
    """The photos of the album eight times: five units."""
    return keep_list(list(photos_of([str(album)])) * 8, locate(tmp_path / "list"), silent)


def recognized(parts: Sequence[tuple[int, Any]], photos: int) -> list[Any]:
    """Records by number; no photo may be missing or there twice."""
    at, tables = 0, []
    for start, table in sorted(parts, key=lambda part: part[0]):
        assert start == at
        at += table.num_rows
        tables.append(table)
    assert at == photos
    return timeless(records_of([pa.concat_tables(tables)]))


@pytest.mark.slow
def test_two_nodes_share_the_work_and_give_the_records_of_one_process(
    cluster: Any, album: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    photos = list(photos_of([str(album)])) * 8
    (tmp_path / "photos.txt").write_text("\n".join(photos), encoding="utf-8")
    (tmp_path / "meet").mkdir()

    class Meeting(RayEngine):
        def run(self, source: Any, work: Any, spans: Any) -> Any:
            return super().run(source, Deadly(work, meet=tmp_path / "meet"), spans)  # type: ignore[arg-type]

    engine = Meeting(workers=2)
    for name, chosen in (("ray", engine), ("local", LocalEngine(workers=1))):
        summary = batch_recognize(
            tmp_path / "photos.txt",
            tmp_path / name,
            bundle=str(tiny_bundle),
            block_size=50,
            engine=chosen,
        )
        assert (summary.photos, summary.failed) == (320, 16)
    assert results(tmp_path / "ray") == results(tmp_path / "local")
    assert [record["photo"] for record in results(tmp_path / "ray")] == photos
    assert len(engine.photos_by_node) == 2
    assert engine.photos_by_node.total() == 320


@pytest.mark.slow
def test_a_photo_that_ends_every_process_costs_itself_and_no_other_photo(
    cluster: Any, album: Path, work: Work, tmp_path: Path, paint: Callable[..., Path]
) -> None:
    photos = [*photos_of([str(album)])] * 4
    photos.insert(150, str(paint(tmp_path / "deadly.png", "red")))
    source = keep_list(photos, locate(tmp_path / "list"), silent)
    expected = recognized(list(Inline().run(source, work, [(0, 161)])), 161)
    deadly = Deadly(work, "deadly.png")  # kill -9, in the middle of a unit
    parts = list(RayEngine(workers=2).run(source, deadly, [(0, 161)]))  # type: ignore[arg-type]
    for record, other in zip(recognized(parts, 161), expected, strict=True):
        if record["photo"].endswith("deadly.png"):
            assert "(SIGKILL), twice" in record["error"]["message"]
        else:
            assert record == other


@pytest.mark.slow
def test_what_goes_wrong_in_an_actor_is_said_in_one_line(cluster: Any, source: ParquetRows) -> None:
    with pytest.raises(WorkerError, match=r"could not do the work: .*no such bundle here"):
        list(RayEngine(workers=1).run(source, NoBundle(), [(0, 64)]))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_driver_that_is_killed_takes_its_cluster_along_and_the_batch_goes_on(
    cluster: Any, album: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    photos = [*photos_of([str(album)])] * 40
    (tmp_path / "photos.txt").write_text("\n".join(photos), encoding="utf-8")
    out = tmp_path / "out"
    mark = secrets.token_hex(8)
    asked = [str(tmp_path / "photos.txt"), str(out), "--bundle", str(tiny_bundle)]
    asked += ["--block-size", "64", "--engine", "ray", "--workers", "1"]
    driver = subprocess.Popen(
        [sys.executable, "-m", "whereshot", "batch", *asked],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, _MARK: mark},
    )
    try:
        wait_until(lambda: list(out.glob("block-*")) or driver.poll() is not None)
        assert len(marked_processes(mark)) > 3  # the driver, and the cluster that it has begun
    finally:
        driver.kill()
        _, said = driver.communicate()
    assert driver.returncode == -signal.SIGKILL, said
    assert all(" photos  " in line for line in said.splitlines()), said  # progress, if it is slow
    wait_until(lambda: not marked_processes(mark))
    done = len(results(out))
    assert 0 < done < 1600
    summary = batch_recognize(
        tmp_path / "photos.txt", out, bundle=str(tiny_bundle), engine=RayEngine(workers=2)
    )
    assert (summary.skipped, summary.recognized) == (done, 1600 - done)
    assert [record["photo"] for record in results(out)] == photos
