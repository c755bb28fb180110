"""The suite is green at any date and hour: some of it once more, a minute before a day that there seldom is.

``QBANK_TEST_INSTANT`` names another instant, in UTC: `2026-12-31T23:59:00`, the end of a month or a year, a
night on which clocks change, five to the hour.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.thirdparty.program import from_wheels

INSTANT = datetime.fromisoformat(os.environ.get("QBANK_TEST_INSTANT", "2028-02-29T23:59:00")).replace(
    tzinfo=UTC
)
# What goes by a date: hours, days, months, ages, partitions.
TESTS = [
    *(
        f"tests/integration/ledger/test_{name}.py"
        for name in (
            "plan",
            "plans",
            "publish",
            "coverage",
            "time",
            "settle",
            "clock_ahead",
            "retention",
            "reporting",
        )
    ),
    "tests/integration/recon/test_reconcile.py",
    "tests/integration/recon/test_account_time.py",
    "tests/integration/recon/test_sample_books.py",
    "tests/integration/recon/test_members.py",
    "tests/integration/month_end",
    "tests/integration/page/test_account.py",
    "tests/integration/page/test_position.py",
]


@pytest.mark.timeout(600)
def test_the_suite_is_green_whatever_the_clock_says(tmp_path: Path) -> None:
    wheels = from_wheels(Path(__file__).parent / "clock.txt", tmp_path)
    folder = Path(tempfile.mkdtemp(prefix="clock-"))  # open to whom PostgreSQL runs as, too
    folder.chmod(0o755)
    library = shutil.copy(next(wheels.rglob("libfaketime.so.1")), folder)
    ahead = (INSTANT - datetime.now(UTC)).total_seconds()
    environ = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{ahead:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # of an old glibc's waits: it takes time of every call
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", *TESTS],
        cwd=REPOSITORY,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stdout[-4000:]
