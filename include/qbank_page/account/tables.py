"""The tables of an account's page, and the numbers of its chart."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from qbank_page.frame import tones
from qbank_page.frame.table import Column, Link, Local, Mark, Table, amount, date_link, run_link
from qbank_page.frame.tones import mark

_SHOWN = 50


def _on(account: Any, day: date, base: str) -> str:
    return f"{base}/accounts/{account.account_id}?on={day}#versions"


def hours(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The balances by hour; a gap has a reason."""
    zone = account.time_zone
    return Table(
        name="balances",
        caption="Balances by hour",
        columns=(
            Column("hour", "Hour"),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("currency", "Currency"),
            Column("observed_at", "Observed"),
            Column("versions", "Version", number=True),
            Column("reason", "Why there is none"),
        ),
        rows=[
            {
                "hour": Local(row.as_of_hour, zone),
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "available_balance": amount(row.available_balance, row.minor_units),
                "currency": row.currency,
                "observed_at": row.observed_at and Local(row.observed_at, zone),
                "versions": row.revision
                and Link(str(row.revision), _on(account, Local(row.as_of_hour, zone).date, base)),
                "reason": row.reason,
            }
            for row in rows
        ],
        empty="No hour of the account lies in this range: choose other dates.",
    )


def days(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The closings by day, or of each month's last day; a gap has a reason."""
    return Table(
        name="balances",
        caption="Closings",
        columns=(
            Column("date", "Date"),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("currency", "Currency"),
            Column("observed_at", "Observed"),
            Column("state", "State"),
            Column("reason", "Why there is none"),
        ),
        rows=[
            {
                "date": Link(row.as_of_date.isoformat(), _on(account, row.as_of_date, base)),
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "available_balance": amount(row.available_balance, row.minor_units),
                "currency": row.currency,
                "observed_at": row.observed_at and Local(row.observed_at, account.time_zone),
                "state": _day_state(row),
                "reason": row.reason,
            }
            for row in rows
        ],
        empty="No date of the account lies in this range: choose other dates.",
        note="A closing is the day's last observation, its grace included; nothing is carried over.",
    )


def _day_state(row: Any) -> Mark | None:
    if row.is_provisional:
        return Mark("not over yet")
    return Mark("stale", "warn") if row.is_stale else None


def chart(rows: Sequence[Any], by: str, account: Any) -> dict[str, Any]:
    """What static/chart.js draws: instants, balances as nearly as a drawing has them, and their exact text.

    Rows come oldest first. What is in another currency than the account's would be drawn to another scale:
    it is a gap.
    """
    same = [row["currency"] == account.currency and row["ledger_balance"] is not None for row in rows]
    return {
        "by": by,
        "zone": account.time_zone if by == "hours" else "UTC",
        "at": [_instant(row) for row in rows],
        "series": [
            {
                "label": title,
                "values": [
                    float(row[key].value) if here else None for row, here in zip(rows, same, strict=True)
                ],
                "texts": [
                    row[key].grouped() if here else (row["reason"] or f"in {row['currency']}")
                    for row, here in zip(rows, same, strict=True)
                ],
            }
            for key, title in (
                ("ledger_balance", "Ledger balance"),
                ("available_balance", "Available balance"),
            )
        ],
    }


def _instant(row: Any) -> int:
    if "hour" in row:
        return int(row["hour"].at.timestamp())
    return int(datetime.combine(date.fromisoformat(row["date"].text), time(), UTC).timestamp())


def gaps(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The hours without a balance."""
    zone = account.time_zone
    return Table(
        name="missing",
        caption="Missing hours",
        columns=(
            Column("first_hour", "From the hour"),
            Column("last_hour", "To the hour"),
            Column("hours", "Hours", number=True),
            Column("reason", "Reason"),
            Column("run_no", "Run that tried last", number=True),
        ),
        rows=[
            {
                "first_hour": Local(row.first_hour, zone),
                "last_hour": Local(row.last_hour, zone),
                "hours": row.hours,
                "reason": row.reason,
                "run_no": run_link(row.run_no, base),
            }
            for row in rows
        ],
        empty="None in this range: every hour that is over has a balance.",
        shown=_SHOWN,
    )


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
        empty="No balance was observed in an hour that begins on this date: choose another.",
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
        said.append(f"By version {row.next_revision}, of run {row.next_run_no}")
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
            Column("retry_after", "Bank asked to wait"),
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
        empty="The newest runs did not ask for it: look at the accounts file, and at Runs.",
        shown=_SHOWN,
    )


def reconciliations(rows: Iterable[Any], account: Any, base: str) -> Table:
    """Every version of the range's dates."""
    money = (
        "bank_balance",
        "gl_balance",
        "difference",
        "bank_items",
        "book_items",
        "unexplained",
        "tolerance",
    )
    titles = ("Bank", "GL", "Difference", "Bank items", "Book items", "Unexplained", "Tolerance")
    return Table(
        name="reconciliations",
        caption="Reconciliations",
        columns=(
            Column("date", "Date"),
            Column("version", "Version", number=True),
            Column("status", "Status"),
            *(Column(key, title, number=True) for key, title in zip(money, titles, strict=True)),
            Column("currency", "Currency"),
            Column("cause", "Cause"),
            Column("opened_on", "Open since"),
            Column("age_days", "Days open", number=True),
            Column("members", "Accounts compared", number=True),
            Column("provisional", "Provisional"),
            Column("compared_at", "Compared"),
            Column("sign_off", "Sign-off"),
        ),
        rows=[
            {
                "date": date_link(row.as_of_date, base),
                "version": row.version,
                "status": mark(row.status, tones.STATUSES),
                **{key: amount(getattr(row, key), row.minor_units) for key in money},
                "currency": row.currency,
                "cause": row.cause,
                "opened_on": row.opened_on,
                "age_days": row.age_days,
                "members": row.members,
                "provisional": row.provisional,
                "compared_at": Local(row.compared_at, account.time_zone),
                "sign_off": row.sign_off and mark(row.sign_off, tones.SIGN_OFFS),
            }
            for row in rows
        ],
        empty="No date of this range was compared: load the books, and run qbank_reconciliation.",
        shown=_SHOWN,
    )


def sign_offs(rows: Iterable[Any], account: Any) -> Table:
    """Who signed what, newest first."""
    return Table(
        name="sign_offs",
        caption="Sign-offs",
        columns=(
            Column("date", "Date"),
            Column("version", "Version", number=True),
            Column("state", "Action"),
            Column("actor", "By"),
            Column("via", "Through the login"),
            Column("at", "When"),
            Column("comment", "Comment"),
        ),
        rows=[
            {
                "date": row.as_of_date,
                "version": row.version,
                "state": mark(row.state, tones.SIGN_OFFS),
                "actor": row.actor,
                "via": row.via,
                "at": Local(row.at, account.time_zone),
                "comment": row.comment,
            }
            for row in rows
        ],
        empty="Nobody has signed a date of this range.",
        shown=_SHOWN,
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
            Column("previous_sha256", "Of the seal before it"),
        ),
        rows=[
            {
                "seal_no": row.seal_no,
                "first_hour": Local(row.first_hour, zone),
                "last_hour": Local(row.last_hour, zone),
                "run_no": run_link(row.run_no, base),
                "row_count": row.row_count,
                "sealed_at": Local(row.sealed_at, zone),
                "sha256": row.sha256,
                "previous_sha256": row.previous_sha256,
            }
            for row in rows
        ],
        empty="It has no balance yet, so there is nothing sealed.",
        note="`make verify` recomputes the chain of seals.",
    )
