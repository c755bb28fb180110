"""Reading one HTTP/1.1 answer (RFC 9112), strictly: what two readers could frame in two ways is no answer.

The bank's answer need not name its account, so the connection is all that ties an answer to its question.
Hence two verdicts beside the answer: whether the connection may be asked again, and whether anything on it
was in doubt. Knows bytes and deadlines; what an answer means is for others.
"""

import re
import socket
import time
from dataclasses import dataclass

HEAD_CAP = 64 * 1024  # bytes of a status line and its headers
MOST_HEADERS = 100
LONGEST_LINE = 4096  # bytes of a chunk's size or of a trailer
_READ = 64 * 1024

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\x00\r\n]*)?")


class BrokenAnswerError(ConnectionError):
    """What came is no whole answer, or may be read in two ways."""


class HeaderTooBigError(BrokenAnswerError):
    """The headers of one answer are larger than HEAD_CAP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A final answer, whatever its status.

    ``headers`` by lower-case name, each value as it came. ``body`` as it came over the wire, cut at the cap
    where ``cut``. ``is_last``: the connection must not be asked again. ``in_doubt``: something around the
    answer showed a server, or a proxy, whose framing can't be relied on.
    """

    status: int
    headers: dict[str, list[str]]
    body: bytes = b""
    cut: bool = False
    is_last: bool = False
    in_doubt: bool = False

    def header(self, name: str) -> str | None:
        """The header's value, its lines joined; None where there is none."""
        values = self.headers.get(name)
        return ", ".join(values) if values else None


