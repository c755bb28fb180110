"""The pages on books and profiles say what is so: their output is the commands', their keys are the reader's."""

import re
from datetime import date
from pathlib import Path

import pytest

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon.match import GLAccount
from qbank_ledger.recon.preview import Mirror, preview
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.profile_checks import KEYS
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.conftest import REPOSITORY
from tests.words.erp import DATA, built_in, profiles

BOOKS = (REPOSITORY / "docs" / "books.md").read_text()
PROFILES = (REPOSITORY / "docs" / "profiles.md").read_text()
MIRRORED = ("130100", "130110", "130200", "130400", "130600", "230100")


def said(
    profile: Profile, given: Given, monkeypatch: pytest.MonkeyPatch, file: str = "trial-balance.csv"
) -> str:
    """What the preview of the page's file says, its refusal too."""
    monkeypatch.chdir(DATA)
    lines: list[str] = []
    mirrors = [Mirror(GLAccount("QB03", account, "USD"), date(2026, 11, 26)) for account in MIRRORED]
    try:
        preview(Path(file), profile, given, mirrors, lines.append)
    except GLFileError as error:
        lines.append(str(error))
    return "\n".join(lines)


def test_the_previews_on_the_page_are_what_the_command_says(monkeypatch: pytest.MonkeyPatch) -> None:
    balances, items = re.findall(r"```yaml\nprofiles:\n(.*?)```", BOOKS, re.DOTALL)
    ours = profiles(re.sub("^  ", "", balances, flags=re.MULTILINE))["our-netsuite"]
    cheques = profiles(re.sub("^  ", "", items, flags=re.MULTILINE))["our-cheques"]
    for text in (
        said(built_in("netsuite-trial-balance"), Given(entity="QB03", currency="USD"), monkeypatch),
        said(ours, Given(), monkeypatch),
        said(cheques, Given(), monkeypatch, "cheques.csv"),
        said(built_in("plain-rates"), Given(), monkeypatch, "rates.csv"),
    ):
        assert f"```\n{text}\n```" in BOOKS


def test_every_profile_on_the_page_is_one() -> None:
    for yaml in re.findall(r"```yaml\nprofiles:\n(.*?)```", PROFILES, re.DOTALL):
        assert profiles(re.sub("^  ", "", yaml, flags=re.MULTILINE))
    read_gl_sources(REPOSITORY / "include" / "config" / "gl_sources.yaml")


def test_the_page_has_every_key_and_every_built_in_profile_and_no_other() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PROFILES))
    known = KEYS["gl"] | KEYS["items"] | KEYS["rates"]
    assert known - named - set(re.findall(r"`([a-z_]+): ", PROFILES)) - {"numbers"} == set()
    table = set(
        re.findall(
            r"^\| `([a-z-]+)` \| ",
            PROFILES.partition("## Built in")[2].partition("## The file")[0],
            re.MULTILINE,
        )
    )
    assert table == set(read_gl_sources(None).profiles)
