"""Under Airflow's scheduler, from trigger to green: many accounts, and few beside a DAG that does nothing."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Figure, Table, is_quick
from benchmarks.bank import bank
from benchmarks.peers.competitor import OURS
from benchmarks.stack import SYNC, own_stack

_EMPTY = Path(__file__).with_name("empty_dag.py")


def measure() -> Iterator[Table]:
    """The run of all accounts; then few accounts and the empty DAG in turn."""
    many, few, turns = (500, 50, 1) if is_quick() else (20_000, 500, 5)
    ids = [f"account-{number:06}" for number in range(many)]
    with bank(ids) as found, own_stack(ids) as stack, stack.scheduler(found, dag=_EMPTY) as scheduler:
        scheduler.time(_EMPTY.stem)
        stack.ask_for(ids[:few])
        found.begin(latency_s=0.05)
        empty, ours = zip(
            *((scheduler.time(_EMPTY.stem), scheduler.time(SYNC)) for _ in range(turns + 1)), strict=True
        )
        nothing, some = (
            statistics.median(times[1:]) for times in (empty, ours)
        )  # the first finds nothing warm
        yield Table(
            title=f"Under the scheduler: {few:,} accounts at 50 ms, the middle of {turns}",
            head=("", "time", "beside the empty DAG"),
            rows=[
                ("a DAG of that shape which does nothing", Figure(nothing, "s"), ""),
                ("ours", Figure(some, "s"), Figure(some / nothing, "x", at_most=1.3)),
            ],
        )
        stack.ask_for(ids)
        found.begin(latency_s=0.02)
        took = scheduler.time(SYNC)
        yield Table(
            title=f"Under the scheduler: {many:,} accounts at 20 ms",
            head=("", "time", "calls", "tokens", "exact"),
            rows=[
                (
                    "ours",
                    Figure(took, "s", at_most=None if is_quick() else 15),
                    Figure(found.counts.balances.value),
                    Figure(found.counts.tokens.value, at_most=4),
                    Figure(OURS.exact(stack.ledger_url, ids), at_least=many),
                )
            ],
        )
