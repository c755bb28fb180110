"""The Airflow pool that bounds how many fetch tasks call the bank at once."""

from typing import Any

POOL = "qbank_api"
SLOTS = 2


def make_pool(session: Any, name: str = POOL) -> bool:
    """Make the pool where it is absent, in a session of Airflow's own database; False where it is there."""
    from airflow.models import Pool  # noqa: PLC0415 - what DAG files need of here is its name

    if Pool.get_pool(name, session=session) is not None:
        return False
    session.add(Pool(pool=name, slots=SLOTS, description="Calls to QBank", include_deferred=False))
    return True
