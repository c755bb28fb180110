"""The statements of ``export``: ``statement`` gives one by its name, to be streamed."""

from qbank_ledger.db.statements import Statements

statement = Statements(__name__).statement
