"""`whereshot landmarks`: data on stdout, messages on stderr, exit statuses."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from whereshot.cli import main
from whereshot.gazetteer import load_gazetteer

Capture = pytest.CaptureFixture[str]


def ndjson(capsys: Capture, *arguments: str) -> list[dict[str, object]]:
    assert main(["landmarks", "--json", *arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return [json.loads(line) for line in output.out.splitlines()]


def test_without_a_query_it_lists_all(capsys: Capture) -> None:
    assert [record["id"] for record in ndjson(capsys)] == [one.id for one in load_gazetteer()]


def test_json_has_everything_that_the_gazetteer_knows(capsys: Capture) -> None:
    (record,) = ndjson(capsys, "wroclaws dwarves")
    assert record["name"] == "Wrocław's Dwarves"
    assert (record["city"], record["country_code"], record["kind"]) == ("Wrocław", "PL", "built")
    assert "Wrocławskie krasnale" in record["aliases"]
    assert " ".join(record) == (
        "id name wikidata latitude longitude radius_km city country country_code region kind "
        "aliases"
    )


def test_json_is_written_where_the_output_has_no_such_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", narrow)
    assert main(["landmarks", "--json", "great wall of china"]) == 0
    narrow.flush()
    record = json.loads(narrow.buffer.getvalue())
    assert "长城" in record["aliases"]


def test_the_table_shows_place_coordinates_radius_and_kind(capsys: Capture) -> None:
    assert main(["landmarks", "Eifel towr"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "Eiffel" in line)
    cells = [cell for cell in row.split("  ") if cell.strip()]
    assert [cell.strip() for cell in cells] == [
        "Eiffel Tower",
        "Paris, France",
        "48.8584, 2.2945",
        "0.3 km",
        "built",
    ]


def test_a_piped_table_keeps_each_landmark_on_one_line(capsys: Capture) -> None:
    assert main(["landmarks"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for one in load_gazetteer():
        assert any(one.name in line and f"{one.latitude:.4f}" in line for line in lines)


def test_near_sorts_by_distance(capsys: Capture) -> None:
    records = ndjson(capsys, "--near", "27.7,85.3")
    assert len(records) == 10
    assert records[0]["id"] == "swayambhunath"
    distances = [record["distance_km"] for record in records]
    assert distances == sorted(distances)
    assert main(["landmarks", "--near", "27.7, 85.3", "--limit", "1"]) == 0
    assert "1.9 km" in capsys.readouterr().out


def test_near_and_a_query_sort_what_the_query_finds(capsys: Capture) -> None:
    records = ndjson(capsys, "sydney", "--near", "-33.8523,151.2108")
    assert [record["id"] for record in records] == ["sydney_harbour_bridge", "sydney_opera_house"]
    assert records[0]["distance_km"] == 0


def test_limit_cuts_the_list(capsys: Capture) -> None:
    assert len(ndjson(capsys, "united states", "--limit", "2")) == 2
    assert len(ndjson(capsys, "--near", "0,0", "--limit", "99")) == 99


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_match_says_what_is_closest(capsys: Capture, form: list[str]) -> None:
    assert main(["landmarks", "tower of piza tower", *form]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("whereshot: No landmark like 'tower of piza tower'")
    assert "Leaning Tower of Pisa (leaning_tower_of_pisa)" in output.err
    assert len(output.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--near", "here"],
        ["--near", "1"],
        ["--near", "1,2,3"],
        ["--near", "91,0"],
        ["--near", "0,nan"],
        ["--limit", "0"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_exits_with_2(capsys: Capture, arguments: list[str]) -> None:
    assert main(["landmarks", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "Usage: whereshot landmarks" in output.err


def test_a_table_of_ones_own_is_searched(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "id,name,latitude,longitude,radius_km,country,country_code\n"
        "old_mill,Old [red]Mill[/red],50.1,8.5,0.2,Germany,DE\n",
        encoding="utf-8",
    )
    assert main(["landmarks", "--gazetteer", str(path)]) == 0
    assert "Old [red]Mill[/red]" in capsys.readouterr().out
    path.write_text(path.read_text(encoding="utf-8").replace("50.1", "north"), encoding="utf-8")
    assert main(["landmarks", "--gazetteer", str(path)]) == 1
    assert "row 2: latitude must be a number" in capsys.readouterr().err


def test_the_verb_explains_itself(capsys: Capture) -> None:
    assert main(["landmarks", "--help"]) == 0
    assert "whereshot landmarks --near 27.7,85.3" in capsys.readouterr().out
