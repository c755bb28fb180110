"""Answers that are exactly another account's: what is found, and what is alike for a reason."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from qbank_ledger.sync import audit
from tests.words.ledger import Ledger, Reply, failed

Amounts = Mapping[str, "str | tuple[str, str] | None"]

# Of eight accounts, as large accounts have them.
BOOKS: dict[str, Any] = {
    "a": "1203456.78", "b": "98765.43", "c": "7654321.09", "d": ("4112.37", "5112.38"),
    "e": "-88214.65", "f": "0.00", "g": "250000.00", "h": "123.45",
}  # fmt: skip


def play(ledger: Ledger, amounts: Amounts, *, whole: bool = False, **options: Any) -> int:
    """A run that answers these amounts (available and ledger, or both in one); None: a failed answer."""

    def reply(id_: str) -> Reply:
        amount = amounts[id_]
        if amount is None:
            return failed(id_)
        available, total = (amount, amount) if isinstance(amount, str) else amount
        return Reply(account_id=id_, available_balance=Decimal(available), ledger_balance=Decimal(total))

    ledger.accounts(*amounts)
    return ledger.run(reply, **options) if whole else ledger.quick_run(reply, **options)


def found(ledger: Ledger, run_no: int) -> dict[str, str]:
    """The accounts whose answers were taken for another's, and whose."""
    rows = ledger.rows(
        "SELECT account_id, other_account_id FROM sync.lookalike WHERE run_no = :n ORDER BY 1", n=run_no
    )
    return {row.account_id: row.other_account_id for row in rows}


def outcomes(ledger: Ledger, run_no: int) -> dict[str, list[str]]:
    """The reasons of the accounts that were not published."""
    rows = ledger.rows(
        "SELECT account_id, reasons FROM sync.outcome WHERE run_no = :n AND outcome <> 'published'", n=run_no
    )
    return {row.account_id: row.reasons for row in rows}


def warned(ledger: Ledger, run_no: int) -> set[str]:
    rows = ledger.rows(
        "SELECT account_id FROM sync.finding WHERE run_no = :n AND rule = 'another_accounts_balance'",
        n=run_no,
    )
    return {row.account_id for row in rows}


@pytest.mark.parametrize("mixed", [{"a": "c"}, {"a": "c", "c": "a"}, {"a": "c", "b": "c"}])
def test_one_or_two_are_a_warning(ledger: Ledger, mixed: dict[str, str]) -> None:
    play(ledger, BOOKS)
    run_no = play(ledger, {**BOOKS, **{id_: BOOKS[of] for id_, of in mixed.items()}}, whole=True)
    assert found(ledger, run_no) == mixed
    assert warned(ledger, run_no) == set(mixed)
    assert outcomes(ledger, run_no) == {}


