"""Statements: each a file of SQL, beside the room that runs it.

A room's package ``sql`` binds its own folder once, and its modules import ``execute`` from there.
"""

from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import Connection, TextClause, text


class Statements:
    """The files of one package: ``Statements(__name__)`` in the ``__init__`` that lies beside them."""

    def __init__(self, package: str) -> None:
        self._package = package

    def execute(self, connection: Connection, name: str, **parameters: Any) -> Any:
        """Run ``<name>.sql`` with bind parameters; returns SQLAlchemy's result."""
        return connection.execute(self.statement(name), parameters)

    def statement(self, name: str) -> TextClause:
        """The statement that ``<name>.sql`` holds."""
        return _statement(self._package, name)


@cache
def _statement(package: str, name: str) -> TextClause:
    return text(statement_text(package, name))


def statement_text(package: str, name: str) -> str:
    """The text of ``<name>.sql`` in ``package``."""
    return resources.files(package).joinpath(f"{name}.sql").read_text("utf-8")
