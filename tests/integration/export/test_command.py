"""The verb export: what goes to standard output and what beside it, exit codes, logins, files."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.db import statements
from qbank_ledger.errors import LedgerError
from qbank_ledger.export import file
from qbank_ledger.export.bai2 import LINE_CHARACTERS
from qbank_ledger.export.csv_table import CsvTable
from tests.conftest import free_port
from tests.words.desk import Desk

from .readers import from_camt, read_bai2, read_camt, read_csv

PASSWORD = "of-this-test-only"


@pytest.fixture
def login(desk: Desk, request: pytest.FixtureRequest) -> Iterator[URL]:
    """A login that has the given role, and nothing else."""
    name = f"only_{request.param or 'nothing'}"
    desk.rows(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    if request.param:
        desk.rows(f"GRANT {request.param} TO {name}")
    yield desk.ledger.url.set(username=name, password=PASSWORD)
    desk.rows(f"DROP ROLE {name}")


def test_standard_output_has_the_file_and_nothing_else(desk: Desk) -> None:
    desk.account("x", "1234.50", name="銀行")
    # Not even where the terminal has no such characters.
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for form in ("csv", "bai2", "camt052"):
        done = desk.process("--format", form, environ=ascii_only)
        assert (done.returncode, done.stderr) == (0, "")
        read: Any = {"csv": read_csv, "bai2": read_bai2, "camt052": read_camt}[form]
        assert read(done.stdout)


def test_the_lines_of_a_csv_end_as_its_standard_says(desk: Desk) -> None:
    desk.account("x", name="a\nb")
    done = desk.command("--format", "csv")
    assert done.stdout.count("\r\n") == 2
    assert done.stdout.count("\n") == 3


@pytest.mark.parametrize("on", ["9999-12-31", "0001-01-01", "2026-02-30", "yesterday", "9998-12-31"])
def test_a_date_that_can_not_be_is_one_sentence(desk: Desk, on: str) -> None:
    done = desk.command("--format", "csv", "--date", on)
    assert "Traceback" not in done.stderr
    if on != "9998-12-31":
        assert f"argument --date: {on!r} is not a date: write it as 2026-10-31" in done.stderr


def test_the_version_of_camt_is_the_one_that_is_asked_for(desk: Desk) -> None:
    desk.account("x")
    for arguments, version in [((), "001.02"), (("--camt-version", "001.08"), "001.08")]:
        text = desk.command("--format", "camt052", *arguments).stdout
        assert f'"urn:iso:std:iso:20022:tech:xsd:camt.052.{version}"' in text
        assert set(from_camt(text)) == {"x"}


def test_what_is_left_out_is_named_and_counted_and_the_rest_is_written(desk: Desk) -> None:
    desk.account("a", "7.123456")
    desk.account("b", None)
    desk.account("good", "3.00")
    desk.account("old", observed=desk.now.replace(year=desk.now.year - 1, day=1))
    done = desk.command("--format", "camt052")
    assert done.returncode == 1
    assert set(from_camt(done.stdout)) == {"good", "old"}
    assert done.stderr.splitlines() == [
        "Not exported: a: its ledger balance has 6 decimals, camt.052 takes 5.",
        "Not exported: b: it has no balance yet.",
        "Warning: 1 of 2 balances are stale; each carries its time.",
        "The file is incomplete: it has 2 of 4 active accounts. The reasons are above.",
    ]


def test_a_stale_balance_alone_is_a_warning(desk: Desk) -> None:
    desk.account("old", observed=desk.now.replace(year=desk.now.year - 1, day=1))
    done = desk.command("--format", "csv")
    assert done.returncode == 0
    assert done.stderr == "Warning: 1 of 1 balances are stale; each carries its time.\n"


def test_an_unknown_format_or_version_is_a_sentence_with_the_choices(desk: Desk) -> None:
    for arguments in (("--format", "mt940"), ("--format", "camt052", "--camt-version", "001.99")):
        done = desk.command(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.search(r"invalid choice: '(mt940|001\.99)' \(choose from", done.stderr)
    assert desk.command().returncode == 2


def test_a_bai2_file_is_from_and_to_whom_it_is_said_to_be(desk: Desk) -> None:
    desk.account("x")
    for arguments, sender, receiver in [
        ((), "QBANK", "ERP"),
        (("--bai2-sender", "021000021", "--bai2-receiver", "R" * 20), "021000021", "R" * 20),
        (("--bai2-sender=-1 ~", "--bai2-receiver", "x"), "-1 ~", "x"),
    ]:
        read = read_bai2(desk.command("--format", "bai2", *arguments).stdout)
        assert (read.header.sender_id, read.header.receiver_id) == (sender, receiver)
        group = read.children[0].header
        assert (group.originator_id, group.ultimate_receiver_id) == (sender, receiver)


def test_records_01_and_02_fit_a_line_with_the_longest_sender_and_receiver(desk: Desk) -> None:
    desk.account("x")
    text = desk.command("--format", "bai2", "--bai2-sender", "S" * 20, "--bai2-receiver", "R" * 20).stdout
    assert max(map(len, text.splitlines())) <= LINE_CHARACTERS


@pytest.mark.parametrize("party", ["", "S" * 21, "a,b", "a/b", "a\nb", "ä"])
def test_a_sender_that_a_field_can_not_hold_is_a_sentence(desk: Desk, party: str) -> None:
    for option in ("--bai2-sender", "--bai2-receiver"):
        done = desk.command("--format", "bai2", f"{option}={party}")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"argument {option}: {party!r} is not valid: write 1 to 20 characters" in done.stderr


# ── logins ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("login", ["qbank_analyst", "qbank_loader"], indirect=True)
def test_a_login_that_may_read_is_enough(desk: Desk, login: URL) -> None:
    desk.account("x")
    done = desk.command("--format", "csv", url=login)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(read_csv(done.stdout)) == {"x"}


@pytest.mark.parametrize("login", [None], indirect=True)
def test_a_login_that_may_not_read_is_a_sentence(desk: Desk, login: URL) -> None:
    done = desk.command("--format", "csv", url=login)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"The ledger login lacks a right .*: grant it qbank_analyst, .*\n", done.stderr)


def test_a_ledger_that_is_not_up_is_a_sentence(desk: Desk) -> None:
    done = desk.command("--format", "csv", url=desk.ledger.url.set(port=free_port()))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"The ledger database did not answer .*\n", done.stderr)


def test_it_can_write_nothing_into_the_ledger(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.account("x")
    monkeypatch.setattr(file, "_NOW", text("UPDATE ledger.account SET name = 'y' RETURNING now()"))
    with pytest.raises(LedgerError, match="cannot execute UPDATE in a read-only transaction"):
        desk.export(CsvTable)


def test_a_file_is_of_one_state_of_the_ledger(desk: Desk) -> None:
    desk.account("x", "1.00")

    class Disturbed(CsvTable):
        def __init__(self, made_at: Any) -> None:
            super().__init__(made_at)
            desk.rows("UPDATE ledger.account SET name = 'renamed'")

    assert read_csv(desk.export(Disturbed))["x"]["name"] == "x"
    assert read_csv(desk.export(CsvTable))["x"]["name"] == "renamed"


# ── files ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder: the ledger's accounts file is in tmp_path."""
    path = tmp_path / "exports"
    path.mkdir()
    return path


