"""Files that people and programs hand over: what may be opened, and how it becomes text.

Knows nothing of what a file means. Whatever the file is, reading it ends soon and takes little memory.
"""

import hashlib
import os
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from qbank_ledger.errors import in_one_line
from qbank_ledger.files.source import AnySource, Source

_MOST_BYTES = 64 * 1024 * 1024
_MOST_LINES = 1_000_000
_LONGEST_LINE = 64 * 1024
_BLOCK = 64 * 1024
_TOO_LARGE = "it is larger than 64 MiB, the most that is read"


class UnreadableFileError(Exception):
    """A file can't be read; ``str()`` ends the sentence: why, and what to do."""


class TextFile:
    """A file of UTF-8 text, with or without a byte order mark, to be read once: as lines, or whole.

    It lies on this machine, or where its source says. Raises UnreadableFileError when it is not there, no
    regular file, larger than 64 MiB, or no UTF-8 text.
    """

    def __init__(self, path: AnySource) -> None:
        self._file = _open(path) if isinstance(path, Path) else _open_elsewhere(path)
        self._hash = hashlib.sha256()
        self._left = _MOST_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        """SHA-256, in hex, over the bytes read so far."""
        return self._hash.hexdigest()

    def text(self) -> str:
        """All of it."""
        return _decoded(self._read(_MOST_BYTES + 1), 1)

    def lines(self) -> Iterator[str]:
        """Its lines without their ends (CRLF, LF or CR), in memory that does not grow with their number.

        Raises UnreadableFileError, too, when one is longer than 64 KiB, or there are more than 1,000,000.
        """
        for number, line in enumerate(self._byte_lines(), start=1):
            if number > _MOST_LINES:
                raise UnreadableFileError(f"it has more than {_MOST_LINES:,} lines, the most that is read")
            if len(line) > _LONGEST_LINE:
                raise UnreadableFileError(f"line {number} is longer than 64 KiB")
            yield _decoded(line, number).rstrip("\r\n")

    def _byte_lines(self) -> Iterator[bytes]:
        rest = b""
        while block := self._read(_BLOCK):
            *lines, rest = (rest + block).splitlines(keepends=True)
            if rest.endswith(b"\n"):
                lines, rest = [*lines, rest], b""
            yield from lines
            if len(rest) > _LONGEST_LINE:
                break
        if rest:
            yield rest

    def _read(self, most: int) -> bytes:
        try:
            block = self._file.read(most)
        except OSError as error:
            raise UnreadableFileError(_why(error)) from None
        except Exception as error:  # what object storage, or a library before it, raises
            raise UnreadableFileError(_why(error)) from error
        self._left -= len(block)
        if self._left < 0:
            raise UnreadableFileError(_TOO_LARGE)
        self._hash.update(block)
        return block


def _open(path: Path) -> BinaryIO:
    """The file, opened without waiting for whoever might write to it, and looked at before it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableFileError(str(error.strerror)) from None
    except ValueError:
        raise UnreadableFileError("that is no path") from None
    file = os.fstat(descriptor)
    if stat.S_ISREG(file.st_mode) and file.st_size <= _MOST_BYTES:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise UnreadableFileError(_TOO_LARGE if stat.S_ISREG(file.st_mode) else "it is no regular file")


def _open_elsewhere(source: Source) -> BinaryIO:
    try:
        return source.open("rb")
    except Exception as error:  # as above
        raise UnreadableFileError(_why(error)) from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or in_one_line(error)


def _decoded(raw: bytes, line: int) -> str:
    """Text that begins in this line of its file."""
    if line == 1:
        if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in raw[:4]:
            raise _not_utf8(1, "but UTF-16")
        raw = raw.removeprefix(BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(line + raw.count(b"\n", 0, error.start), "but Windows-1252 or the like") from None


def _not_utf8(line: int, encoding: str) -> UnreadableFileError:
    return UnreadableFileError(
        f'line {line} is not UTF-8 text, {encoding}: save the file as UTF-8 (in Excel: "CSV UTF-8")'
    )
