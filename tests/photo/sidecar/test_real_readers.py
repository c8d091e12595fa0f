"""exiftool and exiv2, the real ones, read what whereshot writes and all that was there before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sidecars import DARKTABLE, LIGHTROOM, OURS, tag

from whereshot.photo.sidecar import merge_place, parse_sidecar, remove_place

GPS = tag(write_gps=True)
ORIGINS = ["fresh", "digiKam", "exiv2", "darktable", "Lightroom"]
DIGIKAM = (
    "-XMP-digiKam:TagsList=People/Anna",
    "-XMP-digiKam:TagsList=holiday",
    "-XMP-digiKam:PickLabel=2",
    "-XMP-microsoft:LastKeywordXMP=People/Anna",
    "-XMP-microsoft:LastKeywordXMP=holiday",
    "-XMP-lr:HierarchicalSubject=People|Anna",
    "-XMP-lr:HierarchicalSubject=holiday",
    "-XMP-mediapro:CatalogSets=People|Anna",
    "-XMP-acdsee:Categories=<Categories><Category Assigned='1'>Anna</Category></Categories>",
    "-XMP-dc:Subject=Anna",
    "-XMP-dc:Subject=holiday",
    "-XMP-dc:Title=On the wall",
    "-XMP-dc:Title-de=Auf der Mauer",
    "-XMP-xmp:Rating=4",
    "-XMP-tiff:Orientation#=6",
    "-XMP-mwg-rs:RegionInfo={RegionList=[{Name=Anna,Type=Face,Area={X=0.5,Y=0.5,W=0.1,H=0.1}}]}",
)
SHOWN = {
    "City": "Beijing",
    "CountryCode": "CN",
    "CountryName": "China",
    "GPSLatitude": 40.4319,
    "GPSLongitude": 116.5704,
    "LocationId": ["http://www.wikidata.org/entity/Q12501"],
    "LocationName": "Great Wall of China",
    "ProvinceState": "Hebei",
}
# The lists of keywords that we make, and those that we only extend.
LISTS = {
    "XMP-dc:Subject": OURS["dc:subject"],
    "XMP-lr:HierarchicalSubject": OURS["lr:hierarchicalSubject"],
    "XMP-digiKam:TagsList": OURS["digiKam:TagsList"],
    "XMP-microsoft:LastKeywordXMP": OURS["digiKam:TagsList"],
    "XMP-mediapro:CatalogSets": OURS["lr:hierarchicalSubject"],
    "XMP-iptcExt:LocationShown": [SHOWN],
}
EXIV2_LISTS = {
    "Xmp.dc.subject": OURS["dc:subject"],
    "Xmp.lr.hierarchicalSubject": OURS["lr:hierarchicalSubject"],
    "Xmp.digiKam.TagsList": OURS["digiKam:TagsList"],
    "Xmp.MicrosoftPhoto.LastKeywordXMP": OURS["digiKam:TagsList"],
    "Xmp.mediapro.CatalogSets": OURS["lr:hierarchicalSubject"],
}
SINGLE = {
    "XMP-exif:GPSLatitude": 40.4319,
    "XMP-exif:GPSLongitude": 116.5704,
    "XMP-exif:GPSHPositioningError": 5000,
    "XMP-exif:GPSProcessingMethod": "whereshot",
}


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def sidecar(
    request: pytest.FixtureRequest, tmp_path: Path, exiftool: str, exiv2: str
) -> bytes | None:
    """A sidecar of the program that the test asks for."""
    path = tmp_path / "origin.xmp"
    match request.param:
        case "fresh":
            return None
        case "digiKam":
            run(exiftool, "-q", *DIGIKAM, path)
            return path.read_bytes()
        case "exiv2":
            path.write_bytes(LIGHTROOM)
            run(exiv2, "-M", "set Xmp.dc.rights LangAlt mine", path)
            return path.read_bytes()
        case name:
            return {"darktable": DARKTABLE, "Lightroom": LIGHTROOM}[name]


@pytest.fixture
def by_exiftool(tmp_path: Path, exiftool: str) -> Callable[[bytes], dict[str, Any]]:
    """What exiftool reads, by group and name."""

    def read(content: bytes) -> dict[str, Any]:
        path = tmp_path / "read.xmp"
        path.write_bytes(content)
        said = json.loads(run(exiftool, "-j", "-G1", "-struct", "-n", "-XMP:all", path))[0]
        assert not [name for name in said if name.endswith((":Warning", ":Error"))]
        del said["SourceFile"]
        return said

    return read


@pytest.fixture
def by_exiv2(tmp_path: Path, exiv2: str) -> Callable[[bytes], dict[str, str]]:
    """What exiv2 reads: types and values by key."""

    def read(content: bytes) -> dict[str, str]:
        path = tmp_path / "read.xmp"
        path.write_bytes(content)
        lines = [line.split(None, 1) for line in run(exiv2, "-PXkyv", path).splitlines()]
        return {key: " ".join(said.split()) for key, said in lines}

    return read


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("sidecar", ORIGINS, indirect=True)
def test_exiftool_reads_every_field_that_was_written(
    sidecar: bytes | None, by_exiftool: Callable[[bytes], dict[str, Any]]
) -> None:
    said = by_exiftool(merge_place(sidecar, GPS))
    for name in list(LISTS)[:3] + list(LISTS)[5:]:
        for value in LISTS[name]:
            assert listed(said[name]).count(value) == 1
    assert {name: said[name] for name in SINGLE} == SINGLE
    block = said["XMP-whereshot:Recognition"]
    assert (block["Bundle"], block["Probability"]) == ("world@1", 0.981)
    assert (block["LandmarkID"], block["Wikidata"]) == ("great_wall_of_china", "Q12501")
    assert block["Date"] == "2026:11:26 18:00:00+00:00"


@pytest.mark.parametrize("sidecar", ORIGINS[1:], indirect=True)
def test_exiftool_finds_everything_else_as_it_was(
    sidecar: bytes, by_exiftool: Callable[[bytes], dict[str, Any]]
) -> None:
    before, after = by_exiftool(sidecar), by_exiftool(merge_place(sidecar, GPS))
    assert len(before) >= 3
    for name, value in before.items():
        if name in LISTS:
            assert listed(after.pop(name)) == [*listed(value), *LISTS[name]]
        else:
            assert after.pop(name) == value
    # What is left is new, and all of it ours; new lists start with what the others said.
    assert after.keys() <= {*LISTS, *SINGLE, "XMP-whereshot:Recognition"}
    for name in after.keys() & LISTS.keys():
        assert listed(after[name])[-len(LISTS[name]) :] == LISTS[name]


@pytest.mark.parametrize("sidecar", ORIGINS, indirect=True)
def test_exiv2_reads_every_field_that_was_written(
    sidecar: bytes | None, by_exiv2: Callable[[bytes], dict[str, str]]
) -> None:
    said = by_exiv2(merge_place(sidecar, GPS))
    for key in list(EXIV2_LISTS)[:3]:
        assert said[key].endswith(", ".join(EXIV2_LISTS[key]))
    place = next(
        key.rpartition("/")[0] for key, value in said.items() if value == "XmpText Beijing"
    )
    assert place.startswith("Xmp.iptcExt.LocationShown[")
    assert {key: value for key, value in said.items() if key.startswith(place + "/")} == {
        f"{place}/Iptc4xmpExt:LocationName": 'LangAlt lang="x-default" Great Wall of China',
        f"{place}/Iptc4xmpExt:LocationId": "XmpBag http://www.wikidata.org/entity/Q12501",
        f"{place}/Iptc4xmpExt:City": "XmpText Beijing",
        f"{place}/Iptc4xmpExt:ProvinceState": "XmpText Hebei",
        f"{place}/Iptc4xmpExt:CountryName": "XmpText China",
        f"{place}/Iptc4xmpExt:CountryCode": "XmpText CN",
        f"{place}/exif:GPSLatitude": "XmpText 40,25.914N",
        f"{place}/exif:GPSLongitude": "XmpText 116,34.224E",
    }
    assert {key: said[key] for key in said if key.startswith("Xmp.exif.GPS")} == {
        "Xmp.exif.GPSLatitude": "XmpText 40,25.914N",
        "Xmp.exif.GPSLongitude": "XmpText 116,34.224E",
        "Xmp.exif.GPSHPositioningError": "XmpText 5000/1",
        "Xmp.exif.GPSProcessingMethod": "XmpText whereshot",
    }
    assert said["Xmp.whereshot.Recognition/whereshot:Bundle"] == "XmpText world@1"


@pytest.mark.parametrize("sidecar", ORIGINS[1:], indirect=True)
def test_exiv2_finds_everything_else_as_it_was(
    sidecar: bytes, by_exiv2: Callable[[bytes], dict[str, str]]
) -> None:
    before, after = by_exiv2(sidecar), by_exiv2(merge_place(sidecar, GPS))
    assert len(before) >= 2
    for key, value in before.items():
        if key in EXIV2_LISTS:
            assert after[key] == f"{value}, {', '.join(EXIV2_LISTS[key])}"
        else:
            assert after[key] == value


@pytest.mark.parametrize("program", ["exiftool", "exiv2"])
@pytest.mark.parametrize("sidecar", ORIGINS, indirect=True)
def test_purge_is_exact_also_after_another_program_wrote_the_file_anew(
    sidecar: bytes | None,
    program: str,
    tmp_path: Path,
    exiftool: str,
    exiv2: str,
    by_exiftool: Callable[[bytes], dict[str, Any]],
) -> None:
    def write_anew(content: bytes) -> bytes:
        path = tmp_path / "anew.xmp"
        path.write_bytes(content)
        if program == "exiftool":
            run(exiftool, "-q", "-overwrite_original", "-XMP-xmp:Label=Red", path)
        else:
            run(exiv2, "-M", "set Xmp.xmp.Label Red", path)
        return path.read_bytes()

    anew = write_anew(merge_place(sidecar, GPS))
    assert anew != merge_place(sidecar, GPS)
    assert parse_sidecar(anew).own == GPS
    assert merge_place(anew, GPS) == anew
    left = remove_place(anew)
    assert left is not None
    assert b"whereshot:" not in left
    expected = {"XMP-xmp:Label": "Red"}
    if sidecar is not None:
        expected = by_exiftool(write_anew(sidecar))
    found = by_exiftool(left)
    for dump in (expected, found):
        dump.pop("XMP-x:XMPToolkit", None)
    assert found == expected
