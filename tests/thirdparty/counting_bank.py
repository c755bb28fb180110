"""The sandbox, which also writes down in the file ``ASKED`` when it was asked for which account.

A line a call, as it comes in: the seconds of the machine's monotonic clock, and the account's id.
"""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

import qbank_sandbox.__main__ as command
from qbank_sandbox.server import serve

BALANCES = "/v1/balances/"


def serve_counted(app: FastAPI, sock: socket.socket) -> None:
    with Path(os.environ["ASKED"]).open("w", buffering=1) as asked:

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"].startswith(BALANCES):
                asked.write(f"{time.monotonic()} {scope['path'].removeprefix(BALANCES)}\n")
            await app(scope, receive, send)

        serve(counted, sock)  # type: ignore[arg-type]  # uvicorn takes any application


if __name__ == "__main__":
    command.serve = serve_counted
    sys.exit(command.main(sys.argv[1:], os.environ))
