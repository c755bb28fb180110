"""A stack for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.words.stack import Commands, own_stack


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """The command line for a stack that is not there yet."""
    with own_stack(tmp_path / "state") as commands:
        yield commands