def test_a_file_replaces_the_one_before(desk: Desk, folder: Path) -> None:
    desk.account("x")
    path = folder / "balances.csv"
    path.write_text("old")
    done = desk.command("--format", "csv", "--output", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(read_csv(path.read_text())) == {"x"}
    assert [each.name for each in folder.iterdir()] == ["balances.csv"]


def test_a_file_lacks_what_was_refused_and_is_there(desk: Desk, tmp_path: Path) -> None:
    desk.account("x")
    desk.account("never", None)
    path = tmp_path / "balances.csv"
    assert desk.command("--format", "csv", "--output", path).returncode == 1
    assert set(read_csv(path.read_text())) == {"x"}


def test_a_file_stays_as_it_was_when_there_is_nothing_to_write(desk: Desk, folder: Path) -> None:
    path = folder / "balances.csv"
    path.write_text("old")
    done = desk.command("--format", "csv", "--output", path)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was exported")
    assert path.read_text() == "old"
    assert [each.name for each in folder.iterdir()] == ["balances.csv"]


def test_a_file_stays_as_it_was_when_the_ledger_breaks_off(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.accounts([{"id": f"a{n}"} for n in range(3000)])
    # After a thousand rows and more have been written.
    desk.rows(
        "CREATE OR REPLACE FUNCTION ledger.break_off(text) RETURNS text LANGUAGE plpgsql AS"
        " $$BEGIN IF $1 = 'a2999' THEN RAISE 'broken off'; END IF; RETURN $1; END$$"
    )
    path = folder / "balances.csv"
    path.write_text("old")
    broken = statements.statement_text("qbank_ledger.export.sql", "newest_balances")
    broken = broken.replace("a.name,", "ledger.break_off(a.account_id) AS name,")
    monkeypatch.setattr(statements, "_statement", lambda *_: text(broken))
    done = desk.command("--format", "csv", "--output", path)
    desk.rows("DROP FUNCTION ledger.break_off(text)")
    assert (done.returncode, done.stderr) == (1, "The ledger database refused a statement (broken off).\n")
    assert path.read_text() == "old"
    assert [each.name for each in folder.iterdir()] == ["balances.csv"]


@pytest.mark.parametrize("output", ["pipe", ".", "missing/balances.csv"])
def test_a_place_that_can_hold_no_file_is_a_sentence(desk: Desk, output: str, tmp_path: Path) -> None:
    desk.account("x")
    os.mkfifo(tmp_path / "pipe")
    with chdir(tmp_path):
        done = desk.command("--format", "csv", "--output", output)
    assert done.returncode == 1
    assert re.fullmatch(r"The export can't be written to .*\.\n", done.stderr)
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_a_link(desk: Desk, tmp_path: Path) -> None:
    desk.account("x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert desk.command("--format", "csv", "--output", tmp_path / "link.csv").returncode == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert set(read_csv((tmp_path / "real.csv").read_text())) == {"x"}


def test_a_full_disk_is_a_sentence(desk: Desk) -> None:
    desk.account("x")
    with Path("/dev/full").open("w") as full:
        done = desk.process("--format", "csv", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 1
    assert done.stderr == "The export can't be written to standard output: No space left on device.\n"


def test_a_reader_that_has_read_enough_gets_no_stack(desk: Desk) -> None:
    desk.accounts([{"id": f"a{n}"} for n in range(3000)])
    reading, writing = os.pipe()
    os.close(reading)
    done = desk.process("--format", "csv", stdout=writing, stderr=subprocess.PIPE, capture_output=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
