"""Messages: what people are told of alerts, many of a kind in one; no amount and no secret in any."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qbank_ledger.config import runbook_place
from qbank_ledger.terminal import visible
from qbank_ledger.watch.problem import utc

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Message:
    """What one receiver is told of the alerts of one kind: that they opened, are still there, or are over."""

    title: str
    body: str
    is_over: bool
    alerts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of it, many of it, and what to do; the runbook has a section by the kind's name."""

    one: str
    many: str
    do: str


KINDS = {
    "approval_withdrawn": _Kind(
        "a sign-off that was taken back",
        "{} sign-offs that were taken back",
        "Look at what changed, and have it prepared and approved again.",
    ),
    "balance_stale": _Kind(
        "a stale balance",
        "{} stale balances",
        "See why the newest runs did not publish these accounts, and run again.",
    ),
    "books_late": _Kind(
        "books that are late",
        "books of {} entities that are late",
        "Ask who exports them from the ERP, and whether the file lies where its source looks.",
    ),
    "books_refused": _Kind(
        "a file of books that was refused",
        "{} files of books that were refused",
        "Read why in recon.source_file, correct the file or its profile, and reconcile.",
    ),
    "break_above_limit": _Kind(
        "a break above its limit",
        "{} breaks above their limits",
        "Find out what the difference is; correct the books, or prepare the sign-off.",
    ),
    "hour_missing": _Kind(
        "an hour without any balance",
        "{} hours without any balance",
        "Look whether Airflow runs, and start a run while the hour lasts.",
    ),
    "hour_partial": _Kind(
        "an hour that lacks accounts",
        "{} hours that lack accounts",
        "Look at the reasons of the newest run, and run again while the hour lasts.",
    ),
    "quarantine": _Kind(
        "an answer of the bank that is held back",
        "{} answers of the bank that are held back",
        "Ask the bank what is wrong with them; release one only where it confirms it.",
    ),
    "run_failed": _Kind(
        "a run that failed", "{} runs that failed", "Read what its red task says, and run again."
    ),
    "seal_broken": _Kind(
        "a seal that was altered, or one before it removed",
        "{} seals that were altered, or follow another than they did",
        "Run `qbank-ledger verify`, change nothing, and find out who had access to the database.",
    ),
}
_TITLES = {"opened": "Ledger: {}", "still": "Ledger: still {}", "cleared": "Ledger: over: {}"}


def messages(alerts: Iterable[Any]) -> list[Message]:
    """What to send of these alerts (claim_notices.sql): a message for each event and kind."""
    groups = defaultdict[tuple[str, str], list[Any]](list)
    for alert in sorted(alerts, key=lambda alert: alert.alert_no):
        groups[alert.event, alert.kind].append(alert)
    return [_message(event, kind, found) for (event, kind), found in groups.items()]


def _message(event: str, kind: str, alerts: list[Any]) -> Message:
    of = KINDS[kind]
    what = of.one if len(alerts) == 1 else of.many.format(len(alerts))
    lines = [f"- {visible(alert.message)}{_when(event, alert)}" for alert in alerts[:MOST_NAMED]]
    if len(alerts) > MOST_NAMED:
        lines.append(f"- and {len(alerts) - MOST_NAMED} more: see ledger.alert")
    do = [] if event == "cleared" else ["", f"{of.do} How: {runbook_place()}#{kind}"]
    return Message(
        _TITLES[event].format(what),
        "\n".join([f"{what[0].upper()}{what[1:]}:", *lines, *do, ""]),
        event == "cleared",
        tuple(alert.alert_no for alert in alerts),
    )


def _when(event: str, alert: Any) -> str:
    if event == "opened":
        return ""
    until = f" to {utc(alert.cleared_at)}" if event == "cleared" else ""
    return f" [from {utc(alert.opened_at)}{until}]"
