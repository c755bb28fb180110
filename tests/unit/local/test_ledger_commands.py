"""What the ledger's commands do where no stack ever ran."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from local import StackError, ledger_commands
from local.settings import Settings
from local.stack import Stack

from qbank_ledger.config import packs_place


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


@pytest.mark.parametrize("place", [None, "reports"])
def test_packs_go_below_the_state_directory_unless_another_place_is_given(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str | None
) -> None:
    environ = {name: text for name, text in settings.environ.items() if name != "QBANK_STATE_DIR"}
    asked = Settings.read(environ | {"MONTH": "2026-10"} | ({"QBANK_PACKS": place} if place else {}))
    there = SimpleNamespace(
        settings=asked, cluster=SimpleNamespace(is_made=True), ledger_connection=lambda _login: "postgres://"
    )
    monkeypatch.setattr(Stack, "open", lambda _settings: there)
    given: dict[str, str] = {}

    def run(_command: list[str], *, env: dict[str, str], **_: Any) -> Any:
        given.update(env)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    assert ledger_commands.close(asked) == 0
    assert Path(packs_place(given)) == (ledger_commands.ROOT / place if place else asked.state / "close")
