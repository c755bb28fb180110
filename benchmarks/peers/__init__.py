"""Side by side: how others would bring the same balances into the same database, in one session.

Every peer asks the same bank, which counts, and writes into a database of its own on the same server. Its
programs run in a virtual environment of its own, from the hash-pinned file beside this one. A peer that asks
for one account at a time gets a tenth of the accounts.
"""

import sys
from collections.abc import Iterator, Sequence

from benchmarks import OURS_ALONE, Cell, Figure, Table, is_quick
from benchmarks.bank import Bank, bank
from benchmarks.peers.competitor import OURS, PEERS, Competitor, Outcome
from benchmarks.stack import CALLS_AT_ONCE, Stack, own_stack

_LATENCY_S = 0.02
_GOALS = {"seconds": 12, "asyncio_client": 1.8, "dlt_pipeline": 0.5, "tokens": 4}


def measure() -> Iterator[Table]:
    """Seconds, calls and exact rows; then what is left after a revoked token and after a kill."""
    accounts, troubled = (500, 200) if is_quick() else (20_000, 2_000)
    ids = [f"account-{number:06}" for number in range(accounts)]
    competitors = (OURS,) if OURS_ALONE in sys.argv[1:] else (OURS, *PEERS)
    for each in competitors:
        each.prepare()
    with bank(ids) as found, own_stack(ids) as stack:
        with OURS.job(found, stack, ids[:10]) as job:
            job.run()  # a metadata database is made once, and copied after that
        yield _figures({each: _plain(each, found, stack, _few(each, ids)) for each in competitors}, accounts)
        yield Table(
            title="In trouble",
            head=("", "accounts", "exact after a revoked token", "exact after kill -9 and a second run"),
            rows=[_trouble(each, found, stack, _few(each, ids[:troubled])) for each in competitors],
            note="The bank revokes all tokens in use, or all processes are killed, at half of the accounts.",
        )


def _few(each: Competitor, ids: Sequence[str]) -> Sequence[str]:
    return ids[: len(ids) // 10] if each.is_sequential else ids


def _plain(each: Competitor, found: Bank, stack: Stack, ids: Sequence[str]) -> Outcome:
    with each.job(found, stack, ids) as job:
        found.begin(latency_s=_LATENCY_S)
        return job.run()


def _figures(outcomes: dict[Competitor, Outcome], accounts: int) -> Table:
    pace = {each.program: found.seconds / found.accounts for each, found in outcomes.items()}
    rows: list[tuple[Cell, ...]] = []
    for each, found in outcomes.items():
        goals = _GOALS if each is OURS and not is_quick() else {}
        beside = _beside(pace[each.program], pace, goals)
        rows.append(
            (
                each.name,
                Figure(found.seconds, "s", at_most=goals.get("seconds")),
                *beside,
                Figure(found.accounts),
                Figure(found.requests),
                Figure(found.tokens, at_most=goals.get("tokens")),
                Figure(found.exact, at_least=found.accounts if each is OURS else None),
            )
        )
        if found.in_run is not None:
            run = _beside(found.in_run / found.accounts, pace, {})
            rows.append(
                (f"{each.name}, from plan to settle", Figure(found.in_run, "s"), *run, "", "", "", "")
            )
    return Table(
        title=f"Side by side: {accounts:,} accounts at 20 ms, {CALLS_AT_ONCE} calls at once",
        head=("", "time", "beside asyncio", "beside dlt", "accounts", "calls", "tokens", "exact"),
        rows=rows,
        note="Who asks for one account at a time gets a tenth of them; ratios are of the time an account. "
        "The bank answers a plain call without the sandbox's application: by the same bytes, with less CPU.",
        plot="bars",
    )


def _beside(own: float, pace: dict[str, float], goals: dict[str, float]) -> list[Cell]:
    """Seconds an account beside those of two peers."""
    return [
        Figure(own / pace[peer], "x", at_most=goals.get(peer)) if peer in pace else ""
        for peer in ("asyncio_client", "dlt_pipeline")
    ]


def _trouble(each: Competitor, found: Bank, stack: Stack, ids: Sequence[str]) -> tuple[Cell, ...]:
    least = len(ids) if each is OURS else None
    with each.job(found, stack, ids) as job:
        found.begin(latency_s=_LATENCY_S, revoke_at=len(ids) // 2)
        revoked = job.run().exact
    with each.job(found, stack, ids) as job:
        found.begin(latency_s=_LATENCY_S)
        job.kill_at(len(ids) // 2)
        found.begin(latency_s=_LATENCY_S)
        killed = job.run().exact
    return each.name, Figure(len(ids)), Figure(revoked, at_least=least), Figure(killed, at_least=least)
