"""PgBouncer before the hour's server, lending its sessions by the transaction."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.thirdparty.program import pgbouncer

from chaos.hour import Hour


@contextmanager
def pooler_of(hour: Hour, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """PgBouncer on this port; gives its process."""
    folder = hour.folder / "pgbouncer"
    folder.mkdir(exist_ok=True)
    logins = {str(hour.url.username): str(hour.url.password)}
    with pgbouncer(folder, server=hour.cluster.port, port=port, logins=logins) as process:
        yield process
