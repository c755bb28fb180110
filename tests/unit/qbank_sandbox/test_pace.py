"""The rate limit lets exactly so many calls pass in any one second."""

from qbank_sandbox.pace import RateLimit


def test_no_second_sees_more_calls_than_the_limit() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    passed = []
    for _ in range(400):
        if limit.admits(10):
            passed.append(now)
        now += 0.01
    assert len(passed) == 40
    assert all(later - earlier >= 1 for earlier, later in zip(passed, passed[10:], strict=False))
