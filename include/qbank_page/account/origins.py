"""How an account's balances came to be: the versions of an hour, the runs that asked, the seals over them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from qbank_page.frame import tones
from qbank_page.frame.table import SHOWN, Column, Local, Mark, Table, amount, digest, run_link
from qbank_page.frame.tones import mark


def versions(rows: Iterable[Any], account: Any, on: date, base: str) -> Table:
    """Every version of a date's hours, and what became of it."""
    zone = account.time_zone
    return Table(
        name="versions",
        caption=f"Versions of the hours of {on}",
        columns=(
            Column("hour", "Hour"),
            Column("revision", "Version", number=True),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("currency", "Currency"),
            Column("observed_at", "Observed"),
            Column("recorded_at", "Published"),
            Column("run_no", "Run", number=True),
            Column("seal_no", "Seal", number=True),
            Column("state", "State"),
            Column("superseded_at", "Replaced"),
            Column("remark", "Remark"),
        ),
        rows=[
            {
                "hour": Local(row.as_of_hour, zone),
                "revision": row.revision,
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "available_balance": amount(row.available_balance, row.minor_units),
                "currency": row.currency,
                "observed_at": Local(row.observed_at, zone),
                "recorded_at": Local(row.recorded_at, zone),
                "run_no": run_link(row.run_no, base),
                "seal_no": row.seal_no,
                "state": _version_state(row),
                "superseded_at": row.superseded_at and Local(row.superseded_at, zone),
                "remark": _version_remark(row),
            }
            for row in rows
        ],
        empty="No balance was observed on this date: choose another.",
    )


def _version_state(row: Any) -> Mark:
    if row.superseded_at is None:
        return Mark("in force", "good")
    return Mark("set aside", "warn") if row.set_aside_by else Mark("replaced")


def _version_remark(row: Any) -> str | None:
    said = []
    if row.set_aside_by:
        said.append(f"Set aside by {row.set_aside_by}: {row.set_aside_reason}")
    elif row.superseded_at and row.next_revision:
        said.append(f"Replaced by version {row.next_revision}, of run {row.next_run_no}")
    if row.released_by:
        said.append(f"Released from quarantine by {row.released_by}: {row.release_reason}")
    return "\n".join(said) or None


def outcomes(rows: Iterable[Any], account: Any, base: str) -> Table:
    """What became of it in its newest runs."""
    zone = account.time_zone
    return Table(
        name="outcomes",
        caption="Outcomes of its newest runs",
        columns=(
            Column("run_no", "Run", number=True),
            Column("started_at", "Started"),
            Column("outcome", "Outcome"),
            Column("reasons", "Reasons"),
            Column("http_status", "HTTP status"),
            Column("attempts", "Requests", number=True),
            Column("observed_at", "Observed"),
            Column("retry_after", "Wait requested by bank"),
            Column("released_at", "Released"),
        ),
        rows=[
            {
                "run_no": run_link(row.run_no, base),
                "started_at": Local(row.started_at, zone),
                "outcome": mark(row.outcome or "open", tones.OUTCOMES),
                "reasons": ", ".join(row.reasons or ()) or None,
                "http_status": None if row.http_status is None else str(row.http_status),
                "attempts": row.attempts,
                "observed_at": row.observed_at and Local(row.observed_at, zone),
                "retry_after": None if row.retry_after_s is None else f"{row.retry_after_s} s",
                "released_at": row.released_at and Local(row.released_at, zone),
            }
            for row in rows
        ],
        empty="None of the newest runs asked for this account: check the accounts file and the Runs page.",
        shown=SHOWN,
    )


def seals(rows: Iterable[Any], account: Any, base: str) -> Table:
    """Those over its newest rows."""
    zone = account.time_zone
    return Table(
        name="seals",
        caption="Seals over its newest balances",
        columns=(
            Column("seal_no", "Seal", number=True),
            Column("first_hour", "From the hour"),
            Column("last_hour", "To the hour"),
            Column("run_no", "Run", number=True),
            Column("row_count", "Rows sealed", number=True),
            Column("sealed_at", "Sealed"),
            Column("sha256", "SHA-256"),
            Column("previous_sha256", "Previous seal's hash"),
        ),
        rows=[
            {
                "seal_no": row.seal_no,
                "first_hour": Local(row.first_hour, zone),
                "last_hour": Local(row.last_hour, zone),
                "run_no": run_link(row.run_no, base),
                "row_count": row.row_count,
                "sealed_at": Local(row.sealed_at, zone),
                "sha256": digest(row.sha256),
                "previous_sha256": digest(row.previous_sha256),
            }
            for row in rows
        ],
        empty="This account has no balance yet, so nothing is sealed.",
        note="qbank-ledger verify recomputes the chain of seals.",
    )
