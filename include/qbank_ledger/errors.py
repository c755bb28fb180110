"""What can go wrong in the ledger, as sentences for the person who must act.

``retryable`` says whether trying again later may help: Airflow retries those, and only those. What one module
tells the next (a file is unreadable, a balance fits no format) is not here: it never leaves its room.
"""


def in_one_line(error: Exception) -> str:
    """What an error of a library's says, in at most 300 characters; its kind where it says nothing."""
    return " ".join(str(error).split())[:300] or type(error).__name__


class LedgerError(Exception):
    """Root of the ledger's errors; ``str()`` is one sentence that says what to do."""

    retryable = False


# The database


class LedgerUnavailableError(LedgerError, ConnectionError):
    """The ledger database did not answer, or broke off."""

    retryable = True


class LockedError(LedgerUnavailableError):
    """Somebody else held, to the end of the wait, what this needed; the message names who."""


class LedgerConnectionError(LedgerError):
    """The ledger connection itself is wrong: no such database, a wrong password, a missing role."""


class NotMigratedError(LedgerError):
    """The ledger database lacks the schema that this version needs."""


class UnknownSchemaError(LedgerError):
    """The ledger database has a newer schema than this version of the package knows."""


class MigratedMeanwhileError(LedgerError):
    """Another migration came first: what there is to do is another."""


class MigrationNotAllowedError(LedgerError, PermissionError):
    """The login may not migrate; ``sql`` is what a DBA has to run."""

    def __init__(self, message: str, sql: str) -> None:
        super().__init__(message)
        self.sql = sql


# What is asked of it


class RefusedError(LedgerError, PermissionError):
    """The ledger refuses what somebody asked of it; the sentence is its own, and says why."""


class UnwellError(LedgerError):
    """The ledger has a problem, or can't be asked; ``answer`` is what a monitor reads."""

    def __init__(self, message: str, answer: str) -> None:
        super().__init__(message)
        self.answer = answer


class AlertNotSentError(LedgerError):
    """A receiver could not be told of an alert: it is tried again."""


# A run


class AccountsFileError(LedgerError, ValueError):
    """The accounts file can't be used; names the file and every problem found."""


class RunRefusedError(LedgerError):
    """A run that must not start, or must not go on."""


class ClockMovedError(LedgerError):
    """The ledger database's clock was set, or this worker slept: an hour can't be told. A retry may."""

    retryable = True


class AuditError(LedgerError):
    """The audit could not prove that it looked at every row: nothing may be published."""


class MovedError(AuditError):
    """What the audit looked at was not the same twice: another run published, or answers came, meanwhile."""


class RunNotCompleteError(LedgerError):
    """The run lost an account, or a dry run would have; the message counts and names them."""


# The books, the seals, what is handed on


class GLFileError(LedgerError, ValueError):
    """A file from the ERP can't be used; names the file and the lines. Nothing of it was loaded."""


class GLFileUnreachableError(GLFileError):
    """A file from the ERP, or its storage, did not answer; another time it may."""


class BooksRefusedError(LedgerError, ValueError):
    """Files of the sources of books were refused, or could not be reached; the others were loaded."""


class GLSourcesFileError(LedgerError, ValueError):
    """The file of profiles and sources can't be used; names profile and key of every problem."""


class UnmatchedEntityError(LedgerError, ValueError):
    """None of an entity's rows in a file matches an account; names the first, and what they likely mean."""


class DateAheadError(LedgerError, ValueError):
    """A date to compare has not begun anywhere."""


class BreakAboveLimitError(LedgerError):
    """The bank and the books differ by more than the configured limit; names the accounts."""


class LedgerAlteredError(LedgerError):
    """A row or a seal is not as it was sealed; the message names the first."""


class ExportError(LedgerError):
    """A file can't be written, or lacks accounts that it should have."""


class CloseError(LedgerError, ValueError):
    """A month can't be closed, or its pack can't be written; says why."""


class NoPackError(CloseError):
    """A close pack has no place, or can't be written there: the ledger lacks nothing by it."""
