"""The pack's long tables: which statement fills each, and its columns.

Every one is in the workbook whole; the page shows the beginning of those that a person reads through.
"""

from dataclasses import dataclass

from qbank_ledger.month_end.table import Column


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook: title, statement (``sql/<statement>.sql``), columns."""

    title: str
    statement: str
    columns: tuple[Column, ...]


_ACCOUNT = (Column("Account", "account_id", 38), Column("Name", "name", 28))
_GL = (Column("Entity", "entity", 10), Column("GL account", "gl_account", 14))
_COMPARED = (
    Column("GL balance", "gl_balance", 20),
    Column("Difference", "difference", 18),
    Column("Bank items", "bank_items", 16),
    Column("Book items", "book_items", 16),
    Column("Unexplained", "unexplained", 18),
)
_GL_SOURCE = (Column("GL file", "gl_file", 30), Column("GL line", "gl_line", 9))
_HOURS = (Column("First hour (UTC)", "first_hour", 20), Column("Last hour (UTC)", "last_hour", 20))

BALANCES = Sheet(
    "Balances",
    "balances",
    (
        *_GL,
        *_ACCOUNT,
        Column("Currency", "currency", 9),
        Column("Bank closing", "closing", 20),
        Column("Bank available", "available", 20),
        Column("Observed (UTC)", "observed_at", 20),
        Column("Compared as one", "members", 16),
        *_COMPARED,
        Column("Tolerance", "tolerance", 11),
        Column("Status", "status", 16),
        Column("Cause", "cause", 18),
        Column("Open since", "opened_on", 11),
        Column("Age (days)", "age_days", 10),
        Column("Version", "version", 8),
        Column("Note", "note", 30),
        Column("Sign-off", "sign_off", 12),
        Column("Prepared by", "prepared_by", 16),
        Column("Approved by", "approved_by", 16),
        Column("Seal", "seal_no", 9),
        *_GL_SOURCE,
    ),
)
OPEN_ITEMS = Sheet(
    "Open items",
    "open_items",
    (
        *_GL,
        Column("Currency", "currency", 9),
        Column("Accounts", "accounts", 38),
        Column("Open since", "opened_on", 11),
        Column("As of", "as_of_date", 11),
        Column("Age (days)", "age_days", 10),
        Column("Age", "age_bucket", 9),
        Column("Status", "status", 16),
        Column("Cause", "cause", 18),
        Column("Bank balance", "bank_balance", 20),
        *_COMPARED,
        Column("Sign-off", "sign_off", 14),
        *_GL_SOURCE,
    ),
)
DATES = Sheet(
    "Dates",
    "dates",
    (
        Column("Date", "as_of_date", 11),
        Column("Accounts", "accounts", 10),
        Column("Not compared", "not_compared", 13),
        Column("Matched", "matched", 10),
        Column("Within tolerance", "within_tolerance", 16),
        Column("Break", "breaks", 10),
        Column("Missing bank", "missing_bank", 13),
        Column("Missing GL", "missing_gl", 12),
        Column("Stale bank", "stale_bank", 12),
        Column("Provisional", "provisional", 12),
        Column("Open", "open", 10),
        Column("Prepared", "prepared", 10),
        Column("Approved", "approved", 10),
        Column("Rejected", "rejected", 10),
        Column("Decertified", "decertified", 12),
    ),
)
COVERAGE = Sheet(
    "Coverage",
    "coverage",
    (
        Column("Hour (UTC)", "as_of_hour", 20),
        Column("Expected", "expected", 10),
        Column("Present", "present", 10),
        Column("Missing", "missing", 10),
        Column("State", "state", 10),
    ),
)
MISSING = Sheet(
    "Missing hours",
    "missing_hours",
    (
        Column("Entity", "entity", 10),
        *_ACCOUNT,
        Column("Reason", "reason", 30),
        Column("Hours", "hours", 8),
        *_HOURS,
    ),
)
SIGN_OFFS = Sheet(
    "Sign-offs",
    "sign_offs",
    (
        Column("Date", "as_of_date", 11),
        Column("Entity", "entity", 10),
        *_ACCOUNT,
        Column("Action", "state", 12),
        Column("Version", "version", 8),
        Column("By", "actor", 20),
        Column("By login", "via", 20),
        Column("At (UTC)", "at", 20),
        Column("Comment", "comment", 80),
    ),
)
SEALS = Sheet(
    "Seals",
    "seals",
    (
        Column("Seal", "seal_no", 9),
        Column("Sealed (UTC)", "sealed_at", 20),
        Column("Run", "run_no", 9),
        Column("Rows", "row_count", 10),
        Column("Currency", "currency", 9),
        Column("Available, total", "available", 22),
        Column("Ledger, total", "ledger", 22),
        Column("SHA-256", "sha256", 66),
        Column("SHA-256 of the previous seal", "previous_sha256", 66),
        Column("SHA-256 of the rows", "rows_sha256", 66),
    ),
)
# In the workbook's order.
ALL = (BALANCES, OPEN_ITEMS, DATES, COVERAGE, MISSING, SIGN_OFFS, SEALS)
