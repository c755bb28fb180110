"""The tone of each word that the ledger says of a state: what is well, what to look at, what is wrong.

One that is no more than on its way is plain.
"""

from collections.abc import Mapping

from qbank_page.frame.table import Mark

RUNS = {"complete": "good", "partial": "warn", "failed": "bad", "running": "plain", "dry_run": "plain"}
OUTCOMES = {
    "published": "good", "would_publish": "good", "quarantined": "warn", "failed": "bad", "open": "plain",
}  # fmt: skip
BALANCES = {"fresh": "good", "stale": "warn", "missing": "bad"}
# A bank's closing that is missing stays so, as a gap does; books that are missing may still come.
STATUSES = {
    "matched": "good", "within_tolerance": "good", "break": "bad",
    "missing_bank": "bad", "missing_gl": "warn", "stale_bank": "warn",
}  # fmt: skip
SIGN_OFFS = {"open": "plain", "prepared": "warn", "approved": "good", "rejected": "bad", "decertified": "bad"}


def mark(word: str, tones: Mapping[str, str]) -> Mark:
    """The word in its tone."""
    return Mark(word, tones[word])
