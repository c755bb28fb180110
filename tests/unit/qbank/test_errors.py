"""An error is a sentence, carries its data, survives a pickle, and fits the built-in."""

import pickle
import traceback

import pytest

from qbank.errors import (
    QBankAuthError,
    QBankConfigError,
    QBankError,
    QBankUnavailableError,
)


@pytest.mark.parametrize(
    ("kind", "built_in", "retryable"),
    [
        (QBankConfigError, ValueError, False),
        (QBankAuthError, PermissionError, False),
        (QBankUnavailableError, ConnectionError, True),
    ],
)
def test_an_error_fits_its_built_in_and_survives_a_pickle(
    kind: type[QBankError], built_in: type[Exception], retryable: bool
) -> None:
    error = kind("Check token_url.", status=503, account_id="a")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    for one in (error, again):
        assert isinstance(one, QBankError)
        assert isinstance(one, built_in)
        assert str(one) == "Check token_url."
        assert (one.status, one.account_id, one.retryable) == (503, "a", retryable)
    assert "Check token_url." in "".join(traceback.format_exception(error))
    assert repr(error) == f"{kind.__name__}('Check token_url.')"
