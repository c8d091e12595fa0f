"""What every test room shares: where the photos are, and what to do when a part is missing."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]


# Where a change is judged, examples must not be a matter of luck: the same ones each time.
# Everywhere else they are new ones, and a failure prints how to repeat it. Nowhere have they to be
# fast: a busy machine is no bug.
settings.register_profile("trying", deadline=None, print_blob=True)
settings.register_profile("judging", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("judging" if os.environ.get("WHERESHOT_REQUIRE_ALL") == "1" else "trying")


def skip_or_fail(reason: str) -> None:
    """Skip with a reason; fail where the machine promised to have everything."""
    if os.environ.get("WHERESHOT_REQUIRE_ALL") == "1":
        pytest.fail(f"WHERESHOT_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)


def find_program(otherwise: str, *names: str) -> str:
    """The path of the first of these programs that is there; skips or fails with the reason."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        skip_or_fail(otherwise)
    return str(found)


@pytest.fixture(autouse=True)
def own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder of its own for what each test lets whereshot keep: nobody's own data is touched."""
    folder = tmp_path_factory.getbasetemp() / f"home-{secrets.token_hex(4)}"
    monkeypatch.setenv("WHERESHOT_HOME", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder of real photos; never part of the project."""
    folder = Path(os.environ.get("WHERESHOT_PHOTOS", ROOT / "../shared/photos")).resolve()
    if not (folder / "world" / "test").is_dir():
        # The photos are data with mixed licences: a machine without them is not a broken machine.
        pytest.skip(
            f"no photos at {folder}: set WHERESHOT_PHOTOS to the folder that has world/test"
        )
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The two CC0 photos that ship with the project's tests."""
    return ROOT / "tests" / "samples"


@pytest.fixture(scope="session")
def exiftool() -> str:
    """The path of the real exiftool."""
    return find_program("exiftool is not installed (Debian: libimage-exiftool-perl)", "exiftool")


@pytest.fixture(scope="session")
def exiv2() -> str:
    """The path of the real exiv2."""
    return find_program("exiv2 is not installed (Debian: exiv2)", "exiv2")


@pytest.fixture(scope="session")
def curl() -> str:
    """The path of the real curl."""
    return find_program("curl is not installed (Debian: curl)", "curl")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium."""
    return find_program("Chromium is not installed (Debian: chromium)", "chromium", "google-chrome")


CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Not for the session: while Playwright is open, no other test of this thread could start an
# asyncio event loop.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Chromium as the system has it, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Processes that a test starts end by Ctrl-C.

    Where the tests run in the background it is ignored, and so it would be by the processes.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between the test and a server on this machine."""
    from local_web import PROXY_VARIABLES

    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web(direct: None) -> Iterator[Any]:
    """A `local_web.Web`: serves files on this machine until the test is over."""
    from local_web import Web

    running = Web()
    yield running
    running.close()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread for a test."""
    from tiny_training import on_one_thread

    with on_one_thread():
        yield


RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 220, 30), (30, 30, 220), (128, 128, 128)


@pytest.fixture(scope="session")
def tiny_network() -> Callable[..., bytes]:
    """Build an ONNX graph that really runs: the mean color of a photo is its embedding.

    Red photos are class 0, green ones 1, blue ones 2, surely; grey ones are torn between the
    three. Keyword arguments break the interface in one place each.
    """

    def build(size: int = 32, classes: int = 3, **names: str) -> bytes:
        import numpy as np
        from onnx import TensorProto, checker, helper, numpy_helper

        pixels = names.get("pixels", "pixels")
        logits, embedding, features = (
            names.get(name, name) for name in ("logits", "embedding", "features")
        )
        # The logits are 40 times what each channel has above the mean of the three.
        weights = 40 * (np.eye(3, classes) - 1 / 3).astype(np.float32)
        constants = {
            "scale": np.float32(255),
            "tiny": np.float32(1e-6),
            "space": np.array([2, 3], dtype=np.int64),
            "weights": weights,
        }
        nodes = [
            helper.make_node("Cast", [pixels], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Div", ["float", "scale"], ["unit"]),
            helper.make_node("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool", ["planes"], [features], kernel_shape=[8, 8], strides=[8, 8]
            ),
            helper.make_node("ReduceMean", [features, "space"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "weights"], [logits]),
            helper.make_node("Add", ["mean", "tiny"], ["above_zero"]),
            helper.make_node("LpNormalization", ["above_zero"], [embedding], axis=1, p=2),
        ]
        cells = size // 8
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info(pixels, TensorProto.UINT8, ["B", size, size, 3])],
            [
                helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["B", classes]),
                helper.make_tensor_value_info(embedding, TensorProto.FLOAT, ["B", 3]),
                helper.make_tensor_value_info(features, TensorProto.FLOAT, ["B", 3, cells, cells]),
            ],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        checker.check_model(model)
        return model.SerializeToString()

    return build


@pytest.fixture(scope="session")
def tiny_bundle(
    tmp_path_factory: pytest.TempPathFactory, tiny_network: Callable[..., bytes]
) -> Path:
    """A small, complete bundle, `tiny@1`: red is the Golden Gate Bridge, green Machu Picchu, blue
    Niagara Falls, and grey is unknown. Read it, don't write to it: copy it first.
    """
    import datetime

    import numpy as np

    from whereshot.photo import Preprocessing
    from whereshot.recognize import Prototypes, write_bundle
    from whereshot.records import Landmark

    landmarks = (
        Landmark(
            id="golden_gate_bridge",
            name="Golden Gate Bridge",
            latitude=37.8199,
            longitude=-122.4786,
            radius_km=3.0,
            country="United States",
            country_code="US",
            city="San Francisco",
            region="California",
            wikidata="Q44440",
            aliases=("09.Golden_Gate_Bridge",),
        ),
        Landmark(
            id="machu_picchu",
            name="Machu Picchu",
            latitude=-13.1631,
            longitude=-72.545,
            radius_km=2.0,
            country="Peru",
            country_code="PE",
            region="Cusco",
            wikidata="Q676203",
        ),
        Landmark(
            id="niagara_falls",
            name="Niagara Falls",
            latitude=43.0799,
            longitude=-79.0747,
            radius_km=2.0,
            country="Canada",
            country_code="CA",
            city="Niagara Falls",
            wikidata="Q34221",
            kind="natural",
        ),
    )
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_bundle(
        folder,
        name="tiny",
        version=1,
        model=tiny_network(),
        landmarks=landmarks,
        prototypes=Prototypes(np.eye(3, dtype=np.float32), np.arange(3, dtype=np.int64)),
        preprocessing=Preprocessing(32, "crop"),
        temperature=2.0,
        min_probability=0.6,
        chosen_for={"false_positive_rate": 0.01},
        provenance={"recipe": "mean color"},
        created=datetime.date(2026, 11, 1),
    )
    return folder


@pytest.fixture(scope="session")
def paint() -> Callable[..., Path]:
    """Write a photo of one color: `paint(path, "red")`; the suffix tells the format.

    `gps` is a pair of whole degrees (latitude, longitude) for its EXIF block.
    """
    from PIL import Image

    colors = {"red": RED, "green": GREEN, "blue": BLUE, "grey": GREY}

    def save(
        path: Path,
        color: str = "red",
        size: tuple[int, int] = (64, 48),
        gps: tuple[int, int] | None = None,
    ) -> Path:
        image = Image.new("RGB", size, colors[color])
        options: dict[str, Any] = {}
        if gps is not None:
            exif = Image.Exif()
            latitude, longitude = gps
            exif[0x8825] = {
                1: "N" if latitude >= 0 else "S",
                2: (abs(latitude), 0, 0),
                3: "E" if longitude >= 0 else "W",
                4: (abs(longitude), 0, 0),
            }
            options["exif"] = exif
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
        return path

    return save
