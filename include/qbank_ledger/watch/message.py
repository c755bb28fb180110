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
        "a withdrawn sign-off",
        "{} withdrawn sign-offs",
        "Check what changed, then have the date prepared and approved again.",
    ),
    "balance_stale": _Kind(
        "a stale balance",
        "{} stale balances",
        "Find out why the newest runs did not publish these accounts, then run again.",
    ),
    "books_late": _Kind(
        "overdue books from an entity",
        "overdue books from {} entities",
        "Ask whoever exports them from the ERP, and check that the file is where its source looks.",
    ),
    "books_refused": _Kind(
        "a refused source file",
        "{} refused source files",
        "Read the reason in recon.source_file, correct the file or its profile, then reconcile.",
    ),
    "break_above_limit": _Kind(
        "a break above its limit",
        "{} breaks above their limits",
        "Find out what the difference is, then correct the books or prepare the sign-off.",
    ),
    "hour_missing": _Kind(
        "an hour without any balance",
        "{} hours without any balance",
        "Check that Airflow is running, and start a run before the hour ends.",
    ),
    "hour_partial": _Kind(
        "an hour with missing accounts",
        "{} hours with missing accounts",
        "Check the reasons in the newest run, and run again before the hour ends.",
    ),
    "quarantine": _Kind(
        "a bank answer in quarantine",
        "{} bank answers in quarantine",
        "Ask the bank what is wrong. Release an answer only if the bank confirms it.",
    ),
    "run_failed": _Kind(
        "a failed run", "{} failed runs", "Read the message of its red task, then run again."
    ),
    "seal_broken": _Kind(
        "a broken seal",
        "{} broken seals",
        "Change nothing, run `qbank-ledger verify`, and find out who had access to the database.",
    ),
}
_TITLES = {"opened": "Ledger: {}", "still": "Ledger: still open: {}", "cleared": "Ledger: resolved: {}"}


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
