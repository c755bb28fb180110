"""Watch: what is wrong now becomes an alert, what is over clears it, each receiver is told once of either.

Any number of watchers may be at it: they look one after the other, and take on each message before they
send it.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import AlertNotSentError
from qbank_ledger.watch.health import look
from qbank_ledger.watch.message import Message, messages
from qbank_ledger.watch.problem import Problem
from qbank_ledger.watch.receiver import Receiver
from qbank_ledger.watch.sql import execute

log = logging.getLogger(__name__)

# What goes on from hour to hour, and from run to run, is one alert from its beginning to its end.
_GOES_ON = ("hour_missing", "hour_partial", "run_failed")
# What is there as long as the other, worse one is: that it got worse is no end of it.
_WORSE = {"hour_partial": "hour_missing"}
# For one connection: a slow one must not keep the others waiting until the watch is ended.
_MOST_S = 120


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch did: alerts opened, cleared, open now; messages sent, and why some could not be."""

    opened: int
    cleared: int
    standing: int
    sent: int
    unsent: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"Alerts: {self.opened} opened, {self.cleared} cleared, {self.standing} open. "
            f"Messages sent: {self.sent}."
        )


def watch(
    engine: Engine, conn_ids: Sequence[str], receiver: Callable[[str], Receiver], remind_hours: int
) -> Watched:
    """Look at the ledger, write ``ledger.alert``, and tell the receivers of these connections.

    What can't be sent is tried again by the next watch, and keeps no other receiver waiting: ``receiver`` may
    raise AlertNotSentError for one that is not there. Raises LedgerError where the ledger can't be asked.
    """
    opened, cleared, standing = in_transaction(engine, _note)
    sent, unsent = 0, list[str]()
    for conn_id in conn_ids:
        try:
            sent += _tell(engine, conn_id, receiver, remind_hours, unsent)
        except AlertNotSentError as error:
            unsent.append(str(error))
    done = Watched(opened, cleared, standing, sent, tuple(unsent))
    log.info("watch: %s", done)
    return done


def _note(connection: Connection) -> tuple[int, int, int]:
    acquire_lock(connection, "watch")
    standing = execute(connection, "standing_alerts").all()
    problems = json.dumps(
        [
            {"kind": problem.kind, "subject": subject, "message": problem.about}
            for subject, problem in _subjects(look(connection).problems, standing)
        ]
    )
    opened = len(execute(connection, "open_alerts", problems=problems).all())
    cleared = len(execute(connection, "clear_alerts", problems=problems).all())
    return opened, cleared, len(standing) + opened - cleared


def _subjects(problems: Iterable[Problem], standing: Iterable[Any]) -> list[tuple[str, Problem]]:
    """The subject of each problem's alert: of one that goes on, the alert's that stands.

    An alert whose problem got worse is found, too, by the one that it became.
    """
    goes_on = {alert.kind: alert.subject for alert in standing if alert.kind in _GOES_ON}
    found: dict[tuple[str, str], Problem] = {}
    for problem in sorted(problems, key=lambda problem: (problem.kind, problem.subject)):
        subject = problem.subject
        if problem.kind in _GOES_ON:
            subject = goes_on.setdefault(problem.kind, subject)
        found.setdefault((problem.kind, subject), problem)
    by_kind = {problem.kind: problem for problem in found.values()}
    for lesser, worse in _WORSE.items():
        if lesser not in by_kind and lesser in goes_on and worse in by_kind:
            found[lesser, goes_on[lesser]] = replace(by_kind[worse], kind=lesser)
    return [(subject, problem) for (_, subject), problem in found.items()]


def _tell(
    engine: Engine,
    conn_id: str,
    receiver: Callable[[str], Receiver],
    remind_hours: int,
    unsent: list[str],
) -> int:
    """Send a connection what it is to be told; gives how many messages. Who was missed goes to ``unsent``.

    Each message is taken on as its turn comes: a claim lapses, and a slow server may take minutes for one.
    """

    def due(connection: Connection) -> list[Any]:
        execute(connection, "list_notices", conn_id=conn_id)
        return list(execute(connection, "due_notices", conn_id=conn_id, remind_hours=remind_hours).all())

    listed = in_transaction(engine, due)
    sent, end = 0, monotonic() + _MOST_S
    for planned in messages(listed):
        if monotonic() > end:
            unsent.append(
                f"The connection {conn_id} is slow: {sent} message(s) took more than {_MOST_S} s. The rest "
                "is sent by the next watch."
            )
            break
        ours = _claim(engine, conn_id, planned, listed[0].listed_at)
        for message in messages(alert for alert in listed if alert.alert_no in ours):
            told = None
            try:
                if left_out := receiver(conn_id).send(message):
                    unsent.append(left_out)
                told = "cleared" if message.is_over else "opened"
                sent += 1
            finally:
                # Whatever kept it from being sent: the next watch may.
                _keep(engine, conn_id, message.alerts, told)
    return sent


def _claim(engine: Engine, conn_id: str, message: Message, listed_at: datetime) -> set[int]:
    """The alerts of a message that are ours to tell: nobody else has them, or told them meanwhile."""

    def claim(connection: Connection) -> set[int]:
        claimed = execute(
            connection, "claim_notices", conn_id=conn_id, alerts=list(message.alerts), listed_at=listed_at
        )
        return set(claimed.scalars())

    return in_transaction(engine, claim)


def _keep(engine: Engine, conn_id: str, alerts: Sequence[int], told: str | None) -> None:
    in_transaction(
        engine,
        lambda connection: execute(
            connection, "keep_notices", alerts=list(alerts), conn_id=conn_id, told=told
        ),
    )
