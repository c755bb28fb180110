"""The Makefile's verbs, the locks, and the set-up's one sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from local import bootstrap
from local.__main__ import VERBS
from local.settings import ROOT

CONTRACT = {
    *("run", "test", "setup", "sync", "reconcile", "close", "export", "migrate", "psql"),
    *("stop", "status", "clean", "check", "verify", "health", "bench", "help"),
}
PINS = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(name: str) -> set[tuple[str, str]]:
    return set(PINS.findall((ROOT / name).read_text("utf-8")))


def test_make_help_has_a_line_for_every_verb_of_the_contract() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in said.splitlines()} >= CONTRACT


def test_every_argument_that_a_verb_reads_counts_on_the_command_line_alone() -> None:
    read = set[str]()
    for module in ("ledger_commands", "__main__"):
        text = (ROOT / f"local/{module}.py").read_text("utf-8")
        read |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z]+)"', text))
        read |= set(re.findall(r'given\("([A-Z]+)"\)', text))
        read |= set(re.findall(r'"--[\w-]+"(?::|\] =) "([A-Z]+)"', text))
    assert {"SQL", "CONF", "MONTH", "FORMAT", "SHEET", "DATE", "VERSION", "SENDER"} <= read
    assert read - set(BY_THE_COMMAND_LINE_ALONE) - {"PGOPTIONS"} == set()


def test_every_verb_that_the_makefile_calls_is_there() -> None:
    called = set(re.findall(r"-m local ([\w-]+)", (ROOT / "Makefile").read_text("utf-8")))
    assert called == set(VERBS)


def test_what_an_export_takes_is_read_from_the_command_line_alone_and_as_it_was_typed() -> None:
    shown = """import os; print([os.environ.get(name) for name in ("FORMAT", "OUT", "VERSION", "SENDER")])"""

    def given(*arguments: str) -> str:
        done = subprocess.run(
            # What stands in for Python shows its environment, and leaves the rest of the line alone.
            ["make", "--old-file=setup", f"PYTHON={sys.executable} -c '{shown}' #", "export", *arguments],
            cwd=ROOT, env={**os.environ, "OUT": "build", "VERSION": "9", "SENDER": "me"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    assert given("FORMAT=csv") == "['csv', '', '', '']\n"
    assert given("FORMAT=camt052", "OUT=a$b c", "VERSION=001.08") == "['camt052', 'a$b c', '001.08', '']\n"
    assert given("FORMAT=bai2", "SENDER=a$b #1") == "['bai2', '', '', 'a$b #1']\n"


# Names that an environment may well have for something else.
BY_THE_COMMAND_LINE_ALONE = (
    *("BEFORE", "FAULT", "MONTH", "FORMAT", "OUT", "VERSION", "SENDER", "RECEIVER", "SQL", "CONF", "FILE"),
    *("PROFILE", "SHEET", "DATE", "ENTITY", "CURRENCY"),
)


@pytest.mark.parametrize("name", [*BY_THE_COMMAND_LINE_ALONE, "ANY_OTHER"])
@pytest.mark.parametrize("by_the_environment", [False, True])
def test_no_argument_of_make_is_expanded(name: str, by_the_environment: bool, tmp_path: Path) -> None:
    shown = f"""import os; print(ascii(os.environ.get("{name}")))"""
    for number, run in enumerate(("$(shell touch {})", "${{shell touch {}}}", "`touch {}`", "$$(touch {})")):
        value = f'it\'s {run.format(tmp_path / str(number))} "#" $$ $x %\ntwo\t$(error no)'
        stand_in = f"PYTHON={sys.executable} -c '{shown}' #"
        done = subprocess.run(
            ["make", "--old-file=setup", stand_in, "close", *([] if by_the_environment else [f"{name}={value}"])],
            cwd=ROOT, env={**os.environ, **({name: value} if by_the_environment else {})},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        ignored = by_the_environment and name in BY_THE_COMMAND_LINE_ALONE
        assert done.stdout == f"{'' if ignored else value!a}\n"
    assert list(tmp_path.iterdir()) == []


def test_both_locks_have_the_same_version_of_a_package() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "local/uv.txt"])
def test_every_locked_package_has_a_hash_and_no_lock_names_a_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert len(re.findall(r"^\S+==.*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(pins(name)) > 0
    assert not re.search(r"://|--index|--find-links|^-e|^\.|^/", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("lock", "inputs"),
    [("requirements.lock", "requirements.txt"), ("requirements-dev.lock", "requirements-dev.txt")],
)
def test_the_locks_have_what_the_requirements_ask_for(lock: str, inputs: str) -> None:
    locked = {f"{name.lower()}=={version}" for name, version in pins(lock)}
    asked = re.findall(r"^([A-Za-z0-9._-]+)(?:\[\w+\])?==(\S+)", (ROOT / inputs).read_text(), re.MULTILINE)
    assert {f"{name.lower()}=={version}" for name, version in asked} <= locked


def test_a_python_that_does_not_fit_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    assert bootstrap.main() == 1
    assert re.fullmatch(
        r"Python 3\.11 to 3\.13 is needed .*: install one of these\.\n", capsys.readouterr().err
    )
