"""The rules of the audit, as data.

A rule finds, with one SQL predicate over ``sync.audit_subject`` (columns and meaning there), the
answers that break it. *critical* holds the balance back, *warning* lets it through with a finding.
Great Expectations and ``sync.finding`` both use the same predicate: see gx.py and audit.py. To add a rule,
add it here, with a row that breaks it in tests/integration/ledger/test_audit.py.

All predicates are evaluated of each answer, a million times in an hour: what costs (a text of a number, a
look at the ledger) comes in a CASE, after what most answers fail. An AND does not stop at NULL.
"""

from dataclasses import dataclass
from typing import Literal

from qbank_ledger.money import MAX_DIGITS


@dataclass(frozen=True, slots=True)
class AuditRule:
    """One expectation: ``predicate`` is true of the rows, aliased ``s``, that break it.

    ``name`` is the expectation's, and the reason of what breaks it.
    """

    name: str
    severity: Literal["critical", "warning"]
    why: str
    predicate: str


# An amount below this, with as many decimals at most, has no more than MAX_DIGITS.
_SURELY_FITS = MAX_DIGITS // 2

RULES = (
    AuditRule(
        "unreadable", "critical",
        "An answer that could not be read as two exact numbers is kept as evidence, under its own "
        "reason (not_json, missing_field, …).",
        "s.state <> 'answered'",
    ),
    AuditRule(
        "missing_field", "critical",
        "A balance needs both numbers: the next system would read a missing one as zero.",
        "s.state = 'answered' AND (s.available_balance IS NULL OR s.ledger_balance IS NULL)",
    ),
    AuditRule(
        "not_finite", "critical",
        "PostgreSQL accepts NaN and the infinities as numbers: they pass comparisons and spoil every sum.",
        "s.available_balance IN ('NaN', 'Infinity', '-Infinity')"
        " OR s.ledger_balance IN ('NaN', 'Infinity', '-Infinity')",
    ),
    AuditRule(
        "too_precise", "critical",
        "More decimals than the currency has (JPY 0, EUR 2, BHD 3) mean a wrong field, a wrong "
        "currency or a float on the bank's side: rounding would hide it. Trailing zeros don't count.",
        "s.state = 'answered' AND (scale(trim_scale(s.available_balance)) > s.minor_units"
        " OR scale(trim_scale(s.ledger_balance)) > s.minor_units)",
    ),
    AuditRule(
        "too_large", "critical",
        f"ERPs and warehouses hold {MAX_DIGITS} digits (decimal({MAX_DIGITS})); a longer number is not an "
        "amount of money.",
        "CASE WHEN s.state = 'answered'"
        f" AND (greatest(abs(s.available_balance), abs(s.ledger_balance)) >= 1e{_SURELY_FITS}"
        f" OR greatest(scale(s.available_balance), scale(s.ledger_balance)) > {_SURELY_FITS})"
        " THEN greatest(length(ltrim(translate(trim_scale(abs(s.available_balance))::text, '.', ''), '0')), "
        "length(ltrim(translate(trim_scale(abs(s.ledger_balance))::text, '.', ''), '0')))"
        f" > {MAX_DIGITS} END",
    ),
    AuditRule(
        "account_mismatch", "critical",
        "An answer that names another account belongs to that account, whichever one was requested.",
        "s.echoed_account_id <> s.account_id",
    ),
    AuditRule(
        "currency_mismatch", "critical",
        "An amount in a currency other than the account's is a different amount; it is never relabelled. "
        "Upper or lower case and surrounding blanks don't matter.",
        "CASE WHEN s.echoed_currency <> s.currency THEN upper(btrim(s.echoed_currency,"
        " ' ' || chr(9) || chr(10) || chr(13)) COLLATE \"C\") <> s.currency END",
    ),
    AuditRule(
        "bank_time_unreadable", "critical",
        "A bank timestamp that can't be read, or has no offset, does not say which hour it means.",
        "s.echoed_as_of IS NOT NULL AND s.bank_as_of IS NULL",
    ),
    AuditRule(
        "stale", "critical",
        "A balance older than the account's limit is yesterday's number under today's hour.",
        "s.bank_as_of < s.observed_at - make_interval(mins => s.max_age_minutes)",
    ),
    AuditRule(
        "future_dated", "critical",
        "A bank timestamp more than five minutes ahead means a wrong clock or a wrong day.",
        "s.bank_as_of > s.observed_at + interval '5 minutes'",
    ),
    AuditRule(
        "observed_outside_run", "critical",
        "A balance belongs to the hour in which it was observed: an observation outside the run's own time "
        "would put it under an hour in which nobody asked.",
        "s.observed_at < s.started_at OR s.observed_at > clock_timestamp()",
    ),
    AuditRule(
        "answers_mixed_up", "critical",
        "Three or more answers that equal another account's, to at least six digits, are no coincidence: "
        "something between here and the bank mixes answers up, and each may be any account's.",
        "s.is_lookalike AND (SELECT count(*) FROM (SELECT FROM sync.lookalike AS l"
        " WHERE l.run_no = s.run_no LIMIT 3) AS three) = 3",
    ),
    AuditRule(
        "another_accounts_balance", "warning",
        "An answer that equals another account's, to at least six digits, may belong to that account: the "
        "bank's answer need not name its account.",
        "s.is_lookalike",
    ),
    AuditRule(
        "below_minimum", "warning",
        "The accounts file asks for a warning when the ledger balance is below this minimum.",
        "s.ledger_balance < s.minimum_balance",
    ),
    AuditRule(
        "available_above_ledger", "warning",
        "Valid (credit lines, pending credits), but also a common sign of swapped fields.",
        "s.available_balance > s.ledger_balance",
    ),
    AuditRule(
        "unchanged_for_a_day", "warning",
        "An account that used to move and has not moved for a day may have a feed that has stopped.",
        # One look at the hour a day ago tells who stood still for some hours from who did for a day.
        "CASE WHEN s.ledger_balance = s.last_balance THEN"
        " EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = s.account_id"
        " AND b.as_of_hour = date_trunc('hour', s.observed_at, 'UTC') - interval '24 hours')"
        " AND NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = s.account_id"
        " AND b.as_of_hour >= date_trunc('hour', s.observed_at, 'UTC') - interval '24 hours'"
        " AND b.as_of_hour < date_trunc('hour', s.observed_at, 'UTC')"
        " AND b.ledger_balance <> s.ledger_balance) END",
    ),
    AuditRule(
        "jump", "warning",
        "A change far beyond the account's own last week (ten times its widest range, and a "
        "balance of another order of magnitude) is worth a look before money moves on it.",
        # What is so far from the average is further than four times the last balance from that one too, which
        # is no further than the range from the average, and than both together from nought.
        "CASE WHEN abs(s.ledger_balance - s.last_balance) > 4 * abs(s.last_balance) THEN"
        " (SELECT count(*) >= 24 AND abs(s.ledger_balance - avg(b.ledger_balance))"
        " > 10 * greatest(max(b.ledger_balance) - min(b.ledger_balance), abs(avg(b.ledger_balance)))"
        " FROM ledger.balance AS b WHERE b.account_id = s.account_id"
        " AND b.as_of_hour >= date_trunc('hour', s.observed_at, 'UTC') - interval '168 hours'"
        " AND b.as_of_hour < date_trunc('hour', s.observed_at, 'UTC')) END",
    ),
)  # fmt: skip
