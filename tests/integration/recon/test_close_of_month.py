"""A seeded month of 200 accounts with 40 planted differences of every cause, reckoned apart from the code.

From 15 October to 13 November: across a month's end, the change of clocks in New York, and four days on which
nothing ran. Then a corrected file, and a late restatement that takes an approval back.
"""

import itertools
import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
NOTHING_RAN = {18, 19, 31, 40}
DAYS = [day(n) for n in range(15, 45) if n not in NOTHING_RAN]
IDS = [f"acc-{n:03}" for n in range(200)]
SHARED = IDS[-2:]  # on one GL account
DAY = timedelta(days=1)

# Each kind is planted four times: how long it lasts, what it must come to.
KINDS = {
    "no balance": (1, "missing_bank", "missing_bank_data"),
    "old balance": (1, "stale_bank", "stale"),
    "other currency": (1, "missing_gl", "currency"),
    "no row": (1, "missing_gl", "unexplained"),
    "item twice": (1, "break", "duplicate"),
    "item a day late": (1, "break", "timing"),
    "turned sign": (4, "break", "sign"),
    "swapped digits": (1, "break", "transposition"),
    "not booked": (6, "break", "unexplained"),
    "restated": (1, "break", "restatement"),
}


@dataclass(frozen=True)
class Plant:
    """A difference of an account, from one date on."""

    account_id: str
    kind: str
    days: tuple[date, ...]  # those of it on which something ran

    @property
    def first(self) -> date:
        return self.days[0]


def bank(id_: str, on: date) -> Decimal:
    """What the bank says at the close: no two days or accounts alike, and the first two digits differ."""
    return Decimal(f"{1200 + int(id_[-3:])}.{on.day:02}")


def swapped(amount: Decimal) -> Decimal:
    text = str(amount)
    return Decimal(text[1] + text[0] + text[2:])


def planted(chance: random.Random) -> list[Plant]:
    ids = [*chance.sample(IDS[:-2], 39), SHARED[0]]
    kinds = sorted(KINDS, key="not booked".__eq__) * 4  # the shared account's is the last
    plants = []
    for id_, kind in zip(ids, sorted(kinds, key="not booked".__eq__), strict=True):
        first = chance.choice(DAYS[1:-8])
        lasts = {first + n * DAY for n in range(KINDS[kind][0])}
        plants.append(Plant(id_, kind, tuple(on for on in DAYS if on in lasts)))
    return plants


def closing_time(id_: str) -> time:
    """Accounts whose number ends in 0 or 5 close at 17:30, the others at the end of the day."""
    return time(17, 0) if id_[-1] in "05" else time(23, 30)


def zone(id_: str) -> ZoneInfo:
    return ZoneInfo(ZONES[int(id_[-3:]) % 4])


def gl_account(id_: str) -> str:
    return "900" if id_ in SHARED else id_


def observations(at: dict[tuple[str, date], Plant]) -> list[dict[str, Any]]:
    """What the bank says, each morning and at each close."""
    seen = []
    for id_ in IDS:
        for on in DAYS:
            kind = at[id_, on].kind if (id_, on) in at else ""
            moments = {"no balance": [], "old balance": [time(9)]}.get(kind, [time(9), closing_time(id_)])
            seen += [
                {
                    "id": id_,
                    "at": datetime.combine(on, moment, zone(id_)),
                    "amount": bank(id_, on),
                    "currency": "EUR",
                }
                for moment in moments
            ]
    return seen


def erp(at: dict[tuple[str, date], Plant]) -> tuple[list[str], list[str]]:
    """What the ERP says: rows of its GL file and of its items file."""
    gl: dict[tuple[str, date], tuple[str, Decimal] | None] = {}
    items = []
    for id_, on in itertools.product(IDS, DAYS):
        total = sum((bank(other, on) for other in SHARED), Decimal()) if id_ in SHARED else bank(id_, on)
        key = (gl_account(id_), on)
        gl.setdefault(key, ("EUR", total))
        item = f"QB01,{id_},EUR,{{}},{{}},bank,deposit,7,{{}}"
        match at[id_, on].kind if (id_, on) in at else "":
            case "other currency":
                gl[key] = ("USD", total)
            case "no row":
                gl[key] = None
            case "item twice":
                gl[key] = ("EUR", total + 7)
                items += [item.format(on, on + DAY, reference) for reference in ("one", "two")]
            case "item a day late":
                gl[key], gl[id_, on + DAY] = ("EUR", total + 7), ("EUR", bank(id_, on + DAY) + 7)
                items.append(item.format(on + DAY, on + 2 * DAY, "late"))
            case "turned sign":
                gl[key] = ("EUR", -total)
            case "swapped digits":
                gl[key] = ("EUR", swapped(total))
            case "not booked":
                gl[key] = ("EUR", total - 100)
    # A day on which nothing ran has no books either.
    rows = [
        f"QB01,{account},{row[0]},{on},{row[1]}" for (account, on), row in gl.items() if row and on in DAYS
    ]
    random.Random(1).shuffle(rows)
    return rows, items