def test_three_in_a_run_are_held_back_and_the_others_published(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    mixed = {"a": "c", "c": "d", "d": "a"}
    run_no = play(ledger, {**BOOKS, **{id_: BOOKS[of] for id_, of in mixed.items()}}, whole=True)
    assert found(ledger, run_no) == mixed
    assert outcomes(ledger, run_no) == {id_: ["answers_mixed_up"] for id_ in mixed}
    assert ledger.rows(
        "SELECT expectation, success, unexpected FROM sync.validation_result WHERE run_no = :n AND unexpected > 0"
        " AND expectation LIKE 'an%' ORDER BY 1", n=run_no,
    ) == [("another_accounts_balance", False, 3), ("answers_mixed_up", False, 3)]  # fmt: skip
    assert {row.account_id for row in ledger.rows("SELECT account_id FROM sync.quarantine")} == set(mixed)
    assert play(ledger, BOOKS), "the next run is as before"
    assert ledger.value("SELECT state FROM sync.run ORDER BY run_no DESC LIMIT 1") == "complete"


def test_one_answer_for_everybody_is_held_back_but_for_the_account_that_had_it(ledger: Ledger) -> None:
    """What a gateway that keeps an answer would give."""
    play(ledger, BOOKS)
    run_no = play(ledger, dict.fromkeys(BOOKS, BOOKS["c"]))
    assert set(outcomes(ledger, run_no)) == set(BOOKS) - {"c"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"a": BOOKS["b"], "b": None}, {"a": "b"}),
        ({"a": BOOKS["b"], "b": "98766.43"}, {"a": "b"}),
        ({"a": "55512.34", "b": "55512.34"}, {"a": "b", "b": "a"}),
        ({"a": BOOKS["e"]}, {"a": "e"}),
        ({"a": BOOKS["d"]}, {"a": "d"}),
        ({"a": "98765.430"}, {"a": "b"}),
        ({"f": BOOKS["b"]}, {"f": "b"}),
        ({"f": BOOKS["b"], "b": None}, {"f": "b"}),
        ({"f": BOOKS["b"], "b": "98766.43"}, {"f": "b"}),
    ],
    ids=[
        "another's newest, which has no answer", "another's newest, which has moved", "another answer of the run",
        "negative", "two different balances", "with a nought more", "an account that was empty",
        "that was empty, and the other has no answer", "that was empty, and the other has moved",
    ],
)  # fmt: skip
def test_it_is_found_wherever_the_other_has_it(
    ledger: Ledger, change: dict[str, Any], expected: dict[str, str]
) -> None:
    play(ledger, BOOKS)
    assert found(ledger, play(ledger, {**BOOKS, **change})) == expected


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {}),
        ({}, {"a": "0.00", "b": "0.00", "c": "0.00"}),
        ({}, {"a": "123.45", "b": "123.45", "c": "123.45"}),
        ({"d": "1250000.00"}, {"a": "1250000.00", "b": "1250000.00", "c": "1250000.00"}),
        ({"d": ("100.00", "5112.38")}, {"a": ("100.00", "5112.38"), "b": ("100.00", "5112.38")}),
        ({}, {"a": ("98765.43", "98765.44"), "b": ("98765.42", "98765.43")}),
        ({}, {"f": BOOKS["b"], "b": "0.00"}),
        ({"a": "55512.34", "b": "55512.34"}, {"a": "55513.34", "b": "55513.34"}),
        ({"a": "55512.34", "b": "55512.34"}, {"a": "55513.34"}),
    ],
    ids=[
        "nothing moved", "noughts", "few digits", "a round sum", "only one of the two has digits",
        "only one of the two is alike", "all of it went to an empty account", "two that mirror each other",
        "one of two has moved",
    ],
)  # fmt: skip
def test_what_is_alike_for_a_reason_is_not_found(
    ledger: Ledger, before: dict[str, Any], now: dict[str, Any]
) -> None:
    play(ledger, {**BOOKS, **before})
    run_no = play(ledger, {**BOOKS, **before, **now})
    assert found(ledger, run_no) == {}
    assert outcomes(ledger, run_no) == {}


def test_an_account_that_is_listed_twice_may_be_a_run_behind_itself(ledger: Ledger) -> None:
    """Asked for before and after a payment; the next run, both have it."""
    first, then, last = "55512.34", "55513.34", "55514.34"
    for a, b in ((first, first), (first, then), (then, then), (then, last), (None, last), (last, last)):
        run_no = play(ledger, {**BOOKS, "a": a, "b": b})
        assert found(ledger, run_no) == {}


def test_an_account_that_is_listed_twice_may_have_failed_once(ledger: Ledger) -> None:
    play(ledger, {**BOOKS, "a": "55512.34", "b": "55512.34"})
    play(ledger, {**BOOKS, "a": None, "b": "55513.34"})
    run_no = play(ledger, {**BOOKS, "a": "55514.34", "b": "55514.34"})
    assert found(ledger, run_no) == {}


def test_two_that_were_empty_at_once_are_not_alike_for_that(ledger: Ledger) -> None:
    play(ledger, {**BOOKS, "a": "0.00", "f": "0.00"})
    play(ledger, BOOKS)
    assert found(ledger, play(ledger, {**BOOKS, "f": BOOKS["a"]})) == {"f": "a"}


