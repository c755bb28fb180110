"""Settings of a stack that is not there."""

from pathlib import Path

import pytest
from local.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A state directory that does not exist yet, with the ports of the contract."""
    return Settings.read({"QBANK_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"})
