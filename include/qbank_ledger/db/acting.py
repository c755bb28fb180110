"""Acting on the ledger in the name of somebody whom Airflow's login proved.

The page has one login (``qbank_desk``) for everybody. Each transaction of it says whose name it acts in; what
that identity may is the ledger's to say (recon.signatory).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from qbank_ledger.db.sql import execute
from qbank_ledger.db.transaction import transaction


@contextmanager
def acting(engine: Engine, identity: str) -> Iterator[Connection]:
    """One transaction in the name of ``identity``, ``airflow:NAME``, of an engine of the page's login.

    Raises RefusedError, with the ledger's sentence, for what the identity may not; what ``transaction`` does.
    """
    with transaction(engine) as connection:
        act_as(connection, identity)
        yield connection


def act_as(connection: Connection, identity: str) -> None:
    """Have the rest of the open transaction act in the name of ``identity``, ``airflow:NAME``."""
    execute(connection, "act_as", identity=identity)
