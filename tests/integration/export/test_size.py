"""Ten thousand balances: in time, and in memory that does not grow with them."""

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qbank_ledger.db.connection import engine_for
from qbank_ledger.export.csv_table import CsvTable
from qbank_ledger.export.file import export_balances
from tests.integration.conftest import EMPTY
from tests.words.desk import Desk, connection

CODE = """
import sys
from qbank_ledger.__main__ import main
code = main()
sys.stderr.write(open("/proc/self/status").read())
sys.exit(code)
"""


def export(desk: Desk, form: str, path: Path) -> tuple[float, int]:
    """Seconds, and the most memory that the process had, in KiB."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", CODE, "export", "--format", form, "--output", path],
        env={**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": connection(desk.ledger.url)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    took = time.monotonic() - began
    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", done.stderr)
    return took, int(most)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "bai2", "camt052"])
def test_ten_thousand_balances_take_seconds_and_no_more_memory_than_two(
    desk: Desk, form: str, tmp_path: Path
) -> None:
    few, many = ([{"id": f"{'a' * 20}{n:06}"} for n in range(*span)] for span in ((2_000,), (2_000, 10_000)))
    desk.accounts(few)
    _, of_few = export(desk, form, tmp_path / "few")
    desk.accounts(many)
    took, of_many = export(desk, form, tmp_path / "many")
    assert len(set(re.findall(rb"a{20}[0-9]{6}", (tmp_path / "many").read_bytes()))) == 10_000
    assert took < 10
    assert of_many - of_few < 3_000


def test_it_takes_no_longer_where_statistics_know_of_no_account(desk: Desk) -> None:
    accounts = [{"id": f"a{n}"} for n in range(2_000)]
    desk.accounts(accounts)
    desk.rows(EMPTY)
    desk.rows("ANALYZE ledger.account")
    desk.rows("ANALYZE ledger.balance")
    desk.accounts(accounts)
    hurried = desk.ledger.url.update_query_dict({"options": "-c statement_timeout=5s"})
    assert export_balances(engine_for(hurried, None), CsvTable, io.StringIO(), print).written == 2_000
