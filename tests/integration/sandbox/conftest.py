"""The bank: a sandbox of a module's, or of a test's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.words.bank import SandboxProcess


@pytest.fixture(scope="session")
def accounts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 accounts, as a CSV."""
    path = tmp_path_factory.mktemp("accounts") / "accounts.csv"
    lines = (f"acc-{number:04d},{('EUR', 'JPY', 'BHD')[number % 3]}\n" for number in range(2000))
    path.write_text("account_id,currency\n" + "".join(lines))
    return path


@pytest.fixture
def start(tmp_path: Path, accounts_file: Path) -> Iterator[Callable[..., SandboxProcess]]:
    """Start a sandbox with these arguments; all are ended with the test."""
    started: list[SandboxProcess] = []

    def begin(*arguments: str) -> SandboxProcess:
        log = tmp_path / f"sandbox-{len(started)}.log"
        started.append(SandboxProcess(log, "--accounts", str(accounts_file), *arguments))
        return started[-1]

    yield begin
    for sandbox in started:
        sandbox.stop()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, accounts_file: Path) -> Iterator[SandboxProcess]:
    """A sandbox without a scenario, shared by a module's tests."""
    running = SandboxProcess(
        tmp_path_factory.mktemp("sandbox") / "sandbox.log", "--accounts", str(accounts_file)
    )
    yield running
    running.stop()
