"""The ledger's command line, where no database is asked."""

import os
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from qbank_ledger import __main__ as command
from tests.words.erp import DATA


def test_an_interrupt_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_given: Namespace) -> str:
        raise KeyboardInterrupt

    monkeypatch.setitem(command.VERBS, "verify", command._Verb("does", interrupted))
    monkeypatch.setattr(sys, "argv", ["qbank_ledger", "verify"])
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER_DEFAULT", "postgres://nobody@127.0.0.1:1/ledger")
    assert command.main() == 130
    assert capsys.readouterr() == ("", "Interrupted.\n")


def said(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """The console script: its exit code, standard output and error."""
    script = Path(sys.executable).with_name("qbank-ledger")
    done = subprocess.run(
        [script, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_it_says_its_version_and_schema_without_a_database() -> None:
    code, out, error = said("version")
    assert (code, error) == (0, "")
    assert re.fullmatch(r"airflow-provider-qbank-ledger \d+\.\d+\.\d+, schema \d{4}_\w+\n", out)


def test_an_accounts_file_is_checked_as_a_run_would(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(
        "account_id,currency,entity,gl_account,active\na,EUR,QB01,1100,true\nb,JPY,QB01,1200,false\n"
    )
    assert said("accounts-check", str(file)) == (
        0,
        f"{file}: 2 accounts, 1 active. Entities: 1. Currencies: EUR, JPY.\n",
        "",
    )
    file.write_text("account_id,currency,entity,gl_account\na,EURO,QB01,1100\n")
    code, out, error = said("accounts-check", QBANK_ACCOUNTS_FILE=str(file))
    assert (code, out) == (1, "")
    assert "line 2" in error
    assert "EURO" in error


ACCOUNTS = "account_id,currency,entity,gl_account\na,USD,US01,10010\nb,USD,US01,10020\n"


def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["qbank-ledger", *arguments])
    return command.main(), *capsys.readouterr()


def test_a_file_of_the_erp_is_previewed_without_a_database_beside_the_accounts(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "gl_sources.yaml").write_text(
        "profiles:\n  ours: {like: netsuite-trial-balance, currency: USD}\n"
    )
    environment = {
        "QBANK_ACCOUNTS_FILE": str(tmp_path / "accounts.csv"),
        "QBANK_GL_SOURCES_FILE": str(tmp_path / "gl_sources.yaml"),
        "AIRFLOW_CONN_LEDGER_DEFAULT": "",
    }
    given = ("--profile", "ours", "--entity", "US01", "--date", "2025-10-31")
    code, out, error = said("gl-preview", *given, str(DATA / "netsuite-trial-balance.csv"), **environment)
    assert (code, error) == (0, "")
    for what in (
        "header, line 7: Account | Debit | Credit",
        "date of every row: 2025-10-31",
        "line 9      10010                   165,289.63 USD   from '10010 - Checking Account' | '$165,289.63' | ''",
        "line 11     skipped: Account matches ^Total( -|$): 'Total - 10000",
        "Proof: US01 2025-10-31: debits 174,690.00, credits 174,690.00 USD, equal.",
        "5 of the 6 rows match no account of the accounts file",
        "The file lacks 1 account(s), which would be missing (absent_means): US01 / 10020 / USD.",
        "It would load: 6 rows.",
    ):
        assert what in out


def test_a_preview_fails_where_the_file_would_not_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "tb\x1b[2J.csv"
    file.write_text("entity,gl_account,currency,as_of_date,balance\nE,\x1b[31m1,EUR,2025-10-31,1.234\n")
    code, out, error = in_process(monkeypatch, capsys, "gl-preview", str(file))
    assert code == 1
    assert "line 2: balance is '1.234': it has 3 decimals" in error
    assert "and nothing of it would be loaded" in error
    assert "\x1b" not in out + error
    assert "It would load" not in out
    code, out, error = in_process(monkeypatch, capsys, "gl-preview", "--profile", "nobody", str(file))
    assert (code, out) == (1, "")
    assert error.startswith("There is no profile 'nobody': name one of plain, ")
    code, out, error = in_process(monkeypatch, capsys, "gl-preview", str(tmp_path / "nothing.csv"))
    assert (code, error) == (
        1,
        f"The file {tmp_path / 'nothing.csv'} can't be read: No such file or directory.\n",
    )
    monkeypatch.setenv("QBANK_ACCOUNTS_FILE", str(tmp_path / "no_accounts.yaml"))
    code, out, error = in_process(monkeypatch, capsys, "gl-preview", str(DATA / "plain.csv"))
    assert (code, error) == (0, "")
    assert out.startswith("The rows are not matched to accounts: The accounts file")


def test_a_profile_is_proposed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = in_process(monkeypatch, capsys, "gl-profile", str(DATA / "netsuite-trial-balance.csv"))
    assert (code, error) == (0, "")
    assert '    balance: {debit: "Debit", credit: "Credit"}  # their names say so\n' in out


def test_who_reads_the_beginning_alone_gets_no_stack(tmp_path: Path) -> None:
    file = tmp_path / "gl.csv"
    rows = "".join(f"E,{n},EUR,2025-10-31,1\n" for n in range(20_000))
    file.write_text(f"entity,gl_account,currency,as_of_date,balance\n{rows}")
    with subprocess.Popen(
        [sys.executable, "-m", "qbank_ledger", "gl-preview", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as preview:
        assert preview.stdout
        assert preview.stderr
        preview.stdout.readline()
        preview.stdout.close()
        assert preview.stderr.read() == b""
        assert preview.wait() == 1
