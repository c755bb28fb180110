"""The page's own statements: each a file of SQL."""

from qbank_ledger.db.statements import Statements

execute = Statements(__name__).execute
