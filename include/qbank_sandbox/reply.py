"""What goes out: a reply, as it should be or as a fault has made it, and its way onto the wire."""

import asyncio
import json
import socket
import struct
from asyncio import Transport
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "qbank_sandbox.transport"  # the scope's extension: the connection, see server.py

Wire = Literal["whole", "drip", "drip_headers", "truncated", "drop", "reset", "hang"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status, headers and JSON members. ``members`` are pairs of a name and its value's JSON text,
    exactly as it will stand (a name may come twice); ``content`` stands instead of them where set.
    """

    status: int = 200
    members: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = "application/json"
    content: bytes | None = None
    delay_s: float = 0.0
    wire: Wire = "whole"
    drip_s: float = 0.0

    def body(self) -> bytes:
        """The bytes of the body."""
        if self.content is not None:
            return self.content
        inner = ",".join(f"{json.dumps(name)}:{value}" for name, value in self.members)
        return f"{{{inner}}}".encode()


def json_members(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Members of text, whole numbers and the like, in JSON. Money is never given through here."""
    return tuple((name, json.dumps(value)) for name, value in values.items())


def error_reply(status: int, error: str, why: str, *headers: tuple[str, str]) -> Reply:
    """An error in the form of RFC 6749 (5.2), which both endpoints use."""
    return Reply(
        status=status, members=json_members({"error": error, "error_description": why}), headers=headers
    )


class Delivery(Response):
    """A Reply as Starlette's response: whole through ASGI, or oddly, straight through the connection."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.background = None
        self.status_code = reply.status
        self.body = reply.body()
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _headers(reply)
        ]
        if reply.status != HTTPStatus.NO_CONTENT:
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
        lines = [b"HTTP/1.1 %d %s" % (self.status_code, HTTPStatus(self.status_code).phrase.encode())]
        lines += [b"%s: %s" % header for header in self.raw_headers]
        return b"\r\n".join([*lines, b"connection: close", b"", b""])


def _headers(reply: Reply) -> list[tuple[str, str]]:
    if reply.content_type is None or reply.status == HTTPStatus.NO_CONTENT:
        return list(reply.headers)
    return [("content-type", reply.content_type), *reply.headers]


async def _drip(transport: Transport, data: bytes, at_once: int, pause_s: float) -> None:
    transport.write(data[:at_once])
    for position in range(at_once, len(data)):
        if transport.is_closing():
            return
        transport.write(data[position : position + 1])
        await asyncio.sleep(pause_s)
