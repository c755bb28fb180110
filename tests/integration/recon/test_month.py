"""A seeded month: every planted difference is found, none is invented, by a reckoning of its own."""

import itertools
import random
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.words.books import GL_HEADER, Books, day

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
ACCOUNTS = {f"acc-{n}": ZONES[n % 4] for n in range(8)}
TOLERANCE = Decimal("0.05")
# What a day of an account may hold: how it is planted, then the status and the cause it must come to.
PLANTS = {
    "good": ("matched", None),
    "small": ("within_tolerance", None),
    "swapped": ("break", "transposition"),
    "negated": ("break", "sign"),
    "other": ("break", "unexplained"),
    "no bank": ("missing_bank", "missing_bank_data"),
    "no gl": ("missing_gl", "unexplained"),
    "old": ("stale_bank", "stale"),
}
BANK = Decimal("1234.50")
GL = {
    "small": BANK + TOLERANCE, "swapped": Decimal("1324.50"), "negated": -BANK, "other": BANK + 100,
}  # fmt: skip


def expected(planted: dict[date, str]) -> Iterator[tuple[date, str, str | None, date | None]]:
    """Status, cause and opening of each date of one account, in order."""
    opened = None
    # A date before the account's first balance is outside its time.
    for on, plant in itertools.dropwhile(lambda planned: planned[1] == "no bank", sorted(planted.items())):
        status, cause = PLANTS[plant]
        opened = None if cause is None else opened or on
        yield on, status, cause, opened


@pytest.mark.parametrize("seed", [1, 2])
def test_every_planted_difference_of_a_month_is_found_and_none_invented(books: Books, seed: int) -> None:
    random_ = random.Random(seed)
    nothing_ran = set(random_.sample(range(2, 40), 8))
    days = [day(n) for n in range(1, 41) if n not in nothing_ran]  # across the month's end
    plants = list(PLANTS)
    planted = {
        id_: {on: random_.choices(plants, [60, 6, 5, 5, 5, 5, 5, 5])[0] for on in days} for id_ in ACCOUNTS
    }
    seen: list[dict[str, Any]] = []
    rows = [f"QB01,nobody,EUR,{on},1" for on in days]
    for number, (id_, zone) in enumerate(ACCOUNTS.items()):
        books.account(id_, str(number), zone=zone, tolerance=str(TOLERANCE), max_age=90)
        for on, plant in planted[id_].items():
            if plant != "no bank":
                at = time(10) if plant == "old" else time(23, 30)
                seen.append(
                    {
                        "id": id_,
                        "at": datetime.combine(on, at, ZoneInfo(zone)),
                        "amount": BANK,
                        "currency": "EUR",
                    }
                )
            if plant != "no gl":
                rows.append(f"QB01,{number},EUR,{on},{GL.get(plant, BANK)}")
    books.ledger.observed(seen)
    random_.shuffle(rows)
    books.load("\n".join([GL_HEADER, *rows]))
    books.reconcile()

    found = books.rows(
        "SELECT account_id, as_of_date, status, cause, opened_on, age_days, version FROM recon.reconciliation"
        " ORDER BY account_id, as_of_date"
    )
    assert [tuple(row) for row in found] == [
        (id_, on, status, cause, opened, (on - opened).days if opened else None, 1)
        for id_ in sorted(ACCOUNTS)
        for on, status, cause, opened in expected(planted[id_])
    ]
    still_open = {id_ for id_ in ACCOUNTS if list(expected(planted[id_]))[-1][3]}
    assert {row.account_id for row in books.rows("SELECT account_id FROM recon.open_break")} == still_open
    assert books.reconcile() == {}
