"""Sample books: a general ledger made from the sandbox's balances, to see reconciliation at work.

A GL file of one entity for the day of their newest closings, in which three balances are altered:
two digits swapped, a sign turned, a charge that is not booked. Loaded and compared like any other.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.engine import URL

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.transaction import transaction
from qbank_ledger.money import plain
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.reconcile import reconcile

# The entity with the most GL accounts that have a closing so far, on the date of its newest balance.
_CLOSINGS = text("""
WITH closing AS (
    SELECT a.entity, a.gl_account, a.currency, a.minor_units, d.as_of_date, sum(d.ledger_balance) AS balance,
           count(*) AS accounts
      FROM ledger.account AS a
      JOIN ledger.latest_balance AS l USING (account_id)
      -- Made-up books beside a real bank's balances would be in the way for ever.
      JOIN sync.run AS r ON r.run_no = l.run_no AND r.api_host IN ('127.0.0.1', '::1', 'localhost')
      -- In the first minutes of a day it is the closing of the day before.
      JOIN ledger.daily_balance AS d
        ON d.account_id = a.account_id
       AND d.as_of_date = ((l.observed_at - make_interval(mins => a.closing_grace_minutes, secs => 1))
                           AT TIME ZONE a.time_zone)::date
     WHERE a.active AND l.observed_at > now() - interval '1 day'
     GROUP BY a.entity, a.gl_account, a.currency, a.minor_units, d.as_of_date
)
SELECT * FROM closing
 WHERE (entity, as_of_date) = (SELECT entity, as_of_date FROM closing GROUP BY entity, as_of_date
                                ORDER BY count(*) DESC, entity, as_of_date DESC LIMIT 1)
 ORDER BY gl_account, currency
""")


def reconcile_sample(ledger: URL, folder: Path) -> Path | None:
    """Write the sample GL file, load it and compare; returns its path, or None without a balance."""
    engine = engine_for(ledger)
    with transaction(engine) as connection:
        closings = connection.execute(_CLOSINGS).all()
    if not closings:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"gl-{closings[0].entity}-{closings[0].as_of_date}.csv"
    path.write_text("".join(f"{line}\n" for line in _lines(closings)), "utf-8")
    load_file(engine, path, "gl")
    reconcile(engine, closings[0].as_of_date)
    return path


def _lines(closings: Sequence[Row[Any]]) -> Iterator[str]:
    yield "entity,gl_account,currency,as_of_date,balance"
    altered = [_with_digits_swapped, _with_sign_turned, _with_a_charge_not_booked]
    for row in closings:
        balance = row.balance
        # Nought has no digits to swap and no sign to turn; a sum would show its difference for each account.
        fitting = (a for a in altered if row.accounts == 1 and a(balance, row.minor_units) != balance)
        alter = next(fitting, None)
        if alter:
            altered.remove(alter)
            balance = alter(balance, row.minor_units)
        amount = plain(balance, row.minor_units)
        yield f"{row.entity},{row.gl_account},{row.currency},{row.as_of_date},{amount}"


def _with_digits_swapped(balance: Decimal, minor_units: int) -> Decimal:
    """The first two neighbouring digits that differ, in minor units, exchanged; no 0 comes to the front."""
    digits = list(str(int(abs(balance).scaleb(minor_units))))
    for n in range(len(digits) - 1):
        if digits[n] != digits[n + 1] and (n or digits[1] != "0"):
            digits[n : n + 2] = digits[n + 1], digits[n]
            return Decimal("".join(digits)).scaleb(-minor_units).copy_sign(balance)
    return balance


def _with_sign_turned(balance: Decimal, _minor_units: int) -> Decimal:
    return -balance


def _with_a_charge_not_booked(balance: Decimal, _minor_units: int) -> Decimal:
    return balance + 25
