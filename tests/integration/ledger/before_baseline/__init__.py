"""What was never released, as it was, to make databases of that time: twelve revisions, then the first baseline."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.db import migrate as module
from qbank_ledger.db.connection import engine_for

_HERE = Path(__file__).parent
REVISIONS = tuple(sorted(folder.name for folder in _HERE.glob("0*")))
FIRST_BASELINE = "0001_baseline"


def migrate_to(revision: str, url: URL) -> None:
    """Make an empty database what ``make migrate`` made of it when ``revision`` was the newest."""
    with engine_for(url, role=None).begin() as connection:
        module._make_roles(connection)
        connection.execute(text("SET LOCAL ROLE qbank_owner"))
        connection.execute(text("CREATE SCHEMA ledger"))
        connection.execute(text("CREATE TABLE ledger.alembic_version (version_num varchar(32) NOT NULL)"))
        connection.execute(
            text(
                "ALTER TABLE ledger.alembic_version ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
            )
        )
        folders = ("baseline",) if revision == FIRST_BASELINE else REVISIONS[: REVISIONS.index(revision) + 1]
        for name in folders:
            up, check = (
                text((_HERE / name / f"{file}.sql").read_text("utf-8").replace(":", r"\:"))
                for file in ("up", "check")
            )
            connection.execute(up)
            assert connection.execute(check).all() == []
        connection.execute(
            text("INSERT INTO ledger.alembic_version VALUES (:revision)"), {"revision": revision}
        )
        module._set_up_server(connection)
