"""The ledger's command line, where no database is asked."""

import sys
from argparse import Namespace

import pytest
from sqlalchemy.engine import URL

from qbank_ledger import __main__ as command


def test_an_interrupt_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_url: URL, _given: Namespace) -> str:
        raise KeyboardInterrupt

    monkeypatch.setitem(command.VERBS, "verify", command._Verb("does", interrupted))
    monkeypatch.setattr(sys, "argv", ["qbank_ledger", "verify"])
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER_DEFAULT", "postgres://nobody@127.0.0.1:1/ledger")
    assert command.main() == 130
    assert capsys.readouterr() == ("", "Interrupted.\n")
