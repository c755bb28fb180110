"""The faults by name: process by room, database, pooler, disk, bank, clock, two at once, the whole stack."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.disk import full, on_small_disk
from chaos.hour import TRIES, Hour, NotHeldError, Room, free_port, new_hour
from chaos.pooler import pooler_of
from chaos.stack import new_stack

ROOMS = tuple(TRIES)
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


def _come_to(hour: Hour, room: str, at: str) -> Room:
    """The rooms before, done, and this one, waiting at a statement."""
    if before := ROOMS[: ROOMS.index(room)]:
        hour.through(before)
    process = hour.room(room, at=at)
    process.wait_until_at()
    return process


def _goes_on(hour: Hour, room: str, process: Room) -> None:
    """The room ends well in its first try, and so do those after it."""
    if process.end() != 0:
        raise NotHeldError(f"{room} did not wait: {process.said}")
    if room == "plan":
        hour.run_no = int(process.said.split()[1])
    if after := ROOMS[ROOMS.index(room) + 1 :]:
        hour.through(after)
    hour.must_be_whole()


def killed_in(room: str, at: str) -> Callable[[], float]:
    """kill -9 of a room's process at a statement, and its retry."""

    def try_it() -> float:
        with new_hour() as hour:
            process = _come_to(hour, room, at)
            process.kill()
            began = time.monotonic()
            hour.through(ROOMS[ROOMS.index(room) :], tried=1)
            hour.must_be_whole()
            return time.monotonic() - began

    return try_it


_KILLS = {
    "plan": ("open_run", "commit"),
    "fetch": ("add_answers", "committed"),
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
            short=(_room, _at) in (("fetch", "add_answers"), ("publish", "commit")),
        )(killed_in(_room, _at))


def away_in(room: str, at: str, seconds: float, *, hard: bool) -> Callable[[], float]:
    """PostgreSQL goes away while a room is at a statement, and comes back."""

    def try_it() -> float:
        with new_hour() as hour:
            process = _come_to(hour, room, at)
            hour.stop_server(hard=hard)
            began = time.monotonic()
            process.go_on()
            time.sleep(seconds)
            hour.cluster.start()
            _goes_on(hour, room, process)
            return time.monotonic() - began - seconds

    return try_it


for _room, _at, _seconds, _hard in (
    ("plan", "open_run", 12, True),
    ("fetch", "add_answers", 12, True),
    ("fetch", "add_answers", 120, False),
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


def pooler_away_in(room: str, at: str, seconds: float) -> Callable[[], float]:
    """PgBouncer is shot while a room is at a statement, and comes back."""

    def try_it() -> float:
        with new_hour() as hour:
            hour.port = free_port()
            with pooler_of(hour, hour.port) as pooler:
                process = _come_to(hour, room, at)
                pooler.kill()
                pooler.wait(10)
            began = time.monotonic()
            process.go_on()
            time.sleep(seconds)
            with pooler_of(hour, hour.port):
                _goes_on(hour, room, process)
                return time.monotonic() - began - seconds

    return try_it


for _room, _place in (("fetch", "add_answers"), ("publish", "committed")):
    fault(
        f"pooler-away-12s-in-{_room}-{_place.replace('_', '-')}",
        f"PgBouncer, in transaction mode, shot in {_room}, at {_place}, for 12 s",
        "the room waits and goes on in its first try; seconds are counted from when it is back",
    )(pooler_away_in(_room, _place, 12.0))


def full_in(name: str, room: str, at: str, seconds: float) -> Callable[[], float]:
    """The disk with the ledger and the state directory is full while a room is at a statement."""

    def try_it() -> float:
        if (apart := on_small_disk(name)) is not None:
            return apart
        with new_hour() as hour:
            process = _come_to(hour, room, at)
            with full():
                process.go_on()
                time.sleep(seconds)
                if process.process.poll() is not None:
                    raise NotHeldError(
                        f"{room} did not wait for the disk, or did not need it: {process.end()}"
                    )
            began = time.monotonic()
            _goes_on(hour, room, process)
            return time.monotonic() - began

    return try_it


for _room, _place in (("fetch", "add_answers"), ("audit", "write_verdicts"), ("publish", "publish_balances")):
    _name = f"disk-full-20s-in-{_room}-{_place.replace('_', '-')}"
    fault(
        _name,
        f"the disk of ledger and state is full in {_room}, at {_place}, for 20 s",
        "the room waits for space and goes on in its first try; seconds are counted from when there is some",
    )(full_in(_name, _room, _place, 20.0))


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
        for name in ROOMS[1:]:
            at_work = [hour.room(name, CHAOS_RUN_NO=str(run_no)) for run_no in runs]
            codes = [room.end() for room in at_work]
            if any(codes):
                raise NotHeldError(f"{name} ended with {codes}: {[room.said for room in at_work]}")
        hour.must_be_whole()
        return time.monotonic() - began


@fault(
    "stack-scheduler-killed",
    "kill -9 of Airflow's scheduler and its tasks in mid-fetch",
    "the tasks begin again within 2 min, the hour is whole within 3",
)
def _scheduler() -> float:
    with new_stack() as stack:
        run = stack.run_until_in_fetch()
        began = time.time()
        stack.kill("scheduler")
        stack.bank_is()
        stack.must_be_whole(run, 180)
        if (noticed := stack.begun_again("fetch") - began) > 120:
            raise NotHeldError(f"the tasks began again after {noticed:.0f} s")
        return time.time() - began


@fault(
    "stack-api-server-killed",
    "kill -9 of Airflow's API server, DAG processor and triggerer in mid-fetch",
    "the hour is whole within 3 min",
)
def _api_server() -> float:
    with new_stack() as stack:
        run = stack.run_until_in_fetch()
        began = time.monotonic()
        stack.kill("api-server", "dag-processor", "triggerer")
        stack.bank_is()
        stack.must_be_whole(run, 180)
        return time.monotonic() - began


@fault(
    "stack-database-away-120s",
    "PostgreSQL, Airflow's own database too, shot in mid-fetch, for 120 s",
    "the hour is whole within 3 min of when it is back",
)
def _stack_database() -> float:
    with new_stack() as stack:
        run = stack.run_until_in_fetch()
        with stack.without("postgres"):
            stack.bank_is()
            time.sleep(120)
        began = time.monotonic()
        stack.must_be_whole(run, 180)
        return time.monotonic() - began


@fault(
    "stack-killed",
    "kill -9 of every process of the stack in mid-fetch",
    "the next `make run` has the hour whole within 4 min, and both runs are closed",
)
def _stack_killed() -> float:
    with new_stack() as stack:
        stack.run_until_in_fetch().kill()
        stack.kill()
        stack.bank_is()
        began = time.monotonic()
        stack.must_be_whole(stack.start("run"), 240)
        return time.monotonic() - began
