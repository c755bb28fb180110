"""The ledger's command line, where no database is asked."""

import os
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from qbank_ledger import __main__ as command


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
        f"{file}: 2 accounts, 1 active, of 1 entities, in EUR, JPY.\n",
        "",
    )
    file.write_text("account_id,currency,entity,gl_account\na,EURO,QB01,1100\n")
    code, out, error = said("accounts-check", QBANK_ACCOUNTS_FILE=str(file))
    assert (code, out) == (1, "")
    assert "line 2" in error
    assert "EURO" in error
