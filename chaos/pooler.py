"""PgBouncer before the hour's server, lending its sessions by the transaction."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from local.postgres import without_root
from tests.thirdparty.program import from_debian, running

from chaos.hour import Hour

_CONFIG = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {logins}
pool_mode = transaction
default_pool_size = 4
"""


@contextmanager
def pooler_of(hour: Hour, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """PgBouncer on this port; gives its process."""
    folder = hour.folder / "pgbouncer"
    folder.mkdir(exist_ok=True)
    logins, config = folder / "logins", folder / "pgbouncer.ini"
    logins.write_text(f'"{hour.url.username}" "{hour.url.password}"\n')
    config.write_text(_CONFIG.format(server=hour.cluster.port, port=port, logins=logins))
    program, environ = from_debian("pgbouncer", folder)
    command = [*without_root(), program, str(config)]
    with running(command, port=port, log=folder / "log", env=environ) as process:
        yield process
