from __future__ import annotations

from pathlib import Path

from whereshot.library.home import library_home


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "mine"))
    assert library_home() == tmp_path / "mine"
    assert not (tmp_path / "mine").exists(), "asking for it makes nothing"


def test_a_tilde_and_a_relative_folder_are_made_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WHERESHOT_HOME", "~/mine")
    assert library_home() == tmp_path / "mine"
    monkeypatch.setenv("WHERESHOT_HOME", "mine")
    monkeypatch.chdir(tmp_path)
    assert library_home() == tmp_path / "mine"


def test_without_it_the_folder_is_where_the_system_keeps_the_data_of_users(monkeypatch, tmp_path):
    monkeypatch.delenv("WHERESHOT_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    home = library_home()
    assert home.name == "whereshot"
    assert home.is_absolute()
    assert Path.cwd() not in home.parents


def test_an_empty_variable_counts_as_none(monkeypatch):
    monkeypatch.delenv("WHERESHOT_HOME", raising=False)
    default = library_home()
    monkeypatch.setenv("WHERESHOT_HOME", "")
    assert library_home() == default
