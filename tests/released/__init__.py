"""What each released version made of a ledger in which everything was done: ``VERSION.sql``, by pg_dump."""

import re
from pathlib import Path

HERE = Path(__file__).parent
# The oldest PostgreSQL in the wheel: what it dumps, every server that is supported restores.
DUMPED_BY = 16


def dump_of(version: str) -> Path:
    """The file of a version."""
    return HERE / f"{version}.sql"


def schema_of(version: str) -> str:
    """The revision at which a version's dump is."""
    [found] = re.findall(
        r"^COPY ledger\.alembic_version .*\n(\S+)$", dump_of(version).read_text("utf-8"), re.MULTILINE
    )
    return str(found)
