from __future__ import annotations

from pathlib import Path

from whereshot.home import user_home


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "mine"))
    assert user_home() == tmp_path / "mine"
    assert not (tmp_path / "mine").exists(), "asking for it makes nothing"


def test_a_tilde_and_a_relative_folder_are_made_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WHERESHOT_HOME", "~/mine")
    assert user_home() == tmp_path / "mine"
    monkeypatch.setenv("WHERESHOT_HOME", "mine")
    monkeypatch.chdir(tmp_path)
    assert user_home() == tmp_path / "mine"


def test_without_it_the_folder_is_where_the_system_keeps_the_data_of_users(monkeypatch, tmp_path):
    monkeypatch.delenv("WHERESHOT_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    home = user_home()
    assert home.name == "whereshot"
    assert home.is_absolute()
    assert Path.cwd() not in home.parents


def test_an_empty_variable_counts_as_none(monkeypatch):
    monkeypatch.delenv("WHERESHOT_HOME", raising=False)
    default = user_home()
    monkeypatch.setenv("WHERESHOT_HOME", "")
    assert user_home() == default


def test_the_library_and_what_was_enrolled_live_in_one_folder():
    from whereshot.library.home import library_home

    assert library_home() == user_home()
