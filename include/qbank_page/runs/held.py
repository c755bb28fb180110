"""What a run holds back: the answer as it came, the rules that held it, and its release by who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount
from qbank_ledger.sync.rules import RULES
from qbank_page.frame.action import Asked, Typed
from qbank_page.frame.answer import back
from qbank_page.frame.pages import Pages
from qbank_page.frame.rights import Rights
from qbank_page.frame.table import Cell, Column, Local, Table
from qbank_page.frame.threads import OwnThreads
from qbank_page.runs.sql import execute

router = APIRouter(route_class=OwnThreads)
_AT_ONCE = 20
_LONGEST = 5_000  # of an answer on the page: the CSV has all of it
_WHY = {rule.name: rule.why for rule in RULES}
# What the ledger never releases: it has not the form of a balance in the account's currency.
_FINAL = {
    "unreadable", "missing_field", "not_finite", "too_precise", "too_large", "account_mismatch",
    "currency_mismatch", "observed_outside_run",
}  # fmt: skip
_COLUMNS = (
    Column("account_id", "Id"),
    Column("name", "Account"),
    Column("entity", "Entity"),
    Column("reasons", "Reasons"),
    Column("rules", "Rules"),
    Column("currency", "Currency of the account"),
    Column("ledger_balance", "Ledger balance read", number=True),
    Column("available_balance", "Available balance read", number=True),
    Column("echoed_account_id", "Account named in answer"),
    Column("echoed_currency", "Currency named in answer"),
    Column("echoed_as_of", "Time named in answer"),
    Column("http_status", "HTTP status"),
    Column("observed_at", "Observed"),
    Column("released_at", "Released"),
    Column("released_by", "By"),
    Column("via", "Through the login"),
    Column("release_reason", "Why"),
    Column("payload", "Answer as received"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is held back, or was: ``facts`` for the page, ``row`` of its table.

    ``is_open``: the visitor might release it, were it not ``is_final``.
    """

    row: Any
    rules: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, Cell]]
    is_open: bool

    @property
    def is_final(self) -> bool:
        """Whether the ledger would refuse its release, whoever asks."""
        return not _FINAL.isdisjoint(self.row.rules or ())

    @property
    def payload(self) -> str | None:
        """What the bank sent, as text; None: nothing of it is left."""
        text: str | None = self.row.payload
        if text is None or len(text) <= _LONGEST:
            return text
        return f"{text[:_LONGEST]}\n… ({len(text):,} characters: the CSV has all of them)"


def pages_of(connection: Connection, run_no: int, asked: int) -> Pages:
    """The pages of a run's answers that are held back, or were."""
    return Pages(asked, execute(connection, "count_held", run_no=run_no).scalar_one(), _AT_ONCE)


def answers(
    connection: Connection, run: Any, pages: Pages, rights: Rights, *, whole: bool = False
) -> list[Answer]:
    """A page of them, or all; those that are not released come first."""
    rows = execute(
        connection,
        "run_held",
        run_no=run.run_no,
        rows=pages.rows if whole else pages.at_once,
        skipped=0 if whole else pages.before,
    )
    is_over = run.state != "running" and not run.dry_run
    return [
        Answer(
            row=row,
            rules=[(rule, _WHY.get(rule, "This rule no longer exists.")) for rule in row.rules or ()],
            facts=_facts(row),
            is_open=is_over and row.released_at is None and rights.may("release", row.entity),
        )
        for row in rows
    ]


def _facts(row: Any) -> Sequence[tuple[str, Cell]]:
    last = row.last_observed_at
    return (
        ("Held for", ", ".join(row.reasons or ())),
        ("Ledger balance read", _read(row.ledger_balance)),
        ("Available balance read", _read(row.available_balance)),
        ("Currency of the account", row.currency),
        ("Account named in answer", row.echoed_account_id or "none"),
        ("Currency named in answer", row.echoed_currency or "none"),
        ("Time named in answer", row.echoed_as_of or "none"),
        ("HTTP status", None if row.http_status is None else str(row.http_status)),
        ("Observed", Local(row.observed_at, row.time_zone)),
        ("Last good balance before", _last(row, "last_ledger_balance") if last else "none"),
        ("Available then", _last(row, "last_available_balance") if last else None),
        ("Observed then", Local(last, row.time_zone) if last else None),
        ("Released", row.released_at and Local(row.released_at, row.time_zone)),
        ("By", row.released_by and f"{row.released_by}, through the login {row.via}"),
        ("Because", row.release_reason),
        ("Published", row.released_at and _published(row)),
    )


def _read(number: str | None) -> str:
    """What could be read; it may be no amount of money at all, and as long as the bank likes."""
    return (
        "nothing"
        if number is None
        else number
        if len(number) <= 60
        else f"{number[:60]}… ({len(number)} characters)"
    )


def _last(row: Any, key: str) -> str:
    return f"{Amount(getattr(row, key), row.last_minor_units).grouped()} {row.last_currency}"


def _published(row: Any) -> str:
    hour = f"{row.as_of_hour:%Y-%m-%d %H:%M} UTC"
    if row.seal_no is None:
        return f"no: the hour {hour} already had a later observation, which stays"
    return f"under the hour {hour}, with seal {row.seal_no}"


def table(found: Sequence[Answer], run: Any) -> Table:
    """For the CSV: each with its answer, whole."""
    return Table(
        name="held",
        caption="Answers held back",
        columns=_COLUMNS,
        rows=[
            {
                **answer.row._mapping,
                "reasons": ", ".join(answer.row.reasons or ()),
                "rules": ", ".join(answer.row.rules or ()) or None,
                "http_status": None if answer.row.http_status is None else str(answer.row.http_status),
            }
            for answer in found
        ],
        empty=_nothing(run),
    )


def _nothing(run: Any) -> str:
    if run.accounts_dropped_at and run.quarantined:
        return "The answers held back were deleted at the end of their retention period."
    if run.audited_at is None and not run.accounts_dropped_at:
        return f"Nothing{' yet' if run.state == 'running' else ''}: no answer was audited."
    return "Nothing: every answer was fit to publish."


@router.post("/runs/{run_no}/release")
def release(
    request: Request,
    run_no: Annotated[int, Path(ge=1, le=2**63 - 1)],
    action: Asked,
    account_id: Annotated[str, Form(pattern="^[A-Za-z0-9_-]{1,64}$")],
    reason: Annotated[Typed, Form(max_length=2_000)] = "",
) -> Response:
    """Publish an answer that was held back, where the ledger lets the visitor."""
    asked = {"run_no": run_no, "account_id": account_id}
    with action.transaction() as connection:
        seal_no = execute(connection, "release", **asked, reason=reason.strip()).scalar_one()
        now = execute(connection, "released", **asked).one()
    hour = f"{now.as_of_hour:%Y-%m-%d %H:%M} UTC"
    said = f"Its balance is now published under the hour {hour}, with seal {seal_no}."
    if seal_no is None:
        said = f"The hour {hour} is unchanged: run {now.run_no} observed the account later in that hour."
    return back(request, f"runs/{run_no}#held", f"Account {account_id} is released. {said}")
