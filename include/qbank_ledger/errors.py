"""What can go wrong in the ledger, as sentences for the person who must act.

``retryable`` says whether trying again later may help: Airflow retries those, and only those.
"""


class LedgerError(Exception):
    """Root of the ledger's errors; ``str()`` is one sentence that says what to do."""

    retryable = False


class AccountsFileError(LedgerError, ValueError):
    """The accounts file can't be used; names the file and every problem found."""


class LedgerUnavailableError(LedgerError, ConnectionError):
    """The ledger database did not answer, or broke off."""

    retryable = True


class LockedError(LedgerUnavailableError):
    """Somebody else held, to the end of the wait, what this needed; the message names who."""


class LedgerConnectionError(LedgerError):
    """The ledger connection itself is wrong: no such database, a wrong password, a missing role."""


class NotMigratedError(LedgerError):
    """The ledger database lacks the schema that this version needs."""


class MigrationNotAllowedError(LedgerError, PermissionError):
    """The login may not migrate; ``sql`` is what a DBA has to run."""

    def __init__(self, message: str, sql: str) -> None:
        super().__init__(message)
        self.sql = sql


class RunRefusedError(LedgerError):
    """A run that must not start, or must not go on."""


class AuditError(LedgerError):
    """The audit could not prove that it looked at every row: nothing may be published."""


class LedgerAlteredError(LedgerError):
    """A row or a seal is not as it was sealed; the message names the first."""


class BreakAboveLimitError(LedgerError):
    """The bank and the books differ by more than the configured limit; names the accounts."""
