"""The environment as the stack reads it."""

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from local import StackError
from local.settings import ROOT, Settings, foreground_environment, stack_environment

from qbank_ledger.config import docs_place, files_dirs, packs_place

KEYS = {name: name for name in ("fernet", "session", "jwt")}
URL = "postgresql://airflow@127.0.0.1:5433/airflow"


def test_without_variables_the_contracts_defaults_count() -> None:
    settings = Settings.read({})
    assert (settings.ui_port, settings.postgres_port, settings.sandbox_port) == (8080, 5433, 8090)
    assert settings.state == ROOT / ".local"
    assert settings.accounts_file == ROOT / "include/config/accounts.yaml"


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused_naming_the_variable(port: str) -> None:
    with pytest.raises(StackError, match="QBANK_UI_PORT must be a port"):
        Settings.read({"QBANK_UI_PORT": port})


def test_one_port_for_two_services_is_refused() -> None:
    with pytest.raises(StackError, match="three different ports"):
        Settings.read({"QBANK_UI_PORT": "8090"})


def test_what_is_up_stays_on_its_port_unless_the_environment_names_another() -> None:
    up = {"postgres": 6001, "airflow": 6002, "sync-run-x": 6003}
    settings = Settings.read({"QBANK_UI_PORT": "6010"}).with_ports(up)
    assert (settings.ui_port, settings.postgres_port, settings.sandbox_port) == (6010, 6001, 8090)


def test_a_state_directory_from_elsewhere_is_absolute() -> None:
    assert Settings.read({"QBANK_STATE_DIR": "/srv/x/../y"}).state.as_posix() == "/srv/y"


PLACES = ["QBANK_ACCOUNTS_FILE", "QBANK_GL_SOURCES_FILE", "QBANK_DOCS", "QBANK_PACKS"]


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    ("given", "place"),
    [
        (" books/here.yaml ", str(ROOT / "books/here.yaml")),
        ("/srv/here.yaml", "/srv/here.yaml"),
        (" s3://aws_default@treasury/here.csv", "s3://aws_default@treasury/here.csv"),
        ("variable://ACCOUNTS", "variable://ACCOUNTS"),
        ("sql://conn?SELECT 1 FROM a//b", "sql://conn?SELECT 1 FROM a//b"),
    ],
)
def test_a_place_is_the_same_wherever_what_the_stack_starts_works(name: str, given: str, place: str) -> None:
    settings = Settings.read({name: given})
    assert settings.environ[name] == place
    for made in (stack_environment(settings, KEYS, URL), foreground_environment(settings, ROOT, {})):
        assert made[name] == place


def test_nowhere_stays_nowhere() -> None:
    given = {"QBANK_DOCS": "", "QBANK_PACKS": " ", "QBANK_FILES_DIRS": ""}
    environ = stack_environment(Settings.read(given), KEYS, URL)
    assert (docs_place(environ), packs_place(environ), files_dirs(environ)) == ("", "", [])


def test_the_folders_of_files_are_the_same_wherever_what_the_stack_starts_works() -> None:
    environ = stack_environment(Settings.read({"QBANK_FILES_DIRS": "books:/srv/books: inbox :"}), KEYS, URL)
    assert files_dirs(environ) == [ROOT / "books", Path("/srv/books"), ROOT / "inbox"]


def test_accounts_that_are_in_no_file_are_said_to_be_in_none() -> None:
    assert Settings.read({"QBANK_ACCOUNTS_FILE": "variable://ACCOUNTS"}).accounts_file is None
    assert Settings.read({"QBANK_ACCOUNTS_FILE": " "}).accounts_file == ROOT / "include/config/accounts.yaml"


def test_no_secret_of_the_environment_is_shown() -> None:
    settings = Settings.read({"AIRFLOW_CONN_LEDGER_DEFAULT": "postgres://a:hush@h/d"})
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("char", "$?:\u202e")
def test_a_state_directory_that_others_would_read_otherwise_is_refused(char: str) -> None:
    with pytest.raises(StackError, match=r"must hold none of \$ \? : and nothing invisible"):
        Settings.read({"QBANK_STATE_DIR": f"/srv/a{char}b"})


@pytest.mark.parametrize("name", ["link", "link/state"])
def test_a_link_of_another_users_is_not_followed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    environ = {"QBANK_STATE_DIR": str(tmp_path / name)}
    assert Settings.read(environ).state.is_relative_to(tmp_path.resolve())
    real, others = Path.lstat, SimpleNamespace(st_uid=54321, st_mode=stat.S_IFLNK)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(Path, "lstat", lambda path: others if path.name == "link" else real(path))
    with pytest.raises(StackError, match="a link of another user's"):
        Settings.read(environ)
