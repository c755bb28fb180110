"""The way of a reply onto the wire: whole through ASGI, or oddly, straight through the connection."""

import asyncio
import socket
import struct
from asyncio import Transport
from http.client import responses

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qbank_sandbox.reply import Reply

TRANSPORT = "qbank_sandbox.transport"  # the scope's extension that server.py adds
_BODILESS = (204, 304)


class Delivery(Response):
    """A Reply as Starlette's response: whole through ASGI, or oddly, straight through the connection."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.background = None
        self.status_code = reply.status
        self.body = b"" if reply.status in _BODILESS else reply.body()
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _headers(reply)
        ]
        if reply.status not in _BODILESS:
            self.raw_headers.append((b"content-length", b"%d" % len(self.body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. An odd delivery needs the sandbox's own server: it has no way through plain ASGI."""
        reply = self._reply
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.wire == "whole":
            await super().__call__(scope, receive, send)
            return
        transport: Transport = scope["extensions"][TRANSPORT]
        await self._send_oddly(transport)
        while (await receive())["type"] != "http.disconnect":
            pass  # the server takes a return before the end of the connection for a mistake

    async def _send_oddly(self, transport: Transport) -> None:
        head, reply = self._head(), self._reply
        if reply.wire == "hang":
            return
        if reply.wire == "reset":  # closing with SO_LINGER 0 sends RST instead of FIN
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        elif reply.wire == "truncated":
            transport.write(head + self.body[: len(self.body) // 2])
        elif reply.wire in ("drip", "drip_headers"):
            at_once = len(head) if reply.wire == "drip" else 0
            await _drip(transport, head + self.body, at_once, reply.drip_s)
        transport.close()

    def _head(self) -> bytes:
        lines = [b"HTTP/1.1 %d %s" % (self.status_code, responses.get(self.status_code, "").encode())]
        lines += [b"%s: %s" % header for header in self.raw_headers]
        return b"\r\n".join([*lines, b"connection: close", b"", b""])


def _headers(reply: Reply) -> list[tuple[str, str]]:
    if reply.status in _BODILESS:
        return list(reply.headers)
    return [("content-type", reply.content_type), *reply.headers]


async def _drip(transport: Transport, data: bytes, at_once: int, pause_s: float) -> None:
    transport.write(data[:at_once])
    for position in range(at_once, len(data)):
        if transport.is_closing():
            return
        transport.write(data[position : position + 1])
        await asyncio.sleep(pause_s)
