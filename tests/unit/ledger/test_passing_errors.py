"""Which errors of Great Expectations' own query pass: the audit waits for those, as the other rooms do."""

import pytest
from psycopg2 import errors

from qbank_ledger.errors import LedgerUnavailableError
from qbank_ledger.sync.gx import _raise_if_away


@pytest.mark.parametrize(
    "passing",
    [
        errors.AdminShutdown, errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections,
        errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected,
    ],
)  # fmt: skip
def test_what_passes_is_waited_for(passing: type[Exception]) -> None:
    said = f"(psycopg2.errors.{passing.__name__}) could not write block 7"
    with pytest.raises(LedgerUnavailableError):
        _raise_if_away(said)


def test_a_rule_that_is_wrong_is_not_waited_for() -> None:
    _raise_if_away("(psycopg2.errors.UndefinedColumn) column s.nothing does not exist")
    _raise_if_away("(psycopg2.errors.DivisionByZero) division by zero")
