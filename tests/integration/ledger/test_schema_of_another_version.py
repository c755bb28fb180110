"""A ledger at another schema than this version's: whoever asks for it is told, in one sentence, what to upgrade."""

import io
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from qbank_ledger.db.migrate import migrate, newest_revision
from qbank_ledger.errors import LedgerError, NotMigratedError, UnknownSchemaError
from qbank_ledger.export.csv_table import CsvTable
from qbank_ledger.export.file import export_balances
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.seals.verify import verify
from tests.words.books import GL_HEADER
from tests.words.ledger import Ledger


def load(ledger: Ledger) -> object:
    (ledger.folder / "gl.csv").write_text(f"{GL_HEADER}\nQB01,1100,EUR,2026-10-05,1.00\n")
    return load_file(ledger.engine, ledger.folder / "gl.csv", "gl")


READERS_AND_RUNS: dict[str, Callable[[Ledger], object]] = {
    "plan": Ledger.plan,
    "verify": lambda ledger: verify(ledger.engine),
    "export": lambda ledger: export_balances(ledger.engine, io.StringIO(), CsvTable, print),
    "close": lambda ledger: close_month(ledger.engine, "2026-10", ledger.folder),
    "load": load,
    "reconcile": lambda ledger: reconcile(ledger.engine),
}
EVERYBODY = {"migrate": lambda ledger: migrate(ledger.url), **READERS_AND_RUNS}


@pytest.fixture
def at(ledger_url: URL, tmp_path: Path) -> Callable[[str], Ledger]:
    """A ledger with the mark of a revision."""

    def stamped(revision: str) -> Ledger:
        ledger = Ledger(ledger_url, tmp_path)
        ledger.rows("UPDATE ledger.alembic_version SET version_num = :revision", revision=revision)
        ledger.owner.dispose()
        return ledger

    return stamped


def said(caught: "pytest.ExceptionInfo[LedgerError]") -> str:
    return str(caught.value)


@pytest.mark.parametrize("who", EVERYBODY)
def test_an_old_program_on_a_newer_schema_is_told_to_upgrade_the_package(
    who: str, at: Callable[[str], Ledger]
) -> None:
    with pytest.raises(UnknownSchemaError) as caught:
        EVERYBODY[who](at("0042_later"))
    package = "airflow-provider-qbank-ledger"
    assert said(caught) == (
        f"The ledger database is at schema 0042_later, which {package} {version(package)} does not know: "
        f"upgrade the package {package} to the version that migrated it, or a newer one."
    )


@pytest.mark.parametrize("who", READERS_AND_RUNS)
def test_a_ledger_of_an_unreleased_state_says_so(who: str, at: Callable[[str], Ledger]) -> None:
    with pytest.raises(NotMigratedError) as caught:
        READERS_AND_RUNS[who](at("0007_words"))
    assert said(caught) == (
        "The ledger database is at schema 0007_words (which was never released), but this version needs "
        f"{newest_revision()}: run `make migrate` or `qbank-ledger migrate`."
    )
