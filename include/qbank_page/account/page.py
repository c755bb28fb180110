"""An account: what it is, its balances over time, and all that the ledger keeps of how they came to be."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount
from qbank_page.account import balances, origins, signed
from qbank_page.account.chart import chart
from qbank_page.account.range import Asked, Range, hours_of
from qbank_page.account.sql import execute
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.table import Cell, Local, Table
from qbank_page.frame.threads import OwnThreads

router = APIRouter(route_class=OwnThreads)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RUNS, _SEALED = 100, 24


@router.get("/accounts/{account_id}")
@router.get("/accounts/{account_id}.csv")
def account(
    request: Request, visitor: SignedIn, account_id: str, asked: Annotated[Asked, Query()]
) -> Response:
    """Its balances as a chart and a table, and all that the ledger keeps of how they came to be."""
    base = request.scope["root_path"]
    with desk_of(request).ledger.reading() as connection:
        found = _found(connection, account_id)
        range_ = Range.of(asked, found)
        on = min(asked.on or range_.until, found.today)
        shown = [
            replace(table, shown=None) if table.name == asked.whole else table
            for table in _tables(connection, found, range_, on, base)
        ]
    query = {"by": range_.by, "from": range_.since, "to": range_.until, "on": on}

    def address(of: str, **more: str) -> str:
        return f"{base}/accounts/{account_id}{of}?{urlencode({**query, **more})}"

    return show(
        request,
        visitor,
        "account/page.html.j2",
        tables=shown,
        account=found,
        facts=_facts(found),
        range=range_,
        on=on,
        chart=chart(shown[0].rows[::-1], range_.by, found),
        whole=asked.whole,
        csv_of=lambda name: address(".csv", table=name),
        all_of=lambda name: address("", all=name),
        first_of=lambda: address(""),
    )


def _found(connection: Connection, account_id: str) -> Any:
    found = None
    if _ID.fullmatch(account_id):
        found = execute(connection, "account", account_id=account_id).one_or_none()
    if found is None:
        raise HTTPException(
            404, f"The ledger has no account {account_id}: look under Position, or in the accounts file."
        )
    return found


def _tables(connection: Connection, account: Any, range_: Range, on: date, base: str) -> Sequence[Table]:
    id_ = account.account_id
    dates = {"account_id": id_, "since": range_.since, "until": range_.until}
    hours = {"account_id": id_, **range_.instants(account.begins_at, account.read_at)}
    if range_.by == "hours":
        points = balances.hours(execute(connection, "account_hours", **hours), account, base)
    else:
        months = range_.by == "months"
        points = balances.days(
            execute(connection, "account_days", **dates, today=account.today, months=months), account, base
        )
    versions = {"account_id": id_, **hours_of(on, on, range_.zone)}
    return (
        points,
        balances.gaps(execute(connection, "account_gaps", **hours), account, base),
        origins.versions(execute(connection, "account_versions", **versions), account, on, base),
        origins.outcomes(execute(connection, "account_outcomes", account_id=id_, runs=_RUNS), account, base),
        signed.reconciliations(execute(connection, "account_reconciliations", **dates), account, base),
        signed.sign_offs(execute(connection, "account_sign_offs", **dates), account),
        origins.seals(execute(connection, "account_seals", account_id=id_, hours=_SEALED), account, base),
    )


def _facts(account: Any) -> Sequence[tuple[str, Cell]]:
    """What the account is, each with its name."""
    zone = account.time_zone
    minimum = account.minimum_balance
    return (
        ("Id", account.account_id),
        ("Entity", account.entity),
        ("GL account", account.gl_account),
        ("Currency", account.currency),
        ("Bank account", account.bank_account or "not given"),
        ("Bank", account.bank_id or "not given"),
        ("Time zone", zone),
        ("Day closes at", f"{account.cut_off:%H:%M}" if account.cut_off else "midnight"),
        ("Grace period", timedelta(minutes=account.closing_grace_minutes)),
        ("Stale after", timedelta(minutes=account.max_age_minutes)),
        ("Tolerance", Amount(account.tolerance, account.minor_units)),
        ("Minimum balance", "none" if minimum is None else Amount(minimum, account.minor_units)),
        ("Active", account.active),
        ("Expected since", Local(account.opened_at, zone) if account.opened_at else "never yet"),
        ("Expected until", Local(account.closed_at, zone) if account.closed_at else None),
        ("Read from the accounts file", Local(account.updated_at, zone)),
    )
