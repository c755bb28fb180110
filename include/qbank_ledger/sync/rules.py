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
        "A balance is both numbers: half of it would be read as nought by the next system.",
        "s.state = 'answered' AND (s.available_balance IS NULL OR s.ledger_balance IS NULL)",
    ),
    AuditRule(
        "not_finite", "critical",
        "NaN and the infinities are numerics to PostgreSQL, pass comparisons, and poison every sum.",
        "s.available_balance IN ('NaN', 'Infinity', '-Infinity')"
        " OR s.ledger_balance IN ('NaN', 'Infinity', '-Infinity')",
    ),
    AuditRule(
        "too_precise", "critical",
        "More decimals than the currency has (JPY 0, EUR 2, BHD 3) mean a wrong field, a wrong "
        "currency or a float on the bank's side: rounding would hide it. Zeros beyond are none.",
        "s.state = 'answered' AND (scale(trim_scale(s.available_balance)) > s.minor_units"
        " OR scale(trim_scale(s.ledger_balance)) > s.minor_units)",
    ),
    AuditRule(
        "too_large", "critical",
        f"{MAX_DIGITS} digits are what ERPs and warehouses hold (decimal({MAX_DIGITS})); more is no amount "
        "of money.",
        "CASE WHEN s.state = 'answered'"
        f" AND (greatest(abs(s.available_balance), abs(s.ledger_balance)) >= 1e{_SURELY_FITS}"
        f" OR greatest(scale(s.available_balance), scale(s.ledger_balance)) > {_SURELY_FITS})"
        " THEN greatest(length(ltrim(translate(trim_scale(abs(s.available_balance))::text, '.', ''), '0')), "
        "length(ltrim(translate(trim_scale(abs(s.ledger_balance))::text, '.', ''), '0')))"
        f" > {MAX_DIGITS} END",
    ),
    AuditRule(
        "account_mismatch", "critical",
        "An answer that names another account belongs to that account, whatever was asked.",
        "s.echoed_account_id <> s.account_id",
    ),
    AuditRule(
        "currency_mismatch", "critical",
        "An amount in another currency than the books' is another amount; it is never relabelled. "
        "Its case and blanks around it don't make it another.",
        "CASE WHEN s.echoed_currency <> s.currency THEN upper(btrim(s.echoed_currency,"
        " ' ' || chr(9) || chr(10) || chr(13)) COLLATE \"C\") <> s.currency END",
    ),
    AuditRule(
        "bank_time_unreadable", "critical",
        "A bank timestamp without an offset, or none at all, can't say which hour it speaks of.",
        "s.echoed_as_of IS NOT NULL AND s.bank_as_of IS NULL",
    ),
    AuditRule(
        "stale", "critical",
        "A balance older than the account's limit is yesterday's number under today's hour.",
        "s.bank_as_of < s.observed_at - make_interval(mins => s.max_age_minutes)",
    ),
    AuditRule(
        "future_dated", "critical",
        "A bank timestamp more than five minutes ahead is a wrong clock or a wrong day.",
        "s.bank_as_of > s.observed_at + interval '5 minutes'",
    ),
    AuditRule(
        "observed_outside_run", "critical",
        "The hour of a balance is that of its observation: one outside the run's own time would "
        "put a number under an hour in which nobody looked.",
        "s.observed_at < s.started_at OR s.observed_at > clock_timestamp()",
    ),
    AuditRule(
        "answers_mixed_up", "critical",
        "Three answers or more that are exactly another account's, to six digits at least, are no chance: "
        "somebody on the way mixes answers up, and each may be anybody's.",
        "s.is_lookalike AND (SELECT count(*) FROM (SELECT FROM sync.lookalike AS l"
        " WHERE l.run_no = s.run_no LIMIT 3) AS three) = 3",
    ),
    AuditRule(
        "another_accounts_balance", "warning",
        "An answer that is exactly another account's, to six digits at least, may be that account's: the "
        "bank need not name the account that it speaks of.",
        "s.is_lookalike",
    ),
    AuditRule(
        "below_minimum", "warning",
        "The account's owner asked to hear of a ledger balance below its minimum.",
        "s.ledger_balance < s.minimum_balance",
    ),
    AuditRule(
        "available_above_ledger", "warning",
        "Legal (credit lines, pending credits), and a common sign of swapped fields.",
        "s.available_balance > s.ledger_balance",
    ),
    AuditRule(
        "unchanged_for_a_day", "warning",
        "An account that used to move and has not for a day may be a feed that stands still.",
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
