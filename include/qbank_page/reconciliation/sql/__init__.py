"""The statements of ``reconciliation``: ``execute`` runs one by its name."""

from qbank_ledger.db.statements import Statements

execute = Statements(__name__).execute
