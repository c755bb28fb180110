"""The faults by name: process by room, database, bank, clock, disk, two at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.hour import Hour, NotHeldError, new_hour

MOST_S = 300  # of one fault; a longer one did not hold


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, what is to hold, and the trial, which gives the seconds until the hour was whole."""

    name: str
    what: str
    holds: str
    try_it: Callable[[], float]
    short: bool = False  # also in `make check`


FAULTS: dict[str, Fault] = {}


def fault(name: str, what: str, holds: str, *, short: bool = False) -> Callable[[Callable[[], float]], None]:
    """Register a function as the trial of a fault."""

    def register(try_it: Callable[[], float]) -> None:
        FAULTS[name] = Fault(name, what, holds, try_it, short)

    return register


def killed_in(room: str, at: str) -> Callable[[], float]:
    """kill -9 of a room's process at a statement, and its retry."""

    def try_it() -> float:
        with new_hour() as hour:
            rooms = ["plan", "fetch", "audit", "publish", "settle"]
            before, after = rooms[: rooms.index(room)], rooms[rooms.index(room) :]
            if before:
                hour.through(before)
            process = hour.room(room, at=at)
            process.wait_until_at()
            process.kill()
            began = time.monotonic()
            hour.through(after, tried=1)
            hour.must_be_whole()
            return time.monotonic() - began

    return try_it


_KILLS = {
    "plan": ("open_run", "commit"),
    "fetch": ("stage_merge", "committed"),
    "audit": ("write_verdicts", "commit"),
    "publish": ("publish_seal", "commit"),
    "settle": ("lost_accounts", "committed"),
}
for _room, _places in _KILLS.items():
    for _at in _places:
        fault(
            f"kill-{_room}-{_at.replace('_', '-')}",
            f"kill -9 of {_room}, at {_at}",
            "its retry finishes the hour: nothing lost, doubled or half there",
            short=(_room, _at) in (("fetch", "stage_merge"), ("publish", "commit")),
        )(killed_in(_room, _at))


def away_in(room: str, at: str, seconds: float, *, hard: bool) -> Callable[[], float]:
    """PostgreSQL goes away while a room is at a statement, and comes back."""

    def try_it() -> float:
        with new_hour() as hour:
            rooms = ["plan", "fetch", "audit", "publish", "settle"]
            if before := rooms[: rooms.index(room)]:
                hour.through(before)
            process = hour.room(room, at=at)
            process.wait_until_at()
            hour.stop_server(hard=hard)
            began = time.monotonic()
            process.go_on()
            time.sleep(seconds)
            hour.cluster.start()
            if process.end() != 0:
                raise NotHeldError(f"{room} did not wait: {process.said}")
            if room == "plan":
                hour.run_no = int(process.said.split()[1])
            if after := rooms[rooms.index(room) + 1 :]:
                hour.through(after)
            hour.must_be_whole()
            return time.monotonic() - began - seconds

    return try_it


for _room, _at, _seconds, _hard in (
    ("plan", "open_run", 12, True),
    ("fetch", "stage_merge", 12, True),
    ("fetch", "stage_merge", 120, False),
    ("audit", "write_verdicts", 12, True),
    ("publish", "publish_balances", 12, True),
    ("publish", "committed", 12, True),
    ("settle", "close_run", 12, False),
):
    fault(
        f"database-away-{_seconds}s-in-{_room}-{_at.replace('_', '-')}",
        f"PostgreSQL {'shot' if _hard else 'stopped'} in {_room}, at {_at}, for {_seconds} s",
        "the room waits and goes on in its first try; seconds are counted from when it is back",
        short=(_room, _at) == ("publish", "publish_balances"),
    )(away_in(_room, _at, float(_seconds), hard=_hard))


def bank(missing: Callable[[Hour], list[str]], most_s: float, **scenario: object) -> Callable[[], float]:
    """A bank that behaves so for the whole hour."""

    def try_it() -> float:
        with new_hour() as hour:
            hour.bank_is(**scenario)
            began = time.monotonic()
            hour.through()
            took = time.monotonic() - began
            hour.must_be_whole(missing(hour))
            if took > most_s:
                raise NotHeldError(f"it took {took:.0f} s, and {most_s:.0f} s were promised")
            return took

    return try_it


fault(
    "bank-three-wait-an-hour",
    "3 of 600 accounts answer 429 with Retry-After: 3600",
    "the others are there as if it had not been",
    short=True,
)(
    bank(
        lambda hour: hour.ids[7:10],
        45,
        balances=[{"accounts": "acc-0000[789]", "faults": {"status": {"code": 429, "retry_after": 3600}}}],
    )
)
fault(
    "bank-half-fails",
    "half of the accounts answer 404",
    "the other half is published, each missing one says why",
)(
    bank(
        lambda hour: [id_ for id_ in hour.ids if id_[-1] in "13579"],
        45,
        balances=[{"accounts": "acc-*[13579]", "faults": {"status": {"code": 404}}}],
    )
)
fault("bank-drops", "every third answer is cut, dropped or reset, twice for an account", "none is lost")(
    bank(
        lambda _: [],
        90,
        balances=[
            {"accounts": "acc-*[147]", "times": 2, "faults": "truncated"},
            {"accounts": "acc-*[25]", "times": 2, "faults": "drop"},
            {"accounts": "acc-*8", "times": 2, "faults": "reset"},
        ],
    )
)
fault("bank-limits", "100 calls a second, the others 429", "none is lost")(
    bank(lambda _: [], 60, rate_limit=100)
)


@fault("bank-down", "the bank is down, then back", "a run of reasons; the next one makes the hour whole")
def _bank_down() -> float:
    with new_hour() as hour:
        hour.bank_is(outage={"status": {"code": 404}})
        hour.through(["plan"])
        if hour.room("fetch").end() == 0:
            raise NotHeldError("fetch is green though the bank gave no token")
        hour.through(["audit", "publish", "settle"])
        if hour.rows("SELECT FROM ledger.balance"):
            raise NotHeldError("something was published")
        hour.bank_is()
        began = time.monotonic()
        hour.through()
        hour.must_be_whole()
        return time.monotonic() - began


@fault("clock-of-a-worker", "the worker's clock is 10 min ahead", "the hour is the database's", short=True)
def _clock() -> float:
    with new_hour() as hour:
        began = time.monotonic()
        hour.through(CHAOS_CLOCK_SHIFT_S="600")
        hour.must_be_whole()
        if hour.rows("SELECT FROM ledger.balance WHERE observed_at > clock_timestamp()"):
            raise NotHeldError("a balance lies in the future")
        return time.monotonic() - began


@fault("two-at-once", "two runs of the same hour, room beside room", "each account once, both runs complete")
def _two() -> float:
    with new_hour() as hour:
        began = time.monotonic()
        hour.through(["plan"])
        first = hour.run_no
        hour.through(["plan"])
        runs = (first, hour.run_no)
        for name in ("fetch", "audit", "publish", "settle"):
            at_work = [hour.room(name, CHAOS_RUN_NO=str(run_no)) for run_no in runs]
            codes = [room.end() for room in at_work]
            if any(codes):
                raise NotHeldError(f"{name} ended with {codes}: {[room.said for room in at_work]}")
        hour.must_be_whole()
        return time.monotonic() - began
