"""The statements of the rooms: ``execute`` runs one by its name."""

from qbank_ledger.db.statements import Statements

_HERE = Statements(__name__)
execute, statement = _HERE.execute, _HERE.statement
