"""Place, time, camera and orientation: right where EXIF is right, empty where it is odd."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import HEIC, encode, scene

from whereshot.photo import PhotoExif, read_exif
from whereshot.photo.exif import GPS_RADIUS_KM
from whereshot.records import Location

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}
Entry = tuple[int, int, bytes]  # tag, type, bytes


def text(tag: int, value: str) -> Entry:
    return tag, 2, value.encode() + b"\0"


def ratios(tag: int, *values: tuple[int, int], kind: int = 5) -> Entry:
    code = "<2I" if kind == 5 else "<2i"
    return tag, kind, b"".join(struct.pack(code, *value) for value in values)


def block(
    main: list[Entry] | None = None,
    details: list[Entry] | None = None,
    gps: list[Entry] | None = None,
) -> bytes:
    """A little-endian EXIF block with exactly these entries, odd as they may be."""
    main = list(main or [])
    links = {0x8769: details, 0x8825: gps}
    directories = [main] + [entries for entries in links.values() if entries is not None]
    count = len(main) + len(directories) - 1
    starts, at = [], 8
    for entries in directories:
        starts.append(at)
        at += 2 + 12 * (count if entries is main else len(entries)) + 4
    linked = [tag for tag, entries in links.items() if entries is not None]
    main += [
        (tag, 4, struct.pack("<I", start)) for tag, start in zip(linked, starts[1:], strict=True)
    ]
    head, tail = b"II*\0\x08\0\0\0", b""
    for entries in directories:
        head += struct.pack("<H", len(entries))
        for tag, kind, value in entries:
            field = value.ljust(4, b"\0")
            if len(value) > 4:
                field = struct.pack("<I", at + len(tail))
                tail += value
            head += struct.pack("<HHI", tag, kind, len(value) // SIZES[kind]) + field
        head += b"\0\0\0\0"
    return head + tail


def jpeg(exif: bytes) -> bytes:
    return encode(scene(8, 8), "JPEG", exif=b"Exif\0\0" + exif)


LATITUDE, LONGITUDE = (
    ratios(2, (48, 1), (51, 1), (2950, 100)),
    ratios(4, (2, 1), (17, 1), (4020, 100)),
)


def gps(
    latitude: Entry | None = LATITUDE,
    longitude: Entry | None = LONGITUDE,
    north: str | None = "N",
    east: str | None = "E",
    error: Entry | None = None,
) -> PhotoExif:
    entries = [
        text(1, north) if north is not None else None,
        latitude,
        text(3, east) if east is not None else None,
        longitude,
        error,
    ]
    return read_exif(jpeg(block(gps=[entry for entry in entries if entry is not None])))


def taken(*details: Entry) -> datetime | None:
    return read_exif(jpeg(block(details=list(details)))).taken_at


def near(location: Location | None, latitude: float, longitude: float) -> bool:
    return (
        location is not None
        and abs(location.latitude - latitude) < 1e-6
        and abs(location.longitude - longitude) < 1e-6
        and location.source == "exif"
    )


@pytest.fixture(scope="module")
def tagged(exiftool: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple]:
    """A photo of each format, tagged by exiftool, with what exiftool says of it."""
    folder = tmp_path_factory.mktemp("exiftool")
    chance = random.Random(7)
    found, commands = {}, []
    for kind in ("jpg", "png", "webp", "tif", "heic", "avif"):
        path = folder / f"photo.{kind}"
        if kind == "heic":
            path.write_bytes((HEIC / "orientation_1.heic").read_bytes())
        else:
            name = {"jpg": "JPEG", "tif": "TIFF"}.get(kind, kind.upper())
            path.write_bytes(encode(scene(), name))
        latitude, longitude = chance.uniform(-90, 90), chance.uniform(-180, 180)
        commands += [
            "-overwrite_original", "-n",
            f"-EXIF:GPSLatitude={abs(latitude)}",
            f"-EXIF:GPSLatitudeRef={'N' if latitude >= 0 else 'S'}",
            f"-EXIF:GPSLongitude={abs(longitude)}",
            f"-EXIF:GPSLongitudeRef={'E' if longitude >= 0 else 'W'}",
            f"-EXIF:GPSHPositioningError={chance.randrange(3, 90)}",
            "-EXIF:DateTimeOriginal=2023:07:14 21:03:05",
            "-EXIF:OffsetTimeOriginal=+05:45",
            "-EXIF:SubSecTimeOriginal=25",
            "-EXIF:Make=Apple", "-EXIF:Model=iPhone 15 Pro", "-EXIF:Orientation=6",
            str(path), "-execute",
        ]  # fmt: skip
        found[kind] = (path, {})
    # Starting exiftool takes longer than all that it does here: one process writes all of them.
    subprocess.run([exiftool, *commands[:-1]], check=True, capture_output=True)
    answer = subprocess.run(
        [exiftool, "-n", "-j", "-a", *(str(path) for path, _ in found.values())],
        check=True,
        capture_output=True,
    )
    for (path, said), values in zip(found.values(), json.loads(answer.stdout), strict=True):
        assert values["SourceFile"] == str(path)
        said.update(values)
    return found


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_what_exiftool_writes_is_read_as_exiftool_reads_it(
    tagged: dict[str, tuple], kind: str
) -> None:
    path, said = tagged[kind]
    for source in (path, str(path), path.read_bytes()):
        exif = read_exif(source)
        assert near(exif.location, said["GPSLatitude"], said["GPSLongitude"])
        assert exif.location is not None
        assert exif.location.radius_km == pytest.approx(said["GPSHPositioningError"] / 1000)
        nepal = timezone(timedelta(hours=5, minutes=45))
        assert exif.taken_at == datetime(2023, 7, 14, 21, 3, 5, 250_000, nepal)
        assert exif.camera == "Apple iPhone 15 Pro"
        assert exif.orientation == 6


def test_a_photo_without_exif_has_none(samples: Path) -> None:
    assert read_exif(samples / "machu_picchu.jpg") == PhotoExif()
    assert PhotoExif() == PhotoExif(location=None, taken_at=None, camera="", orientation=1)


def test_exif_of_a_huge_file_is_read_without_reading_the_file(tmp_path: Path) -> None:
    path = tmp_path / "panorama.jpg"
    with path.open("wb") as file:
        file.write(jpeg(block(main=[text(0x0110, "Pano")])))
        file.truncate(190_000_000)
    tracemalloc.start()
    assert read_exif(path).camera == "Pano"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_degrees_minutes_and_seconds_add_up() -> None:
    assert near(gps().location, 48 + 51 / 60 + 29.5 / 3600, 2 + 17 / 60 + 40.2 / 3600)


def test_south_and_west_are_negative_in_any_spelling() -> None:
    for north, east in (("S", "W"), ("s", "w"), ("South", "West")):
        ten, twenty = ratios(2, (10, 1), (0, 1), (0, 1)), ratios(4, (20, 1), (0, 1), (0, 1))
        assert near(gps(ten, twenty, north, east).location, -10, -20)


def test_the_positioning_error_is_the_radius() -> None:
    location = gps(error=ratios(31, (1250, 100))).location
    assert location is not None
    assert location.radius_km == pytest.approx(0.0125)


@pytest.mark.parametrize("error", [(0, 1), (0, 0), (5, 0), (4_000_000_000, 1)])
def test_an_impossible_positioning_error_is_ignored(error: tuple[int, int]) -> None:
    location = gps(error=ratios(31, error)).location
    assert location is not None
    assert location.radius_km == GPS_RADIUS_KM


def test_unknown_seconds_count_as_none() -> None:
    fractions = ratios(2, (48, 1), (51_4917, 10_000), (0, 0))
    assert near(gps(fractions).location, 48 + 51.4917 / 60, 2 + 17 / 60 + 40.2 / 3600)


ODD_POSITIONS = {
    "no latitude": {"latitude": None},
    "no longitude": {"longitude": None},
    "no hemisphere": {"north": None},
    "no side of Greenwich": {"east": None},
    "an unknown hemisphere": {"north": "X"},
    "an empty hemisphere": {"north": ""},
    "degrees over zero": {"latitude": ratios(2, (48, 0), (0, 1), (0, 1))},
    "unknown degrees": {"latitude": ratios(2, (0, 0), (0, 0), (0, 0))},
    "minutes over zero": {"latitude": ratios(2, (48, 1), (51, 0), (0, 1))},
    "beyond the pole": {"latitude": ratios(2, (90, 1), (0, 1), (1, 1))},
    "beyond the date line": {"longitude": ratios(4, (180, 1), (1, 1), (0, 1))},
    "99 minutes": {"latitude": ratios(2, (48, 1), (99, 1), (0, 1))},
    "negative degrees": {"latitude": ratios(2, (-48, 1), (0, 1), (0, 1), kind=10)},
    "only degrees": {"latitude": ratios(2, (48, 1))},
    "degrees as text": {"latitude": text(2, "48 deg 51' 29.5\"")},
    "no fix": {
        "latitude": ratios(2, (0, 1), (0, 1), (0, 1)),
        "longitude": ratios(4, (0, 1), (0, 1), (0, 1)),
    },
}  # fmt: skip


@pytest.mark.parametrize("case", ODD_POSITIONS)
def test_odd_positions_are_no_positions(case: str) -> None:
    assert gps(**ODD_POSITIONS[case]).location is None


def test_the_pole_and_the_date_line_are_places() -> None:
    pole = ratios(2, (90, 1), (0, 1), (0, 1))
    line = ratios(4, (180, 1), (0, 1), (0, 1))
    assert near(gps(pole, line, "S", "W").location, -90, -180)


def test_an_odd_position_does_not_hide_the_rest() -> None:
    data = jpeg(
        block(
            main=[text(0x010F, "Canon"), text(0x0110, "Canon EOS R6"), (0x0112, 3, b"\x08\0")],
            details=[text(0x9003, "2020:02:29 23:59:59")],
            gps=[ratios(2, (1, 0))],
        )
    )
    expected = PhotoExif(None, datetime(2020, 2, 29, 23, 59, 59), "Canon EOS R6", 8)  # noqa: DTZ001
    assert read_exif(data) == expected


def test_the_time_of_the_shot_comes_before_that_of_the_scan() -> None:
    original, scanned = text(0x9003, "1999:12:31 23:59:59"), text(0x9004, "2020:01:01 00:00:00")
    assert taken(original, scanned) == datetime(1999, 12, 31, 23, 59, 59)  # noqa: DTZ001
    assert taken(scanned) == datetime(2020, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("+02:00", timezone(timedelta(hours=2))),
        ("-09:30", timezone(-timedelta(hours=9, minutes=30))),
        ("+00:00", UTC),
        ("Z", UTC),
        ("", None),
        ("   :  ", None),
        ("+99:00", None),
        ("local", None),
    ],
)
def test_times_are_aware_where_the_offset_is_known(offset: str, expected: timezone | None) -> None:
    time = taken(text(0x9003, "2024:06:01 10:20:30"), text(0x9011, offset))
    assert time is not None
    assert time.tzinfo == expected
    assert time.replace(tzinfo=None) == datetime(2024, 6, 1, 10, 20, 30)  # noqa: DTZ001


ARABIC = "2024:06:01 10:20:30".translate({48 + i: 0x660 + i for i in range(10)})


@pytest.mark.parametrize(
    "odd",
    ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "2023:02:30 10:00:00", "2024:01:01",
     "2024:06:01 25:00:00", "yesterday", ARABIC],
)  # fmt: skip
def test_odd_times_are_no_times(odd: str) -> None:
    assert taken(text(0x9003, odd)) is None


def test_an_odd_time_of_the_shot_leaves_that_of_the_scan() -> None:
    details = text(0x9003, "0000:00:00 00:00:00"), text(0x9004, "2020:01:01 00:00:00")
    assert taken(*details) == datetime(2020, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("fraction", "microsecond"), [("5", 500_000), ("1234567", 123_456), ("x", 0)]
)
def test_fractions_of_seconds_keep_bursts_in_order(fraction: str, microsecond: int) -> None:
    time = taken(text(0x9003, "2024:06:01 10:20:30"), text(0x9291, fraction))
    assert time is not None
    assert time.microsecond == microsecond


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"text", jpeg(b""), jpeg(b"II*\0"), jpeg(b"II*\0\xff\xff\xff\xff"),
        jpeg(block()[:9]), jpeg(struct.pack("<4sIH", b"II*\0", 8, 0xFFFF)),
        jpeg(block(main=[(0x8825, 4, b"\xff\xff\xff\xff"), (0x8769, 4, b"\0\0\0\0")])),
        jpeg(block(main=[(0x8825, 4, b"\x08\0\0\0")])),  # a loop
    ],
)  # fmt: skip
def test_damaged_exif_is_no_exif(data: bytes) -> None:
    assert read_exif(data) == PhotoExif()


@given(data=st.binary(max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    for head in (b"", b"\xff\xd8\xff\xe1\0\xffExif\0\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert isinstance(read_exif(head + data), PhotoExif)
    for head in (b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBP", b"\0\0\0\x10ftypheic\0\0\0\0"):
        assert isinstance(read_exif(head + data), PhotoExif)


@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), max_size=6))
@settings(deadline=None, max_examples=150)
def test_damaged_blocks_are_read_without_an_error(flips: list[tuple[int, int]]) -> None:
    sound = jpeg(
        block(
            main=[text(0x010F, "Maker"), (0x0112, 3, b"\x06\0")],
            details=[text(0x9003, "2024:06:01 10:20:30"), text(0x9011, "+02:00")],
            gps=[text(1, "N"), LATITUDE, text(3, "E"), LONGITUDE],
        )
    )
    for data in (bytearray(sound), bytearray((HEIC / "gps.heic").read_bytes())):
        for place, bits in flips:
            data[place % len(data)] ^= bits
        assert isinstance(read_exif(bytes(data)), PhotoExif)
