"""The faults of any reply, of either endpoint: statuses, timing, the connection, the body's bytes."""

import functools
import zlib
from base64 import b64decode
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import replace

from qbank_sandbox.faults import fault
from qbank_sandbox.reply import Reply, error_reply


@fault("balances", "token")
def status(reply: Reply, *, code: int = 503, retry_after: str = "", error: str = "sandbox_fault") -> Reply:
    """Any HTTP status, with `error` in the body; `retry_after` (seconds or a date) becomes that header."""
    headers = [("retry-after", retry_after)] if retry_after else []
    made = error_reply(code, error, f"The sandbox answers {code} because it was told to.", *headers)
    return replace(reply, status=code, members=made.members, headers=made.headers, content=None)


@fault("balances", "token")
def latency(reply: Reply, *, seconds: float = 1.0) -> Reply:
    """The reply comes whole, but so many seconds late."""
    return replace(reply, delay_s=reply.delay_s + seconds)


@fault("balances", "token")
def hang(reply: Reply) -> Reply:
    """The request is read and never answered; the connection stays open."""
    return replace(reply, wire="hang")


@fault("balances", "token")
def drip(reply: Reply, *, seconds: float = 0.5) -> Reply:
    """The headers come at once, the body a byte at a time, so many seconds apart."""
    return replace(reply, wire="drip", drip_s=seconds)


@fault("balances", "token")
def drip_headers(reply: Reply, *, seconds: float = 0.5) -> Reply:
    """Everything comes a byte at a time, the status line and headers too."""
    return replace(reply, wire="drip_headers", drip_s=seconds)


@fault("balances", "token")
def truncated(reply: Reply) -> Reply:
    """Half of the body that Content-Length promises, then the connection is closed."""
    return replace(reply, wire="truncated")


@fault("balances", "token")
def drop(reply: Reply) -> Reply:
    """The connection is closed without a byte of an answer."""
    return replace(reply, wire="drop")


@fault("balances", "token")
def reset(reply: Reply) -> Reply:
    """The connection is reset (TCP RST) without a byte of an answer."""
    return replace(reply, wire="reset")


@fault("balances", "token")
def redirect(reply: Reply, *, location: str = "/elsewhere", code: int = 307) -> Reply:
    """A redirect that must not be followed: with 307 and 308 a client would send its secret again."""
    return replace(reply, status=code, headers=(("location", location),), content=b"")


@fault("balances", "token")
def empty(reply: Reply, *, code: int = 204) -> Reply:
    """No body at all, under 204 or another status."""
    return replace(reply, status=code, content=b"")


@fault("balances", "token")
def not_json(reply: Reply) -> Reply:
    """A body that says it is JSON and isn't."""
    return replace(reply, content=b"available_balance: 10.00, ledger_balance: 10.00")


@fault("balances", "token")
def html(reply: Reply) -> Reply:
    """A friendly web page with status 200, as gateways send them."""
    page = b"<!doctype html><title>QBank</title><p>We are improving our services for you.</p>"
    return replace(reply, content=page, content_type="text/html; charset=utf-8")


@fault("balances", "token")
def body(reply: Reply, *, text: str, content_type: str = "application/json") -> Reply:
    """Exactly this text as the body, with status 200."""
    return replace(reply, content=text.encode("utf-8", "surrogatepass"), content_type=content_type)


@fault("balances", "token")
def raw(reply: Reply, *, base64: str) -> Reply:
    """Exactly these bytes, given in Base64, as the body with status 200."""
    return replace(reply, content=b64decode(base64, validate=True))


@fault("balances", "token")
def members(reply: Reply, *, values: Mapping[str, str]) -> Reply:
    """Members set to these JSON texts, exactly as they stand; an empty text leaves the member out."""
    kept = dict(reply.members) | dict(values)
    return replace(reply, members=tuple(pair for pair in kept.items() if pair[1]), content=None)


@fault("balances", "token")
def content_type(reply: Reply, *, value: str = "application/octet-stream") -> Reply:
    """A true answer under another content type."""
    return replace(reply, content_type=value)


@fault("balances", "token")
def bom(reply: Reply) -> Reply:
    """A true answer with a byte order mark before it, in UTF-8."""
    return replace(reply, content=BOM_UTF8 + reply.body())


@fault("balances", "token")
def big_body(reply: Reply, *, kilobytes: int = 1024) -> Reply:
    """A true answer followed by so many KiB of blanks: valid JSON, and too big."""
    return replace(reply, content=reply.body() + b" " * (kilobytes * 1024))


@fault("balances", "token")
def gzip_bomb(reply: Reply, *, megabytes: int = 200) -> Reply:
    """So many MiB of blanks and a true answer, as gzip: a thousandth of that on the wire."""
    blanks, compressor = _packed_blanks(megabytes)
    rest = compressor.copy()
    packed = blanks + rest.compress(reply.body()) + rest.flush()
    return replace(reply, content=packed, headers=(*reply.headers, ("content-encoding", "gzip")))


@functools.cache
def _packed_blanks(megabytes: int) -> tuple[bytes, "zlib._Compress"]:
    """The bomb's long part, and the compressor as it stands then: a fraction of a second, once."""
    compressor = zlib.compressobj(wbits=31)  # 31: a gzip stream
    return b"".join(compressor.compress(b" " * 2**20) for _ in range(megabytes)), compressor


@fault("balances", "token")
def invalid_utf8(reply: Reply) -> Reply:
    """A true answer with one more member whose value is not UTF-8."""
    return replace(reply, content=reply.body()[:-1] + b',"note":"caf\xe9"}')


@fault("balances", "token")
def utf16(reply: Reply) -> Reply:
    """A true answer, in UTF-16 with its byte order mark."""
    return replace(reply, content=reply.body().decode().encode("utf-16"))
