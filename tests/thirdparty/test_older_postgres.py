"""The ledger on the oldest PostgreSQL that it supports, or the oldest that Debian has: its own tests, once more."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.thirdparty.program import from_debian, succeeds

# What a server's version can change: schema, rights, triggers, time; not the month of hours, nor Great Expectations.
TESTS = [
    f"tests/integration/ledger/test_{name}.py"
    for name in (
        "publish",
        "roles",
        "release",
        "verify",
        "time",
        "coverage",
        "settle",
        "clock_ahead",
        "jit",
        "retention",
    )
]
SUPPORTED = (15, 16, 17)


def oldest() -> int:
    for version in SUPPORTED:
        if Path(f"/usr/lib/postgresql/{version}/bin/postgres").exists() or succeeds(
            ["apt-cache", "show", f"postgresql-{version}"]
        ):
            return version
    pytest.fail("Neither this machine nor its packages have a PostgreSQL: install postgresql-15.")


@pytest.mark.timeout(600)
def test_the_ledgers_tests_pass_on_an_older_server() -> None:
    program, environ = from_debian("postgres", f"postgresql-{oldest()}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", *TESTS],
        cwd=REPOSITORY,
        env={**environ, "QBANK_TEST_POSTGRES": str(Path(program).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
