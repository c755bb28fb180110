"""What the ledger's commands do where no stack ever ran."""

from collections.abc import Callable

import pytest
from local import StackError, ledger_commands
from local.settings import Settings


@pytest.mark.parametrize("verb", [ledger_commands.verify, ledger_commands.health, ledger_commands.export])
def test_a_ledger_that_is_not_there_is_not_made_to_be_found_whole(
    verb: Callable[[Settings], int], settings: Settings
) -> None:
    with pytest.raises(StackError, match=r"^There is no ledger in .*: `make run` makes one\."):
        verb(settings)
    assert not (settings.state / "postgres").exists()


def test_no_pack_is_made_of_a_ledger_that_is_not_there(settings: Settings) -> None:
    asked = Settings.read({**settings.environ, "MONTH": "2026-10"})
    with pytest.raises(StackError, match=r"^There is no ledger in .* call `qbank-ledger close` there"):
        ledger_commands.close(asked)
