"""The runbook has a section for each kind of alert, and each of its queries runs as it is written."""

import re

import pytest
from sqlalchemy import text

from qbank_ledger.watch.message import KINDS as MESSAGES
from qbank_ledger.watch.problem import KINDS
from tests.conftest import REPOSITORY
from tests.words.watched import Watched

RUNBOOK = (REPOSITORY / "docs" / "runbook.md").read_text("utf-8")
QUERIES = re.findall(r'make psql SQL="(.*?)"', RUNBOOK, re.DOTALL)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_alert_has_a_section_with_commands(kind: str) -> None:
    found = re.search(rf"^### {kind}\n(.*?)^##", RUNBOOK, re.DOTALL | re.MULTILINE)
    assert found
    assert "*Why*" in found[1]
    assert "*Do*" in found[1]
    assert "```sh\nmake " in found[1]
    assert f"| `{kind}` |" in (REPOSITORY / "docs" / "watch.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_alert_says_to_do_can_be_done_wherever_the_ledger_is(kind: str) -> None:
    assert "`make " not in MESSAGES[kind].do


@pytest.mark.parametrize("query", QUERIES, ids=[" ".join(query.split())[:60] for query in QUERIES])
def test_each_query_runs_as_an_analyst(watched: Watched, query: str) -> None:
    with watched.reader.connect() as connection:
        connection.execute(text(query.replace(":", r"\:")))
