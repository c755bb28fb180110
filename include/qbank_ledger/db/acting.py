"""Acting on the ledger in the name of somebody whom Airflow's login proved.

The page has one login (``qbank_desk``) for everybody. Each transaction of it says whose name it acts in; what
that identity may is the ledger's to say (recon.signatory).
"""

from sqlalchemy import Connection

from qbank_ledger.db.sql import execute


def act_as(connection: Connection, identity: str) -> None:
    """Have the rest of the open transaction act in the name of ``identity``, ``airflow:NAME``.

    What the identity may not is a RefusedError from then on, with the ledger's sentence.
    """
    execute(connection, "act_as", identity=identity)
