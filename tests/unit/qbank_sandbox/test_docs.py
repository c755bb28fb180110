"""docs/sandbox.md says what the program does: its table, its scenario and its options are held to it."""

import re
from pathlib import Path

import pytest

from qbank_sandbox.__main__ import main
from qbank_sandbox.catalogue import markdown
from qbank_sandbox.scenario_file import read_scenario

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()


def test_the_page_lists_every_fault_as_the_program_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"], {}) == 0
    assert capsys.readouterr().out == markdown()
    assert f"\n{markdown()}\n" in PAGE, "put the output of `python -m qbank_sandbox --list-faults` there"


def test_the_scenario_on_the_page_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "scenario.yaml"
    path.write_text(example)
    scenario = read_scenario(path)
    assert scenario.rate_limit == 100
    assert {name: len(rules) for name, rules in scenario.rules.items()} == {"balances": 5, "token": 2}


def test_every_option_that_the_page_names_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"], {})
    known = capsys.readouterr().out
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    assert named
    assert all(option in known for option in named)
