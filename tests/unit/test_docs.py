"""The documents are held to the project: their links, their commands, their relations, their reasons."""

import re
from pathlib import Path

import pytest
import yaml

from qbank_ledger.sync.rules import RULES

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Where a relation that does not exist would mislead: the decisions may name what was given up.
OF_THE_LEDGER = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "runbook.md",
]
SQL = "".join(
    file.read_text() for file in sorted((ROOT / "include/qbank_ledger/db/migrations").glob("*/*.sql"))
)
RELATION = re.compile(r"\b(?:ledger|sync)\.[a-z_]+\b(?!\.)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def targets(makefile: str) -> dict[str, str]:
    """The Makefile's targets, and what `make help` says of each."""
    return dict(re.findall(r"^([a-z-]+):[^#\n]*(?:## (.*))?$", makefile, re.MULTILINE))


def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problems_with_links(document: Path) -> list[str]:
    text = FENCE.sub("", document.read_text())
    problems = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, fragment = link.partition("#")
        if "://" in link:
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            problems.append(f"{link}: no such file")
        elif fragment and fragment not in anchors(target):
            problems.append(f"{link}: no such heading")
    return problems


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    assert problems_with_links(document) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b`, c!\n[good](page.md#a-b-c) [good](#a-b-c) [bad](none.md) [bad](#none)\n")
    assert problems_with_links(page) == ["none.md: no such file", "#none: no such heading"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:`|^|run=\$\()make ([a-z-]+)", document.read_text(), re.MULTILINE))
    assert named <= set(targets((ROOT / "Makefile").read_text()))


def test_the_readme_names_every_target_of_make_help() -> None:
    readme = (ROOT / "README.md").read_text()
    helped = {target for target, does in targets((ROOT / "Makefile").read_text()).items() if does}
    assert len(helped) > 10
    assert {target for target in helped if f"`make {target}" not in readme} == set()


@pytest.mark.parametrize("document", OF_THE_LEDGER, ids=name)
def test_every_relation_that_is_named_is_in_the_schema(document: Path) -> None:
    made = set(
        re.findall(r"\b(?:TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|DOMAIN) ((?:ledger|sync)\.[a-z_0-9]+)", SQL)
    )
    named = set(RELATION.findall(document.read_text()))
    assert named - made == set()


def test_the_runbook_has_every_reason_of_the_audit() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert [rule.name for rule in RULES if f"`{rule.name}`" not in runbook] == []


def test_the_readme_has_every_key_of_the_accounts_file() -> None:
    accounts = yaml.safe_load((ROOT / "include" / "config" / "accounts.yaml").read_text())
    keys = {key for entry in (accounts["defaults"], *accounts["accounts"]) for key in entry}
    readme = (ROOT / "README.md").read_text()
    assert {key for key in keys if f"\n| `{key}` |" not in readme} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_path_in_backticks_exists(document: Path) -> None:
    """Of those that begin with a folder of the project; `…`, `*` and capitals stand for others."""
    text = FENCE.sub("", document.read_text())
    folders = "dags|plugins|include|local|tests|docs"
    paths = re.findall(rf"`((?:{folders})/[a-z0-9_./-]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_hook_before_a_commit_is_a_program_of_the_venv() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "nothing is fetched"
    makefile = (ROOT / "Makefile").read_text()
    for hook in hooks[0]["hooks"]:
        program = hook["entry"].removeprefix(".venv/bin/python ").split(" --")[0]
        assert f"$(PYTHON) {program}" in makefile, "make check does the same"
