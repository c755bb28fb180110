"""One HTTP exchange, hardened: nothing from the environment, no redirect, one deadline, one cap.

Sends prepared requests through an adapter of requests, without a Session and what that adds: .netrc,
*_PROXY, REQUESTS_CA_BUNDLE, cookies, redirects, and half of the time of a call.
Foreign exceptions end here: a call has a Reply or a NoReply.
"""

import socket
import ssl
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import certifi
import urllib3
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError, NewConnectionError

from qbank.deadline import PlainSocket, TLSSocket, bounds
from qbank.errors import QBankConfigError
from qbank.hosts import is_loopback

Flaw = Literal["body_too_big", "bad_encoding"]
BODY_CAP = 64 * 1024  # bytes, after decompression
WIRE_CAP = 512 * 1024  # bytes of one answer as they come, headers and all
USER_AGENT = f"airflow-provider-qbank-ledger/{version('airflow-provider-qbank-ledger')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered, whatever the status."""

    status: int
    content_type: str | None
    retry_after: str | None
    body: bytes  # decompressed, cut at BODY_CAP
    flaw: Flaw | None = None  # cut, or not to be decompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """No whole answer came. `untrusted`: the certificate is why, and trying again won't help."""

    reason: Literal["timeout", "connection"]
    untrusted: bool = False


class Transport:
    """Connections to the bank's hosts, shared by all threads of a client.

    Raises QBankConfigError for a `ca_bundle` that can't be read.
    """

    def __init__(self, *, connections: int, ca_bundle: str | None, proxy: str | None) -> None:
        self.tls = _tls_context(ca_bundle)
        self._adapter = _Adapter(self.tls, connections, proxy)

    def send(self, request: PreparedRequest, ends: float) -> Reply | NoReply:
        """Send, and read the answer, by an instant of time.monotonic(). Never raises for the net.

        The URL must have passed `hosts.check_url`.
        """
        untrusted = False
        try:
            with bounds(ends, WIRE_CAP):
                return self._exchange(request)
        except (OSError, HTTPError, ValueError) as error:  # ValueError: a chunk of -5 bytes
            untrusted = _is_untrusted(error)
        late = time.monotonic() >= ends - 0.001  # a poll may return a little early
        return NoReply(reason="timeout" if late else "connection", untrusted=untrusted)

    def _exchange(self, request: PreparedRequest) -> Reply:
        raw = self._adapter.send(request, stream=True).raw
        body = b""
        flaw: Flaw | None = None
        try:
            body = raw.read(BODY_CAP + 1, decode_content=True)
            if len(body) > BODY_CAP:
                body, flaw = body[:BODY_CAP], "body_too_big"
        except DecodeError:
            flaw = "bad_encoding"
        finally:
            raw.close() if flaw else raw.release_conn()
        return Reply(
            status=raw.status,
            content_type=raw.headers.get("Content-Type"),
            retry_after=raw.headers.get("Retry-After"),
            body=body,
            flaw=flaw,
        )

    def close(self) -> None:
        self._adapter.close()


class _Adapter(HTTPAdapter):
    """requests' adapter over our own connections, which alone know whom to trust and which way to go.

    A Session around it would read .netrc, *_PROXY and REQUESTS_CA_BUNDLE, keep cookies and follow
    redirects; what is left of requests here does none of that, in half of the time.
    """

    def __init__(self, tls: ssl.SSLContext, connections: int, proxy: str | None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}
        super().__init__(pool_maxsize=connections)
        self.max_retries = urllib3.Retry(False)  # errors as they are: the client retries, and knows why

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: Any) -> None:
        self.poolmanager = (
            urllib3.ProxyManager(self._proxy, maxsize=maxsize, ssl_context=self._tls)
            if self._proxy
            else urllib3.PoolManager(maxsize=maxsize, ssl_context=self._tls)
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *_: Any, **__: Any
    ) -> urllib3.HTTPConnectionPool:
        origin = _origin(request)
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = self.poolmanager.connection_from_url(origin)
        return pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The TLS context has the one bundle to trust: requests must not load its own into it."""

    def build_response(self, _: PreparedRequest, raw: Any) -> Response:
        """As it came: its cookies and encoding, which requests would look for, nobody asks for."""
        response = Response()
        response.raw = raw
        return response

    def request_url(self, request: PreparedRequest, *_: Any, **__: Any) -> str:
        origin, url = _origin(request), request.url or ""
        return url if self._proxy and origin.startswith("http:") else url[len(origin) :]


def _origin(request: PreparedRequest) -> str:
    url = request.url or ""
    return url[: url.find("/", len("https://"))]


class _Connecting(HTTPConnection):
    """How a connection gets its socket: one that keeps the call's deadline."""

    def _new_conn(self) -> socket.socket:
        failure: OSError = OSError("no address")
        plain = self.default_port == 80 and self.proxy is None
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except OSError as error:
            raise NewConnectionError(self, f"no address: {error}") from None
        for family, kind, protocol, _, address in found:
            if plain and not is_loopback(str(address[0])):
                continue  # whatever name resolved to it: http is for loopback only
            sock = PlainSocket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise NewConnectionError(self, f"not connected: {failure}")


class _SecureConnecting(_Connecting, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connecting


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnecting


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Verifies chain, name and dates. Not `create_default_context`, which reads SSLKEYLOGFILE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = TLSSocket
    where = Path(ca_bundle or certifi.where())
    try:
        context.load_verify_locations(**{"capath" if where.is_dir() else "cafile": str(where)})
    except OSError:
        raise QBankConfigError("ca_bundle is not a PEM file or folder that this worker can read.") from None
    return context


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None