def test_forty_planted_differences_of_every_cause_are_found_and_none_is_invented(books: Books) -> None:
    plants = planted(random.Random(20241015))
    at = {(plant.account_id, on): plant for plant in plants for on in plant.days}
    assert len(plants) == 40
    assert {plant.kind for plant in plants} == set(KINDS)

    for id_ in IDS:
        cut_off = "17:30" if id_[-1] in "05" else None
        books.account(id_, gl_account(id_), zone=zone(id_).key, max_age=90, cut_off=cut_off)
    rows, items = erp(at)
    books.ledger.observed(observations(at))
    books.load("\n".join([GL_HEADER, *rows]))
    books.load("\n".join([ITEM_HEADER, *items]), "items")
    books.reconcile()

    at_first = [plant for plant in plants if plant.kind != "restated"]
    assert found(books) == reckoned(at_first)
    assert opened(books) == {
        (plant.first, *KINDS[plant.kind][1:], id_) for plant in at_first for id_ in group(plant)
    }

    # Late in the month: two days are booked otherwise, the bank restates two, and one break is corrected.
    by_books, by_bank = restated(plants)[:2], restated(plants)[2:]
    for plant in by_bank:
        for state, actor in (("prepared", "jane"), ("approved", "joe")):
            books.rows("INSERT INTO recon.sign_off (account_id, as_of_date, version, state, actor)"
                       " VALUES (:id, :on, 1, :state, :actor)", id=plant.account_id, on=plant.first, state=state, actor=actor)  # fmt: skip
    corrected = next(
        plant for plant in plants if plant.kind == "not booked" and plant.account_id not in SHARED
    )
    books.load("\n".join([
        GL_HEADER,
        *(f"QB01,{plant.account_id},EUR,{plant.first},{bank(plant.account_id, plant.first) + 1}" for plant in by_books),
        f"QB01,{corrected.account_id},EUR,{corrected.first},{bank(corrected.account_id, corrected.first)}",
    ]))  # fmt: skip
    books.ledger.observed([
        {
            "id": plant.account_id,
            "at": datetime.combine(plant.first, closing_time(plant.account_id), zone(plant.account_id))
            + timedelta(minutes=5),
            "amount": bank(plant.account_id, plant.first) + 1,
            "currency": "EUR",
        }
        for plant in by_bank
    ])  # fmt: skip
    books.reconcile()

    later = Plant(corrected.account_id, corrected.kind, corrected.days[1:])
    assert found(books) == reckoned([later if plant is corrected else plant for plant in plants])
    taken_back = books.rows(
        "SELECT account_id, as_of_date, comment FROM recon.sign_off WHERE state = 'decertified'"
    )
    assert {(row.account_id, row.as_of_date) for row in taken_back} == {
        (p.account_id, p.first) for p in by_bank
    }
    assert all("bank balance restated from" in row.comment for row in taken_back)
    # Written anew: the four restated, and of the corrected item each of its days.
    assert books.value("SELECT count(*) FROM recon.reconciliation WHERE version > 1") == 4 + len(
        corrected.days
    )
    assert books.reconcile() == {}


def restated(plants: list[Plant]) -> list[Plant]:
    return [plant for plant in plants if plant.kind == "restated"]


def group(plant: Plant) -> list[str]:
    return SHARED if plant.account_id in SHARED else [plant.account_id]


def reckoned(plants: list[Plant]) -> set[tuple[Any, ...]]:
    """Status, cause, opening and age of every account and date."""
    at = {(id_, on): plant for plant in plants for id_ in group(plant) for on in plant.days}
    return {
        (id_, on, *(KINDS[plant.kind][1:]), plant.first, (on - plant.first).days)
        if (plant := at.get((id_, on)))
        else (id_, on, "matched", None, None, None)
        for id_ in IDS
        for on in DAYS
    }


def found(books: Books) -> set[tuple[Any, ...]]:
    rows = books.rows(
        "SELECT DISTINCT ON (account_id, as_of_date) account_id, as_of_date, status, cause, opened_on, age_days"
        " FROM recon.reconciliation ORDER BY account_id, as_of_date, version DESC"
    )
    return {tuple(row) for row in rows}


def opened(books: Books) -> set[tuple[Any, ...]]:
    """Every item that has ever opened."""
    rows = books.rows(
        "SELECT as_of_date, status, cause, account_id FROM recon.reconciliation WHERE as_of_date = opened_on"
    )
    return {tuple(row) for row in rows}
