"""Bodies that come compressed, though none was asked for: unpacked up to a cap, never beyond it."""

import zlib

_MOST_CODINGS = 5
_UNPACKED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class UndecodableError(ValueError):
    """The body is not what its Content-Encoding says, or that is one that nobody here knows."""


def decode(body: bytes, content_encoding: str | None, *, most: int) -> bytes:
    """The body as it was before it was compressed, or its first ``most`` bytes. Raises UndecodableError."""
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    codings = [name for name in names if name not in ("", "identity")]
    if len(codings) > _MOST_CODINGS or not set(codings) <= _UNPACKED.keys():
        raise UndecodableError(content_encoding)
    try:
        for coding in reversed(codings):
            body = _unpack(body, coding, most)
    except zlib.error as error:
        raise UndecodableError(content_encoding) from error
    return body


def _unpack(body: bytes, coding: str, most: int) -> bytes:
    unpacked = b""
    while body and len(unpacked) < most:  # gzip may have several members
        packed = zlib.decompressobj(_window(body, coding))
        unpacked += packed.decompress(body, most - len(unpacked))
        if not packed.eof and len(unpacked) < most:
            raise zlib.error("cut")
        body = packed.unused_data
    return unpacked


def _window(body: bytes, coding: str) -> int:
    """Some servers send deflate without its header (RFC 9110 8.4.1.2)."""
    has_header = body[0] & 0x0F == 8 and len(body) > 1 and (body[0] * 256 + body[1]) % 31 == 0
    return -zlib.MAX_WBITS if coding == "deflate" and not has_header else _UNPACKED[coding]
