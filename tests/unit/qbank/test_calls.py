"""What a call's end means, where the bank's words and our own time meet."""

from unittest.mock import Mock

import pytest
from requests import PreparedRequest

from qbank.auth import Token
from qbank.batch import Attempt
from qbank.budget import Budget
from qbank.calls import Calls, _Turn
from qbank.settings import Settings
from qbank.transport import Reply


@pytest.mark.parametrize(
    ("retry_after", "kept"),
    [("0", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("7", 7), (None, None)],
)
def test_the_wait_that_is_kept_is_one(retry_after: str | None, kept: int | None) -> None:
    """The ledger takes none of 0 seconds, and would refuse the whole chunk that has it."""
    calls = Calls(
        Settings(client_id="a", client_secret="b"),
        PreparedRequest(),
        transport=Mock(),
        tokens=Mock(),
        pace=Mock(),
        budget=Budget(-1),
    )
    turn = _Turn(Attempt("a", attempts=1), Token("token", 3600), 0.0)
    reply = Reply(status=503, content_type=None, retry_after=retry_after, body=b"")
    answer = calls._end(turn, reply)
    assert (answer.reason, answer.retry_after_s) == ("http_503", kept)  # type: ignore[union-attr]
