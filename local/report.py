"""What a run left in the ledger, for people: the counts of its outcomes, the newest balances."""

from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.database import engine_for, transaction

# A dag_run_id is not unique, and a cleared run has more than one execution: the newest counts.
_RUN = text(
    "SELECT run_no, state, dry_run, expected, published, quarantined, failed "
    "FROM sync.run WHERE dag_run_id = :dag_run_id ORDER BY run_no DESC LIMIT 1"
)
_BALANCES = text(
    "SELECT name, account_id, currency, available_balance, ledger_balance, observed_at "
    "FROM ledger.latest_balance WHERE active ORDER BY currency, name, account_id"
)
_MOST_ROWS = 40


def outcome_counts(ledger: URL, dag_run_id: str, *, role: str | None = None) -> str | None:
    """One sentence on the run's outcomes; None where the ledger knows no such run."""
    with transaction(engine_for(ledger, role)) as connection:
        run = connection.execute(_RUN, {"dag_run_id": dag_run_id}).one_or_none()
    if run is None:
        return None
    done = f"{run.published or 0} published"
    if run.dry_run:
        done = f"{run.expected - (run.quarantined or 0) - (run.failed or 0)} would be published"
    return (
        f"Run {run.run_no} is {run.state}: of {run.expected} accounts {done}, "
        f"{run.quarantined or 0} quarantined, {run.failed or 0} failed."
    )


def print_balances(ledger: URL) -> None:
    """The newest balance of each active account, as an analyst sees it."""
    with transaction(engine_for(ledger, role=None)) as connection:
        rows = connection.execute(_BALANCES).all()
    table = Table(title="Newest balances", box=box.SIMPLE)
    for heading in ("Account", "Currency", "Available", "Ledger", "Observed at (UTC)", "Account id"):
        number = heading in ("Available", "Ledger")
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            row.name,
            row.currency,
            f"{row.available_balance:,f}",
            f"{row.ledger_balance:,f}",
            f"{row.observed_at:%Y-%m-%d %H:%M:%S}",
            row.account_id,
        )
    # Wider than any terminal: a line may be folded there, but no digit is ever cut off.
    console = Console(width=400, soft_wrap=True, highlight=False)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"… and {len(rows) - _MOST_ROWS} more in ledger.latest_balance.")
