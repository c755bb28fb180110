"""An account beside the books: its reconciliations, and who signed them."""

from collections.abc import Iterable
from typing import Any

from qbank_page.frame import tones
from qbank_page.frame.table import SHOWN, Column, Local, Table, amount, date_link
from qbank_page.frame.tones import mark


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
        empty="No date in this range has been reconciled: load the books and run qbank_reconciliation.",
        shown=SHOWN,
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
        empty="Nobody has signed any date in this range.",
        shown=SHOWN,
    )
