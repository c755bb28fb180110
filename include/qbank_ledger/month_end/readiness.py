"""What a close pack says is not ready: sentences with a number, what it is of, and what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.tally import Tally

_MOST_NAMES = 5


def not_ready(month: Month, scope: Any, tally: Tally) -> list[str]:
    """What the month still lacks; empty: nothing."""
    return [
        *_time(month, scope),
        *_close_date(scope, tally),
        *_dates(scope, tally),
        *_open(scope, tally),
        *_hours(month, scope, tally),
    ]


def _time(month: Month, scope: Any) -> Iterator[str]:
    if scope.provisional:
        yield f"{month} has not ended: make the pack again after its last cut-off."


def _close_date(scope: Any, tally: Tally) -> Iterator[str]:
    on, accounts = scope.close_date, tally.accounts_by_status.total()
    without = accounts - sum(sums.closing.count for sums in tally.balances.values())
    if without:
        yield f"Without a closing on {on}: {without:,} of {accounts:,} accounts."
    entities = +tally.not_compared_by_entity
    if entities:
        yield (
            f"Not compared on {on}: {entities.total():,} of {accounts:,} accounts ({_most(entities)}). Load "
            "the general ledger of that date and reconcile."
        )
    if tally.restated:
        yield (
            f"Restated by the bank or in the GL since they were compared on {on}: {tally.restated:,} of "
            f"{accounts:,} accounts. Reconcile again."
        )
    if scope.unmapped_gl:
        yield f"GL balances of {on} that no account mirrors: {scope.unmapped_gl:,}. See recon.unmapped_gl."


def _dates(scope: Any, tally: Tally) -> Iterator[str]:
    earlier = [row for row in tally.dates if row.not_compared and row.as_of_date != scope.close_date]
    if earlier:
        yield (
            f"Not compared before: {sum(row.not_compared for row in earlier):,} account-dates, on "
            f"{len(earlier)} dates from {earlier[0].as_of_date} to {earlier[-1].as_of_date}."
        )
    provisional = sum(row.provisional for row in tally.dates)
    if provisional:
        yield f"Compared before the cut-off: {provisional:,} account-dates. Reconcile them again."
    compared = sum(row.compared for row in tally.dates)
    states = ("open", "prepared", "rejected", "decertified")
    left = {state: count for state in states if (count := sum(getattr(row, state) for row in tally.dates))}
    if left:
        yield (
            f"Not approved: {sum(left.values()):,} of {compared:,} compared account-dates "
            f"({', '.join(f'{state}: {count:,}' for state, count in left.items())})."
        )


def _open(scope: Any, tally: Tally) -> Iterator[str]:
    count = sum(items.count for items in tally.items_by_age.values())
    old = sum(items.count for (*_, bucket), items in tally.items_by_age.items() if bucket == "over 90")
    if count:
        yield f"Open items on {scope.close_date}: {count:,}, for more than 90 days: {old:,}."


def _hours(month: Month, scope: Any, tally: Tally) -> Iterator[str]:
    hours, account_hours = tally.hours_by_state.total(), tally.account_hours
    if account_hours["missing"]:
        reasons = {reason: found.hours for reason, found in tally.missing.items()}
        yield (
            f"Without a balance: {account_hours['missing']:,} of {account_hours['expected']:,} account-hours "
            f"({_most(reasons)})."
        )
    if hours < month.hours and not scope.provisional:
        yield f"Before the ledger's first account: {month.hours - hours} of the month's {month.hours} hours."


def _most(counts: Mapping[str, int]) -> str:
    """The biggest of them by name."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f", and {len(ranked) - _MOST_NAMES} more" if len(ranked) > _MOST_NAMES else ""
    return ", ".join(f"{name}: {count:,}" for name, count in ranked[:_MOST_NAMES]) + more
