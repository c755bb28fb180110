"""Position: what is where, how old it is, and what moved since yesterday's closing."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount, total
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.finding import by_entity_and_currency, is_named
from qbank_page.frame.pages import Pages
from qbank_page.frame.table import Column, Link, Local, Table, amount
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.tones import BALANCES, mark
from qbank_page.position.conversion import conversion, reporting_currencies
from qbank_page.position.drawing import line
from qbank_page.position.sql import execute

router = APIRouter(route_class=OwnThreads)
_TOTALS = (
    Column("entity", "Entity"),
    Column("currency", "Currency"),
    Column("ledger_balance", "Ledger balance", number=True),
    Column("available_balance", "Available balance", number=True),
    Column("accounts", "Accounts", number=True),
    Column("stale", "Stale", number=True),
    Column("missing", "Without balance", number=True),
)
_ACCOUNTS = (
    Column("name", "Account"),
    Column("entity", "Entity"),
    Column("gl_account", "GL account"),
    Column("currency", "Currency"),
    Column("ledger_balance", "Ledger balance", number=True),
    Column("available_balance", "Available balance", number=True),
    Column("moved", "Since yesterday's closing", number=True),
    Column("line", "7 days", drawn=True),
    Column("state", "State"),
    Column("age", "Age"),
    Column("reason", "Reason"),
    Column("observed_at", "Observed"),
    Column("account_id", "Id"),
)
_Sort = Literal["", "name", "entity", "currency", "ledger_balance", "available_balance", "age", "state"]


class Filter(BaseModel):
    """What the address asks for; empty: everything."""

    entity: str = ""
    currency: str = ""
    account: str = ""
    state: Literal["", "fresh", "stale", "missing"] = ""
    sort: _Sort = ""
    down: bool = False
    into: Annotated[str, Field(alias="in", pattern="^([A-Z]{3})?$")] = ""
    page: Annotated[int, Query(ge=1, le=100_000)] = 1

    def takes(self, row: Any) -> bool:
        """Whether an account is asked for."""
        return (
            self.entity in ("", row.entity)
            and self.currency in ("", row.currency)
            and self.state in ("", row.state)
            and is_named(row, self.account)
        )

    def sorted(self, rows: Sequence[Any]) -> Sequence[Any]:
        """In the order asked for; what has no value comes last."""
        key = self.sort
        if not key:
            return rows
        known = [row for row in rows if getattr(row, key) is not None]
        unknown = [row for row in rows if getattr(row, key) is None]
        return [*sorted(known, key=lambda row: getattr(row, key), reverse=self.down), *unknown]


@router.get("/position")
@router.get("/position.csv")
def position(request: Request, visitor: SignedIn, asked: Annotated[Filter, Query()]) -> Response:
    """Totals by entity and currency, also in a reporting currency, then the accounts."""
    with desk_of(request).ledger.reading() as connection:
        all_rows = execute(connection, "position").all()
        found = asked.sorted([row for row in all_rows if asked.takes(row)])
        pages = Pages(asked.page, len(found))
        # Of a CSV of totals nobody sees the accounts.
        whole = request.url.path.endswith(".csv") and request.query_params.get("table") in (None, "accounts")
        totals = _totals(found)
        choices = reporting_currencies(connection)
        if asked.into and asked.into not in choices:
            raise HTTPException(
                422, f"There is no exchange rate for {asked.into}: load rates, or choose another currency."
            )
        converted = conversion(connection, asked.into, totals, choices) if asked.into else None
        accounts = _accounts(connection, found if whole else pages.of(found), request.scope["root_path"])
    tables = [
        Table(
            name="accounts",
            caption="Accounts",
            columns=_ACCOUNTS,
            rows=accounts,
            empty="No account matches: widen the filter."
            if all_rows
            else "The ledger has no active account: configure the accounts file and run qbank_balance_sync.",
        ),
        Table(
            name="totals",
            caption="Totals by entity and currency",
            columns=_TOTALS,
            rows=totals,
            empty="No totals to show.",
        ),
        *(converted.tables(request.scope["root_path"]) if converted else ()),
    ]
    return show(
        request,
        visitor,
        "position/page.html.j2",
        tables=tables,
        asked=asked,
        converted=converted,
        choices=choices,
        pages_of=pages,
        entities=sorted({row.entity for row in all_rows}),
        currencies=sorted({row.currency for row in all_rows}),
        sorts=[column for column in _ACCOUNTS if column.key in get_args(_Sort)],
    )


def _totals(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "entity": entity,
            "currency": currency,
            "ledger_balance": _sum(group, "ledger_balance"),
            "available_balance": _sum(group, "available_balance"),
            "accounts": len(group),
            "stale": sum(row.state == "stale" for row in group),
            "missing": sum(row.state == "missing" for row in group),
        }
        for entity, currency, group in by_entity_and_currency(rows)
    ]


def _sum(rows: Sequence[Any], key: str) -> Amount | None:
    known = [row for row in rows if getattr(row, key) is not None]
    return Amount(total(getattr(row, key) for row in known), known[0].minor_units) if known else None


def _accounts(connection: Connection, rows: Sequence[Any], base: str) -> list[dict[str, Any]]:
    ids = [row.account_id for row in rows]
    lines = {row.account_id: row for row in execute(connection, "lines", account_ids=ids)}
    return [_account(row, lines[row.account_id], base) for row in rows]


def _account(row: Any, near: Any, base: str) -> dict[str, Any]:
    comparable = row.ledger_balance is not None and near.closing_currency == row.currency
    return {
        "name": Link(row.name, f"{base}/accounts/{row.account_id}"),
        "account_id": row.account_id,
        "entity": row.entity,
        "gl_account": row.gl_account,
        "currency": row.currency,
        "ledger_balance": amount(row.ledger_balance, row.minor_units),
        "available_balance": amount(row.available_balance, row.minor_units),
        "moved": amount(
            total((row.ledger_balance, near.closing.copy_negate())) if comparable else None, row.minor_units
        ),
        "line": line(near.hours or [], near.balances or []),
        "observed_at": row.observed_at and Local(row.observed_at, near.time_zone),
        "age": row.age,
        "state": mark(row.state, BALANCES),
        "reason": row.reason,
    }
