"""What can go wrong for every account at once, each as one sentence that says what to do.

What goes wrong for one account is no exception but a `BalanceAnswer` with a reason.
A message never holds a secret, a token, or text that a server sent, but for a word (a code, a type, a
scope) that has no part of either in it: see masking.py.
"""


class QBankError(Exception):
    """The root of this package's errors.

    `status` is the HTTP status where one came, `retryable` whether the same call may succeed
    later without anybody changing anything, `account_id` the account where there is one.
    """

    retryable = False

    def __init__(self, message: str, *, status: int | None = None, account_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.account_id = account_id


class QBankConfigError(QBankError, ValueError):
    """A field of the connection, or an account id, is not what it has to be. Never retryable."""


class QBankAuthError(QBankError, PermissionError):
    """The bank refused the client, or gave a token that can't be used. Never retryable."""


class QBankUnavailableError(QBankError, ConnectionError):
    """The token host could not be reached, or had no answer, after all attempts. Retryable."""

    retryable = True
