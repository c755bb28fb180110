"""The server: uvicorn, told to hand each call its connection and to stop at once."""

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from qbank_sandbox.delivery import TRANSPORT


class SandboxProtocol(HttpToolsProtocol):
    """HTTP that lets a reply reach its connection: ASGI has no way to break one."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = True  # a hanging call, which a fault may have asked for, must not hold it up


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at the address (port 0: a free one). OSError where it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    return sock


def serve(
    app: FastAPI, sock: socket.socket, protocol: Callable[..., SandboxProtocol] = SandboxProtocol
) -> None:
    """Answer calls on the socket until a signal ends it. No access log, no header that names a product."""
    config = uvicorn.Config(
        app,
        http=protocol,  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    _Server(config).run(sockets=[sock])