class Stream:
    """What a socket brings, by an instant of time.monotonic() and up to so many bytes."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.held = bytearray()  # received, and not yet read
        self._ends = 0.0
        self._room = 0

    def bound(self, ends: float, most_bytes: int) -> None:
        """For what is read from now on. Raises TimeoutError later, ConnectionAbortedError beyond."""
        self._ends, self._room = ends, most_bytes

    def fill(self) -> bool:
        """Wait for more; False when the other side has ended."""
        self._sock.settimeout(seconds_left(self._ends))
        data = self._sock.recv(_READ)
        self._room -= len(data)
        if self._room < 0:
            raise ConnectionAbortedError("more came than any answer has")
        self.held += data
        return bool(data)

    def take(self, count: int) -> bytes:
        """So many bytes. Raises BrokenAnswerError where the other side ends before."""
        while len(self.held) < count:
            if not self.fill():
                raise BrokenAnswerError("the answer was cut")
        data = bytes(self.held[:count])
        del self.held[:count]
        return data

    def line(self) -> bytes:
        """A line without its end."""
        seen = 0
        while (end := self.held.find(b"\n", seen)) < 0:
            seen = len(self.held)
            if seen > LONGEST_LINE or not self.fill():
                raise BrokenAnswerError("a line has no end")
        line = self.take(end + 1)[:-1]
        return line.removesuffix(b"\r")


def seconds_left(ends: float) -> float:
    """Until an instant of time.monotonic(); TimeoutError where none is left."""
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call's deadline has passed")
    return left


def read_answer(stream: Stream, *, most_body: int, head_only: bool = False) -> Answer:
    """The final answer: interim ones (1xx, RFC 9110 15.2) are read over, but 101, which ends the connection.

    ``head_only``: nothing follows the head, as after CONNECT. Raises BrokenAnswerError, and what ``stream``
    raises.
    """
    in_doubt = False
    while True:
        if not stream.held and not stream.fill():
            raise BrokenAnswerError("the connection ended without an answer")
        if stream.held[0] in b"\r\n":  # an empty line that belongs to no answer
            in_doubt = True
            stream.line()
            continue
        version, status, headers = _read_head(stream)
        lengths, chunked = _framing(headers)
        if status == 101:
            return Answer(status=status, headers=headers, is_last=True, in_doubt=True)
        if status >= 200:
            break
        in_doubt = in_doubt or bool(lengths) or chunked  # a body where none may be

    closes = version == 0 or "close" in _listed(headers, "connection")
    if status in (204, 304) or head_only:
        in_doubt = in_doubt or bool(stream.held)
        return Answer(status=status, headers=headers, is_last=True, in_doubt=in_doubt)
    if chunked:
        body, cut = _read_chunks(stream, most_body)
        in_doubt = in_doubt or bool(lengths) or version == 0
    elif lengths:
        body, cut = _read_length(stream, int(lengths[0]), most_body)
        in_doubt = in_doubt or len(lengths) > 1
    else:
        body, cut = _read_all(stream, most_body)
        closes = True
    in_doubt = in_doubt or (bool(stream.held) and not cut)  # bytes after the end
    return Answer(
        status=status,
        headers=headers,
        body=body,
        cut=cut,
        is_last=closes or cut or in_doubt,
        in_doubt=in_doubt,
    )


def _read_head(stream: Stream) -> tuple[int, int, dict[str, list[str]]]:
    """Minor version, status and headers; the stream stands behind the empty line."""
    seen = 0
    while (end := _HEAD_END.search(stream.held, seen)) is None:
        seen = max(0, len(stream.held) - 3)
        if len(stream.held) > HEAD_CAP:
            raise HeaderTooBigError("the headers have no end")
        if not stream.fill():
            raise BrokenAnswerError("the headers were cut")
    if end.start() > HEAD_CAP:
        raise HeaderTooBigError("the headers are too large")
    first, *lines = bytes(stream.held[: end.start()]).split(b"\n")
    del stream.held[: end.end()]
    match = _STATUS.fullmatch(first.removesuffix(b"\r"))
    if match is None or len(lines) > MOST_HEADERS:
        raise BrokenAnswerError("it does not begin as an answer does")
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        text = line.removesuffix(b"\r")
        if text[:1] in (b" ", b"\t") and values and b"\r" not in text and b"\x00" not in text:
            values[-1] += " " + text.strip().decode("latin-1")  # a folded line, as old servers send
            continue
        header = _HEADER.fullmatch(text)
        if header is None:
            raise BrokenAnswerError("a line of its head is no header")
        values = headers.setdefault(header[1].decode("latin-1").lower(), [])
        values.append(header[2].decode("latin-1"))
    return int(match[1]), int(match[2]), headers


def _listed(headers: dict[str, list[str]], name: str) -> list[str]:
    """The elements of a header that is a list, in lower case."""
    elements = (element.strip().lower() for value in headers.get(name, ()) for element in value.split(","))
    return [element for element in elements if element]


def _framing(headers: dict[str, list[str]]) -> tuple[list[str], bool]:
    """The lengths that it says, which agree, and whether it comes in chunks."""
    lengths = _listed(headers, "content-length") if "content-length" in headers else []
    if "content-length" in headers and not lengths:
        raise BrokenAnswerError("its length is empty")
    if any(not _LENGTH.fullmatch(length) for length in lengths) or len({int(x) for x in lengths}) > 1:
        raise BrokenAnswerError("its lengths can't be told")
    codings = _listed(headers, "transfer-encoding") if "transfer-encoding" in headers else []
    if codings not in ([], ["chunked"]):
        raise BrokenAnswerError("it comes in a coding that was not asked for")
    return lengths, bool(codings)


def _read_length(stream: Stream, length: int, most: int) -> tuple[bytes, bool]:
    return stream.take(min(length, most)), length > most


def _read_all(stream: Stream, most: int) -> tuple[bytes, bool]:
    """Until the other side ends: whether that was the whole, only the body can show."""
    while len(stream.held) <= most and stream.fill():
        pass
    cut = len(stream.held) > most
    return stream.take(min(len(stream.held), most)), cut


def _read_chunks(stream: Stream, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    while True:
        match = _CHUNK.fullmatch(stream.line())
        if match is None:
            raise BrokenAnswerError("a chunk has no size")
        size = int(match[1], 16)
        if size == 0:
            break
        body += stream.take(min(size, most + 1 - len(body)))
        if len(body) > most:
            return bytes(body[:most]), True
        if stream.line():
            raise BrokenAnswerError("a chunk is longer than it says")
    while stream.line():
        pass  # trailers
    return bytes(body), False
