"""An SFTP server of asyncssh's on loopback: one login, by the password in the environment, into one folder alone."""

import asyncio
import os
import sys
from pathlib import Path

import asyncssh


class Login(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("erp", os.environ["SFTP_PASSWORD"])


class Folder(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
        super().__init__(channel, chroot=sys.argv[2].encode())


async def serve(port: int, key: Path) -> None:
    await asyncssh.listen(
        "127.0.0.1", port, server_factory=Login, sftp_factory=Folder, server_host_keys=[str(key)]
    )
    await asyncio.Event().wait()


key = Path(sys.argv[3])
asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
asyncio.run(serve(int(sys.argv[1]), key))
