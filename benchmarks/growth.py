"""By the size of the ledger: whether a room takes longer, and the bytes of an account-hour.

Of ten million account-hours, and of a hundred million with `--large`: some 20 GB.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator

from sqlalchemy import Engine, text

from benchmarks import LARGE, Cell, Figure, Table, is_quick
from benchmarks.ledger import new_ledger, run
from benchmarks.rooms import ROOMS, time_rooms

_TURNS = 3
_BYTES_A_ROW = 250  # so much room is asked for, with the log of what is written
# Hour by hour, as they come, from `:first` hours before this one to `:last`.
_HOURS = """
INSERT INTO ledger.balance
SELECT a.account_id, h.hour, h.n + 0.25, h.n + 1234567.5, 'EUR', h.hour + interval '5 min',
       1, -h.n, 1, h.hour + interval '6 min'
  FROM (SELECT n, date_trunc('hour', now(), 'UTC') - n * interval '1 hour' AS hour
          FROM generate_series(:first, :last, -1) AS n) AS h, ledger.account AS a
 ORDER BY h.n DESC, a.account_id
"""
_PARTITIONS = (
    "SELECT ledger.ensure_partitions(now() - n * interval '1 month') FROM generate_series(0, :months) AS n"
)
_TWICE = """
INSERT INTO ledger.balance_history
SELECT b.*, b.recorded_at + interval '1 min' FROM ledger.balance AS b
 WHERE as_of_hour BETWEEN now() - interval '20 hours' AND now() - interval '2 hours'
"""
_SIZE = """
SELECT sum(pg_relation_size(inhrelid))::float8, sum(pg_indexes_size(inhrelid))::float8
  FROM pg_inherits WHERE inhparent = to_regclass(:parent)
"""


def measure() -> Iterator[Table]:
    """Rooms over ledgers of growing size, then what a row of each kind takes."""
    accounts, hours = (100, (0, 200)) if is_quick() else (10_000, (0, 1_000))
    note = ""
    if LARGE in sys.argv[1:]:
        free, needed = shutil.disk_usage(tempfile.gettempdir()).free, 10_000 * accounts * _BYTES_A_ROW
        if free > 2 * needed:
            hours = (*hours, 10_000)
        else:
            note = f"100 million rows take {needed / 2**30:.0f} GB, and half of what is free is less."
    ids = [f"a1b2c3d4-e5f6-7890-1234-{number:012}" for number in range(accounts)]  # as the bank's own
    fastest: dict[int, dict[str, float]] = {}
    with new_ledger() as (engine, superuser):
        time_rooms(engine, superuser, ids)  # makes the accounts, and loads what the audit needs
        written = 0
        for upto in hours:
            _write(superuser, written, upto)
            written = upto
            turns = [time_rooms(engine, superuser, ids) for _ in range(_TURNS)]
            fastest[upto] = {room: min(turn[room] for turn in turns) for room in ROOMS}
        empty = fastest[0]
        yield Table(
            title=f"A run of {accounts:,} accounts, by the ledger's rows, the fastest of {_TURNS}",
            head=("rows", *ROOMS, "slowest beside the empty ledger"),
            rows=[
                (
                    Figure(upto * accounts),
                    *(Figure(took[room], "s") for room in ROOMS),
                    Figure(
                        max(took[room] / empty[room] for room in ROOMS), "x", at_most=1.1 if upto else None
                    ),
                )
                for upto, took in fastest.items()
            ],
            note=note,
            plot="lines",
        )
        yield _sizes(superuser)


def _write(superuser: Engine, written: int, upto: int) -> None:
    """Account-hours before those that are there, a hundred hours at a time."""
    run(superuser, _PARTITIONS, months=upto // 700 + 1)
    for last in range(written, upto, 100):
        run(superuser, _HOURS, first=min(last + 100, upto), last=last + 1)
    with superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE ledger.balance")
        connection.exec_driver_sql("CHECKPOINT")


def _sizes(superuser: Engine) -> Table:
    run(superuser, _TWICE)
    rows: list[tuple[Cell, ...]] = []
    kinds = {"ledger.balance": "an account-hour", "ledger.balance_history": "a superseded version"}
    with superuser.connect() as connection:
        for parent, what in kinds.items():
            count = connection.execute(text(f"SELECT count(*) FROM {parent}")).scalar_one()
            heap, indexes = connection.execute(text(_SIZE), {"parent": parent}).one()
            whole = (heap + indexes) / count
            rows.append(
                (what, *(Figure(found / count, "bytes") for found in (heap, indexes)), Figure(whole, "bytes"))
            )
    hour = float(rows[0][3].value)  # type: ignore[union-attr]
    rows += [
        (f"ten years of {accounts:,} accounts", "", "", Figure(accounts * 87_660 * hour / 1e9, "GB"))
        for accounts in (1_000, 10_000, 100_000)
    ]
    return Table(title="Size", head=("what", "table", "indexes", "whole"), rows=rows)
