"""The statements of ``month_end``: ``execute`` runs one by its name, ``statement`` is to be streamed."""

from qbank_ledger.db.statements import Statements

_HERE = Statements(__name__)
execute, statement = _HERE.execute, _HERE.statement
