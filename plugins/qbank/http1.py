"""Reading one HTTP/1.1 answer (RFC 9112), strictly: what two readers could frame in two ways is no answer.

The bank's answer need not name its account, so the connection is all that ties an answer to its question.
Hence two verdicts beside the answer: whether the connection may be asked again, and whether anything on it
was in doubt. Knows bytes, and no socket: a reader yields where more has to come first, so that one thread
can read many answers at once. What an answer means is for others.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

_T = TypeVar("_T")
Reader = Generator[None, None, _T]  # yields for more to be fed to its Incoming, and returns what it read

HEAD_CAP = 64 * 1024  # bytes of a status line and its headers
MOST_HEADERS = 100
LONGEST_LINE = 4096  # bytes of a chunk's size or of a trailer

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00\r\n]*)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\x00\r\n]*)?")


class BrokenAnswerError(ConnectionError):
    """What came is no whole answer, or may be read in two ways."""


class HeaderTooBigError(BrokenAnswerError):
    """The headers of one answer are larger than HEAD_CAP."""


@dataclass(slots=True, kw_only=True)
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


class Incoming:
    """What a connection has brought and nobody has read yet; of one answer, up to so many bytes."""

    __slots__ = ("_room", "ended", "held")

    def __init__(self, most_bytes: int) -> None:
        self.held = bytearray()
        self.ended = False  # the other side says no more
        self._room = most_bytes

    def feed(self, data: bytes) -> None:
        """Take in what came: nothing is the end. Raises ConnectionAbortedError beyond the most."""
        self._room -= len(data)
        if self._room < 0:
            raise ConnectionAbortedError("more came than any answer has")
        self.held += data
        self.ended = not data

    def more(self) -> Reader[bool]:
        """Wait for more; False when the other side has ended."""
        if not self.ended:
            yield
        return not self.ended

    def take(self, count: int) -> Reader[bytes]:
        """So many bytes. Raises BrokenAnswerError where the other side ends before."""
        while len(self.held) < count:
            if not (yield from self.more()):
                raise BrokenAnswerError("the answer was cut")
        data = bytes(self.held[:count])
        del self.held[:count]
        return data

    def line(self) -> Reader[bytes]:
        """A line without its end."""
        seen = 0
        while (end := self.held.find(b"\n", seen)) < 0:
            seen = len(self.held)
            if seen > LONGEST_LINE or not (yield from self.more()):
                raise BrokenAnswerError("a line has no end")
        line = yield from self.take(end + 1)
        return line[:-1].removesuffix(b"\r")


def read_answer(incoming: Incoming, *, most_body: int, head_only: bool = False) -> Reader[Answer]:
    """The final answer: interim ones (1xx, RFC 9110 15.2) are read over, but 101, which ends the connection.

    ``head_only``: nothing follows the head, as after CONNECT. Raises BrokenAnswerError.
    """
    in_doubt = False
    while True:
        if not incoming.held and not (yield from incoming.more()):
            raise BrokenAnswerError("the connection ended without an answer")
        if incoming.held[0] in b"\r\n":  # an empty line that belongs to no answer
            in_doubt = True
            yield from incoming.line()
            continue
        version, status, headers = yield from _read_head(incoming)
        lengths, chunked = _framing(headers)
        if status == 101:
            return Answer(status=status, headers=headers, is_last=True, in_doubt=True)
        if status >= 200:
            break
        in_doubt = in_doubt or bool(lengths) or chunked  # a body where none may be

    closes = version == 0 or "close" in _listed(headers, "connection")
    if status in (204, 304) or head_only:
        in_doubt = in_doubt or bool(incoming.held)
        return Answer(status=status, headers=headers, is_last=True, in_doubt=in_doubt)
    if chunked:
        body, cut = yield from _read_chunks(incoming, most_body)
        in_doubt = in_doubt or bool(lengths) or version == 0
    elif lengths:
        body, cut = yield from _read_length(incoming, int(lengths[0]), most_body)
        in_doubt = in_doubt or len(lengths) > 1
    else:
        body, cut = yield from _read_all(incoming, most_body)
        closes = True
    in_doubt = in_doubt or (bool(incoming.held) and not cut)  # bytes after the end
    return Answer(
        status=status,
        headers=headers,
        body=body,
        cut=cut,
        is_last=closes or cut or in_doubt,
        in_doubt=in_doubt,
    )


def _read_head(incoming: Incoming) -> Reader[tuple[int, int, dict[str, list[str]]]]:
    """Minor version, status and headers; what is held begins behind the empty line."""
    seen = 0
    while (end := _HEAD_END.search(incoming.held, seen)) is None:
        seen = max(0, len(incoming.held) - 3)
        if len(incoming.held) > HEAD_CAP:
            raise HeaderTooBigError("the headers have no end")
        if not (yield from incoming.more()):
            raise BrokenAnswerError("the headers were cut")
    if end.start() > HEAD_CAP:
        raise HeaderTooBigError("the headers are too large")
    first, *lines = bytes(incoming.held[: end.start()]).split(b"\n")
    del incoming.held[: end.end()]
    match = _STATUS.fullmatch(first.removesuffix(b"\r"))
    if match is None or len(lines) > MOST_HEADERS:
        raise BrokenAnswerError("it does not begin as an answer does")
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        header = _read_header(line)
        if header is not None:
            values = headers.setdefault(header[0], [])
            values.append(header[1])
            continue
        text = line.removesuffix(b"\r")
        if not (text[:1] in (b" ", b"\t") and values and b"\r" not in text and b"\x00" not in text):
            raise BrokenAnswerError("a line of its head is no header")
        values[-1] += " " + text.strip(b" \t").decode("latin-1")  # a folded line, as old servers send
    return int(match[1]), int(match[2]), headers


@lru_cache(maxsize=64)  # most are the same in each answer
def _read_header(line: bytes) -> tuple[str, str] | None:
    """The name in lower case, and the value, of a line with or without its CR; None where it is no header."""
    match = _HEADER.fullmatch(line.removesuffix(b"\r"))
    return (match[1].decode("latin-1").lower(), match[2].strip(b" \t").decode("latin-1")) if match else None


def _listed(headers: dict[str, list[str]], name: str) -> tuple[str, ...]:
    """The elements of a header that is a list, in lower case."""
    values = headers.get(name)
    return _elements(",".join(values)) if values else ()


@lru_cache(maxsize=64)
def _elements(text: str) -> tuple[str, ...]:
    elements = [element.strip(" \t").lower() for element in text.split(",")]
    return tuple(element for element in elements if element)


def _framing(headers: dict[str, list[str]]) -> tuple[tuple[str, ...], bool]:
    """The lengths that it says, which agree, and whether it comes in chunks."""
    lengths = _listed(headers, "content-length")
    if "content-length" in headers and not lengths:
        raise BrokenAnswerError("its length is empty")
    if not all(map(_LENGTH.fullmatch, lengths)) or len(set(map(int, lengths))) > 1:
        raise BrokenAnswerError("its lengths can't be told")
    codings = _listed(headers, "transfer-encoding")
    if codings not in ((), ("chunked",)):
        raise BrokenAnswerError("it comes in a coding that was not asked for")
    return lengths, bool(codings)


def _read_length(incoming: Incoming, length: int, most: int) -> Reader[tuple[bytes, bool]]:
    return (yield from incoming.take(min(length, most))), length > most


def _read_all(incoming: Incoming, most: int) -> Reader[tuple[bytes, bool]]:
    """Until the other side ends: whether that was the whole, only the body can show."""
    while len(incoming.held) <= most and (yield from incoming.more()):
        pass
    cut = len(incoming.held) > most
    return (yield from incoming.take(min(len(incoming.held), most))), cut


def _read_chunks(incoming: Incoming, most: int) -> Reader[tuple[bytes, bool]]:
    body = bytearray()
    while True:
        match = _CHUNK.fullmatch((yield from incoming.line()))
        if match is None:
            raise BrokenAnswerError("a chunk has no size")
        size = int(match[1], 16)
        if size == 0:
            break
        body += yield from incoming.take(min(size, most + 1 - len(body)))
        if len(body) > most:
            return bytes(body[:most]), True
        if (yield from incoming.line()):
            raise BrokenAnswerError("a chunk is longer than it says")
    while (yield from incoming.line()):
        pass  # trailers
    return bytes(body), False
