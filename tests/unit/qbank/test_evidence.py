"""Who is throttled, told by different accounts: the client, or only some of its accounts."""

from collections.abc import Iterable

from qbank.evidence import LEAST_THROTTLED, RECENT, TRIAL_LEAST, TRIAL_MOST, Evidence


def record(evidence: Evidence, throttled: Iterable[bool], first: int = 0) -> list[str]:
    """What calls of as many different accounts show, each found as it comes; slowing starts them anew."""
    found = []
    for number, is_throttled in enumerate(throttled, start=first):
        finding = evidence.record(f"account-{number}", throttled=is_throttled)
        if finding is not None:
            found.append(finding)
            evidence.reset()
    return found


def share(of: int, count: int) -> list[bool]:
    """Every so manieth is throttled."""
    return [number % of == 0 for number in range(count)]


def test_a_share_below_a_tenth_is_the_accounts_own() -> None:
    assert record(Evidence(), [False] * RECENT + share(20, 2_000)) == []


def test_one_account_counts_once_however_often_it_is_throttled() -> None:
    evidence = Evidence()
    assert [evidence.record("a", throttled=True) for _ in range(50)] == [None] * 50


def test_three_accounts_of_few_limit_the_client() -> None:
    assert record(Evidence(), [True] * (LEAST_THROTTLED - 1)) == []
    assert record(Evidence(), [True] * LEAST_THROTTLED) == ["limited"]


def test_slowing_helped_where_others_are_let_through_after_it() -> None:
    evidence = Evidence()
    assert record(evidence, [True] * LEAST_THROTTLED + [False] * TRIAL_MOST) == ["limited", "helped"]
    assert record(evidence, [True] * LEAST_THROTTLED, first=100) == ["limited"]


def test_slowing_in_vain_twice_shows_the_accounts_own_trouble() -> None:
    evidence = Evidence()
    assert record(evidence, share(2, 200)) == ["limited", "limited", "own"]


def test_beside_the_accounts_own_trouble_the_clients_limit_still_shows() -> None:
    evidence = Evidence()
    record(evidence, share(4, 100))
    assert record(evidence, share(4, 400), first=1_000) == []
    assert record(evidence, [True] * RECENT, first=2_000)[0] in ("limited", "closed")


def test_nobody_let_through_is_a_closed_door_and_never_the_accounts_own_trouble() -> None:
    found = record(Evidence(), [True] * 1_000)
    assert found[:2] == ["limited", "closed"]
    assert set(found[1:]) == {"closed"}


def test_a_closed_door_says_the_least_wait_that_was_asked_for() -> None:
    evidence = Evidence()
    for number in range(TRIAL_LEAST):
        evidence.record(f"account-{number}", throttled=True, wait=float(10 + number))
    evidence.record("let through", throttled=False)
    assert evidence.least_wait == 10


def test_accounts_known_for_their_own_trouble_say_nothing_when_they_are_asked_again() -> None:
    evidence = Evidence()
    record(evidence, share(2, 60))
    for _ in range(20):
        assert record(evidence, [True] * 1) == []
