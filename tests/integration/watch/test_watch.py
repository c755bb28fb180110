"""Alerts: each problem is one, told once when it opens, once when it clears, and again while it lasts."""

import re
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from qbank_ledger.errors import AlertNotSentError
from qbank_ledger.watch.message import KINDS as MESSAGES
from qbank_ledger.watch.message import MOST_NAMED, Message
from qbank_ledger.watch.problem import KINDS
from qbank_ledger.watch.watch import Watched as Done
from qbank_ledger.watch.watch import watch
from tests.words.books import day
from tests.words.ledger import failed
from tests.words.signers import Signers, bank_restated
from tests.words.watched import Watched


class Inbox:
    """A receiver that keeps what it is told, unless it is away."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.is_away = False

    def send(self, message: Message) -> None:
        if self.is_away:
            raise AlertNotSentError("away")
        self.told.append(message)

    def titles(self) -> list[str]:
        """What came since it was last asked."""
        titles = [message.title for message in self.told]
        self.told.clear()
        return titles


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def look(watched: Watched, remind_hours: int = 24, **receivers: Inbox) -> Done:
    return watch(watched.ledger.engine, list(receivers), receivers.__getitem__, remind_hours)  # type: ignore[arg-type]


def alerts(watched: Watched, columns: str = "kind, subject") -> list[Any]:
    return [tuple(row) for row in watched.rows(f"SELECT {columns} FROM ledger.alert ORDER BY alert_no")]


def stale(watched: Watched, *ids: str) -> None:
    watched.active(*ids, hours=0)
    watched.observed(watched.hour(3), *ids)


def test_an_alert_is_told_once_when_it_opens_and_once_when_it_clears(watched: Watched, inbox: Inbox) -> None:
    watched.ledger.quick_run(failed)
    assert str(look(watched, ops=inbox)) == "Alerts: 2 opened, 0 cleared, 2 open. Messages sent: 2."
    assert inbox.titles() == ["Ledger: an hour without any balance", "Ledger: a failed run"]
    assert str(look(watched, ops=inbox)) == "Alerts: 0 opened, 0 cleared, 2 open. Messages sent: 0."
    watched.ledger.quick_run()
    assert str(look(watched, ops=inbox)) == "Alerts: 0 opened, 2 cleared, 0 open. Messages sent: 2."
    assert inbox.titles() == [
        "Ledger: resolved: an hour without any balance",
        "Ledger: resolved: a failed run",
    ]
    assert str(look(watched, ops=inbox)) == "Alerts: 0 opened, 0 cleared, 0 open. Messages sent: 0."
    assert alerts(watched, "notified_at >= cleared_at, cleared_at > opened_at") == [(True, True)] * 2


def test_what_comes_up_again_is_another_alert(watched: Watched, inbox: Inbox) -> None:
    for _ in range(2):
        watched.ledger.quick_run(failed)
        look(watched, ops=inbox)
        watched.ledger.quick_run()
        look(watched, ops=inbox)
    assert len(inbox.titles()) == 8 - 2, "the hour itself is there since the first good run"
    assert [kind for kind, _ in alerts(watched)] == ["hour_missing", "run_failed", "run_failed"]


def test_a_ledger_that_is_well_has_no_alert(watched: Watched, inbox: Inbox) -> None:
    watched.ledger.quick_run()
    assert look(watched, ops=inbox) == Done(0, 0, 0, 0, ())
    assert (alerts(watched), inbox.titles()) == ([], [])


def test_without_a_receiver_alerts_are_kept(watched: Watched) -> None:
    watched.ledger.quick_run(failed)
    assert look(watched) == Done(2, 0, 2, 0, ())
    assert alerts(watched, "kind, notified_at") == [("hour_missing", None), ("run_failed", None)]


def test_what_lasts_is_told_again_a_day_later(watched: Watched, inbox: Inbox) -> None:
    stale(watched, "x")
    look(watched, ops=inbox)
    inbox.titles()
    for hours, titles in ((23.9, []), (24.1, ["Ledger: still open: a stale balance"]), (0, [])):
        watched.rows("UPDATE ledger.alert_notice SET told_at = told_at - :ago", ago=timedelta(hours=hours))
        look(watched, ops=inbox)
        assert inbox.titles() == titles, hours
        watched.rows("UPDATE ledger.alert_notice SET told_at = now()")
    watched.rows("UPDATE ledger.alert_notice SET told_at = now() - interval '61 minutes'")
    look(watched, remind_hours=1, ops=inbox)
    assert inbox.titles() == ["Ledger: still open: a stale balance"]


@pytest.mark.parametrize("kind", ["hour_missing", "run_failed"])
def test_what_goes_on_from_hour_to_hour_is_one_alert(watched: Watched, inbox: Inbox, kind: str) -> None:
    watched.ledger.quick_run(failed)
    look(watched, ops=inbox)
    # As if it had begun with an earlier hour, and an earlier run.
    watched.rows("UPDATE ledger.alert SET subject = 'the first of them' WHERE kind = :kind", kind=kind)
    watched.ledger.quick_run(failed)
    assert look(watched, ops=inbox) == Done(0, 0, 2, 0, ())
    watched.ledger.quick_run()
    assert look(watched, ops=inbox).cleared == 2


def test_what_gets_worse_is_not_told_to_be_over_until_it_is(watched: Watched, inbox: Inbox) -> None:
    partial, missing = "an hour with missing accounts", "an hour without any balance"
    hour = watched.hour()

    def told() -> list[str]:
        look(watched, ops=inbox)
        return [title.removeprefix("Ledger: ") for title in inbox.titles()]

    watched.active("x", "y", max_age=2000)
    watched.observed(hour, "x")
    assert told() == [partial]
    watched.rows("DELETE FROM ledger.balance")
    assert told() == [missing]
    watched.observed(hour, "x")
    assert told() == [f"resolved: {missing}"], "it is better, and not whole"
    watched.observed(hour, "y")
    assert told() == [f"resolved: {partial}"]


def test_many_of_a_kind_are_one_message_that_names_the_first(watched: Watched, inbox: Inbox) -> None:
    ids = [f"acc-{n:02}" for n in range(MOST_NAMED + 3)]
    stale(watched, *ids)
    look(watched, ops=inbox)
    (message,) = inbox.told
    assert message.title == "Ledger: 23 stale balances"
    assert all(f"- {id_} ({id_}), of " in message.body for id_ in ids[:MOST_NAMED])
    assert not any(id_ in message.body for id_ in ids[MOST_NAMED:])
    assert "\n- and 3 more: see ledger.alert\n" in message.body
    assert len(alerts(watched)) == 23


def test_a_message_says_what_to_do_and_where_it_is_said(
    watched: Watched, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale(watched, "x")
    watched.rows("UPDATE ledger.account SET name = E'Pay\\x1broll'")
    monkeypatch.setenv("QBANK_RUNBOOK_URL", "https://wiki.example.com/ledger")
    look(watched, ops=inbox)
    hour = watched.hour(3)
    assert inbox.told[0].body == (
        f"A stale balance:\n- x (Pay\\x1broll), of {hour:%Y-%m-%d %H}:59 UTC\n\n"
        "Find out why the newest runs did not publish these accounts, then run again. "
        "How: https://wiki.example.com/ledger#balance_stale\n"
    )


def test_no_amount_is_in_a_message(
    watched: Watched, signers: Signers, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBANK_BREAK_LIMITS", "EUR=10")
    signers.compared(bank="123456.78", gl="123456.78")
    signers.approved()
    signers.books.bank(day(1), "987654.32", at="13:00")
    signers.books.reconcile()
    look(watched, ops=inbox)
    said = "\n".join(message.title + message.body for message in inbox.told)
    kept = "\n".join(text for (text,) in alerts(watched, "subject || message"))
    assert "a break above its limit" in said
    assert "a withdrawn sign-off" in said
    assert not any(amount in said + kept for amount in ("123456", "987654", "864197"))


def test_who_is_away_is_told_later_and_keeps_nobody_waiting(watched: Watched, inbox: Inbox) -> None:
    other = Inbox()
    inbox.is_away = True
    stale(watched, "x")
    assert look(watched, ops=inbox, desk=other) == Done(1, 0, 1, 1, ("away",))
    assert look(watched, ops=inbox, desk=other) == Done(0, 0, 1, 0, ("away",))
    inbox.is_away = False
    assert look(watched, ops=inbox, desk=other) == Done(0, 0, 1, 1, ())
    assert inbox.titles() == other.titles() == ["Ledger: a stale balance"]


def test_who_was_not_told_that_it_opened_is_not_told_that_it_is_over(watched: Watched, inbox: Inbox) -> None:
    inbox.is_away = True
    stale(watched, "x")
    look(watched, ops=inbox)
    watched.observed(watched.hour(), "x")
    inbox.is_away = False
    assert look(watched, ops=inbox) == Done(0, 1, 0, 0, ())
    assert inbox.titles() == []


def test_a_new_receiver_is_told_of_what_is_open(watched: Watched, inbox: Inbox) -> None:
    stale(watched, "x")
    look(watched)
    assert look(watched, ops=inbox).sent == 1


def test_what_is_long_over_is_told_to_nobody_who_comes_back(watched: Watched, inbox: Inbox) -> None:
    stale(watched, "x")
    look(watched, ops=inbox)
    watched.observed(watched.hour(), "x")
    look(watched)
    watched.rows(
        "UPDATE ledger.alert SET opened_at = opened_at - interval '4 days', notified_at = NULL, cleared_at = now() - interval '73 hours'"
    )
    inbox.titles()
    assert look(watched, ops=inbox).sent == 0


def test_watchers_at_once_send_once(watched: Watched) -> None:
    class Slow(Inbox):
        def send(self, message: Message) -> None:
            time.sleep(0.3)
            super().send(message)

    inbox, watchers = Slow(), 6
    watched.ledger.quick_run(failed)
    stale(watched, "x", "y")
    barrier = threading.Barrier(watchers)

    def one() -> None:
        barrier.wait()
        look(watched, ops=inbox)

    threads = [threading.Thread(target=one) for _ in range(watchers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(inbox.titles()) == [
        "Ledger: 2 stale balances", "Ledger: a failed run", "Ledger: an hour without any balance",
    ]  # fmt: skip
    assert watched.value("SELECT count(*) FROM ledger.alert") == 4


def test_a_slow_receiver_is_sent_each_message_once_however_many_watch(watched: Watched) -> None:
    class Slow(Inbox):
        """It takes six minutes for a message, and another watch looks meanwhile."""

        def send(self, message: Message) -> None:
            super().send(message)
            watched.rows("UPDATE ledger.alert_notice SET claimed_at = claimed_at - interval '6 minutes'")
            look(watched, ops=other)

    inbox, other = Slow(), Inbox()
    watched.ledger.quick_run(failed)
    stale(watched, "x")
    look(watched, ops=inbox)
    assert sorted(inbox.titles() + other.titles()) == [
        "Ledger: a failed run", "Ledger: a stale balance", "Ledger: an hour without any balance",
    ]  # fmt: skip


def test_a_slow_receiver_keeps_nobody_waiting_for_all_of_it(
    watched: Watched, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("qbank_ledger.watch.watch.monotonic", lambda: clock[0], raising=False)

    class Slow(Inbox):
        def send(self, message: Message) -> None:
            super().send(message)
            clock[0] += 121

    slow = Slow()
    watched.ledger.quick_run(failed)
    done = look(watched, slow=slow, desk=inbox)
    assert (len(slow.titles()), len(inbox.titles()), done.sent) == (1, 2, 3)
    assert done.unsent == (
        "The connection slow is slow: 1 message(s) took more than 120 s. The rest is sent by the next watch.",
    )
    assert look(watched, slow=slow, desk=inbox) == Done(0, 0, 2, 1, ())


def test_what_a_killed_watcher_took_on_is_sent_by_another_ten_minutes_later(
    watched: Watched, inbox: Inbox
) -> None:
    stale(watched, "x")
    look(watched)
    watched.rows(
        "INSERT INTO ledger.alert_notice SELECT alert_no, 'ops', now() - interval '9 minutes' FROM ledger.alert"
    )
    assert look(watched, ops=inbox).sent == 0
    watched.rows("UPDATE ledger.alert_notice SET claimed_at = now() - interval '11 minutes'")
    assert look(watched, ops=inbox).sent == 1


def test_whatever_ends_a_watch_lets_go_of_what_it_took_on(watched: Watched, inbox: Inbox) -> None:
    class Broken(Inbox):
        def send(self, message: Message) -> None:
            raise KeyboardInterrupt

    stale(watched, "x")
    with pytest.raises(KeyboardInterrupt):
        look(watched, ops=Broken())
    assert look(watched, ops=inbox).sent == 1


def test_an_approval_that_was_taken_back_is_about_the_account_and_date(
    watched: Watched, signers: Signers
) -> None:
    signers.compared()
    signers.approved()
    bank_restated(signers.books)
    signers.books.reconcile()
    look(watched)
    assert ("approval_withdrawn", f"x {day(1)}") in alerts(watched)


def test_the_database_knows_the_kinds_that_there_are(watched: Watched) -> None:
    assert set(KINDS) == set(MESSAGES)
    check = watched.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'alert_kind_check'"
    )
    assert set(re.findall("'([a-z_]+)'", check)) == set(KINDS)


def test_what_was_told_by_a_clock_that_ran_ahead_is_told_on_and_cleared(
    watched: Watched, inbox: Inbox
) -> None:
    watched.ledger.quick_run(failed)
    look(watched, ops=inbox)
    watched.rows(
        "UPDATE ledger.alert SET opened_at = opened_at + interval '1 year', notified_at = notified_at + interval '1 year'"
    )
    watched.rows(
        "UPDATE ledger.alert_notice SET claimed_at = now() + interval '1 year', told_at = told_at + interval '1 year'"
    )
    inbox.titles()
    look(watched, ops=inbox)
    assert len(inbox.titles()) == 2, "told by a clock that is right, once"
    look(watched, ops=inbox)
    assert inbox.titles() == []
    watched.ledger.quick_run()
    assert str(look(watched, ops=inbox)) == "Alerts: 0 opened, 2 cleared, 0 open. Messages sent: 2."