def test_a_new_account_without_a_history_is_not_found_nor_taken_for_another(ledger: Ledger) -> None:
    """Two names of one account: whoever is new has no balance of its own that it could differ from."""
    play(ledger, BOOKS)
    run_no = play(ledger, {**BOOKS, "x": BOOKS["a"], "y": BOOKS["a"], "z": BOOKS["a"]})
    assert found(ledger, run_no) == {}


def test_an_account_that_failed_twice_is_still_known(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    for _ in range(2):
        play(ledger, {**BOOKS, "b": None})
    assert found(ledger, play(ledger, {**BOOKS, "a": BOOKS["b"], "b": None})) == {"a": "b"}


def test_a_run_for_some_accounts_is_compared_with_all(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    assert found(ledger, play(ledger, {**BOOKS, "a": BOOKS["b"]}, only=["a"])) == {"a": "b"}


def test_a_dry_run_finds_them_too(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    mixed = {"a": BOOKS["c"], "c": BOOKS["b"], "b": BOOKS["a"]}
    run_no = play(ledger, {**BOOKS, **mixed}, dry_run=True)
    assert set(found(ledger, run_no)) == set(mixed)


@pytest.mark.parametrize(
    ("accounts", "digits", "is_found"), [(316, 6, True), (317, 6, False), (317, 7, True)]
)
def test_the_more_accounts_the_more_digits_are_no_chance(
    ledger: Ledger, accounts: int, digits: int, is_found: bool
) -> None:
    """More than the number of pairs has: fewer are alike by chance in some run or other."""
    amounts = {f"n{n}": f"{n}.00" for n in range(accounts)}
    play(ledger, {**amounts, "n1": f"{98765432 // 10 ** (8 - digits)}.00"})
    again = play(
        ledger,
        {
            **amounts,
            "n1": f"{98765432 // 10 ** (8 - digits)}.00",
            "n2": f"{98765432 // 10 ** (8 - digits)}.00",
        },
    )
    assert found(ledger, again) == ({"n2": "n1"} if is_found else {})


def test_what_was_published_as_a_warning_is_the_accounts_own_from_then_on(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    play(ledger, {**BOOKS, "a": BOOKS["c"]})
    assert found(ledger, play(ledger, {**BOOKS, "a": BOOKS["c"]})) == {}


def test_what_an_operator_released_is_the_accounts_own_from_then_on(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    mixed = {**BOOKS, "a": BOOKS["c"], "b": BOOKS["c"], "e": BOOKS["c"]}
    run_no = play(ledger, mixed)
    assert set(outcomes(ledger, run_no)) == {"a", "b", "e"}
    for id_ in "abe":
        ledger.rows("SELECT ledger.release(:n, :id, 'the bank confirmed it')", n=run_no, id=id_)
    assert found(ledger, play(ledger, mixed)) == {}


def test_auditing_again_finds_the_same(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    run_no = play(ledger, {**BOOKS, "a": BOOKS["c"], "c": BOOKS["a"]})
    before = ledger.rows("SELECT * FROM sync.finding WHERE run_no = :n ORDER BY 2, 3", n=run_no)
    ledger.rows("UPDATE sync.run SET state = 'running' WHERE run_no = :n", n=run_no)
    ledger.quick_audit(run_no)
    assert ledger.rows("SELECT * FROM sync.finding WHERE run_no = :n ORDER BY 2, 3", n=run_no) == before


def test_what_comes_later_in_a_run_is_looked_at_and_what_has_a_verdict_keeps_it(ledger: Ledger) -> None:
    play(ledger, BOOKS)
    run_no = play(ledger, {**BOOKS, "a": BOOKS["c"], "c": BOOKS["b"], "e": None})
    assert warned(ledger, run_no) == {"a", "c"}
    late = Decimal(BOOKS["b"])
    ledger.fetch(run_no, lambda id_: Reply(account_id=id_, available_balance=late, ledger_balance=late))
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    ledger.close(run_no)
    assert found(ledger, run_no) == {"a": "c", "c": "b", "e": "b"}
    assert outcomes(ledger, run_no) == {"e": ["answers_mixed_up"]}


# ── books as they are ──────────────────────────────────────────────────────────────────────────────

# 300 accounts: a fifth empty, a fifth with round sums, a tenth that never moves, twenty that are listed twice, twenty
# that are swept into another at night; what the others have is anything from a few coins to millions, and each hour
# a third of them moves.
START = """
CREATE TABLE public.book (id text, kind text, pair text, amount numeric);
INSERT INTO public.book
SELECT 'acc-' || n, kind, CASE kind WHEN 'twice' THEN 'acc-' || n + 1 WHEN 'swept' THEN 'acc-' || n + 60 END,
       CASE kind WHEN 'empty' THEN 0 WHEN 'round' THEN (n % 9 + 1) * 10 ^ (2 + n % 5)
                 ELSE round((10 ^ (1 + 6 * random()))::numeric, 2) END
  FROM (SELECT n, CASE WHEN n < 60 THEN 'empty' WHEN n < 120 THEN 'round' WHEN n < 150 THEN 'still'
                       WHEN n < 170 AND n % 2 = 0 THEN 'twice' WHEN n < 170 THEN 'second'
                       WHEN n BETWEEN 180 AND 189 THEN 'swept' WHEN n BETWEEN 240 AND 249 THEN 'master'
                       ELSE 'moving' END AS kind
          FROM generate_series(0, 299) AS n) AS k;
UPDATE public.book AS b SET amount = o.amount FROM public.book AS o WHERE o.kind = 'twice' AND o.pair = b.id;
UPDATE public.book SET amount = 0 WHERE kind = 'master';
"""
HOUR = """
UPDATE public.book SET amount = round((amount * (0.9 + 0.2 * random()::numeric)), 2)
 WHERE kind IN ('moving', 'twice', 'swept') AND random() < 0.33;
UPDATE public.book AS b SET amount = o.amount FROM public.book AS o WHERE o.kind = 'twice' AND o.pair = b.id;
"""
NIGHT = """
UPDATE public.book AS m SET amount = s.amount FROM public.book AS s WHERE s.kind = 'swept' AND s.pair = m.id;
UPDATE public.book SET amount = 0 WHERE kind = 'swept';
"""
MORNING = """
UPDATE public.book AS s SET amount = m.amount FROM public.book AS m WHERE s.kind = 'swept' AND s.pair = m.id;
UPDATE public.book SET amount = 0 WHERE kind = 'master';
"""


# A run of that hour, and its balances once they were looked at.
RUN = """
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, finished_at, state, dry_run, subset, expected,
                      published, quarantined, failed)
VALUES ('book', 'bank', now() - :ago, now(), now(), 'complete', false, false, 300, 300, 0, 0) RETURNING run_no
"""
ANSWERS = """
INSERT INTO sync.observation (run_no, account_id, state, available_balance, ledger_balance, attempts, observed_at)
SELECT :run_no, id, 'answered', amount, amount, 1, now() - :ago FROM public.book
"""
PUBLISH = """
INSERT INTO ledger.balance
SELECT id, date_trunc('hour', now() - :ago, 'UTC'), amount, amount, 'EUR', now() - :ago, :run_no, 1, 1, now() - :ago
  FROM public.book
"""


def test_real_looking_books_raise_no_alarm(ledger: Ledger) -> None:
    days = 10
    with ledger.owner.begin() as connection:
        connection.exec_driver_sql("SELECT setseed(0.29)")
        connection.execute(text(START))
        for hour in range(24 * days):
            connection.exec_driver_sql({20: NIGHT, 6: MORNING}.get(hour % 24, HOUR))
            ago = timedelta(hours=24 * days - hour)
            connection.exec_driver_sql("SELECT ledger.ensure_partitions()")
            run_no = connection.execute(text(RUN), {"ago": ago}).scalar_one()
            connection.execute(text(ANSWERS), {"run_no": run_no, "ago": ago})
            audit._find_lookalikes(connection, run_no)
            connection.execute(text(PUBLISH), {"run_no": run_no, "ago": ago})
        moved = connection.exec_driver_sql(
            "SELECT count(DISTINCT (account_id, ledger_balance)) FROM ledger.balance"
        )
        assert moved.scalar_one() > 9_000
        assert connection.exec_driver_sql("SELECT * FROM sync.lookalike").all() == []
        connection.exec_driver_sql("DROP TABLE public.book")
