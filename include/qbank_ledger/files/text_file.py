"""Files that people and programs hand over: what may be opened, and how it becomes text.

Knows nothing of what a file means. Whatever the file is, reading it ends soon and takes little memory.
"""

import hashlib
import os
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from qbank_ledger.errors import in_one_line
from qbank_ledger.files.source import AnySource, Source

_MIB = 1024 * 1024
_LONGEST_LINE = 64 * 1024
_BLOCK = 64 * 1024
_UTF8 = "utf-8"
SAVE_IT = 'save the file as UTF-8 (in Excel: "CSV UTF-8")'


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read of a file."""

    mib: int = 64
    lines: int = 1_000_000

    @property
    def too_large(self) -> str:
        return f"it is larger than {self.mib} MiB, the most that is read"


FEW = Limits()


class UnreadableFileError(Exception):
    """A file can't be read; ``str()`` ends the sentence: why, and what to do."""


class UnreachableFileError(UnreadableFileError):
    """It, or what it lies on, did not answer: it says nothing of what is in it."""


class SourceFile:
    """A file to be read once, as bytes; SHA-256 is taken over them on the way.

    It lies on this machine, or where its source says. Raises UnreadableFileError when it is not there, no
    regular file, or larger than its limits.
    """

    def __init__(self, path: AnySource, limits: Limits = FEW) -> None:
        self.limits = limits
        self._file = _open(path, limits) if isinstance(path, Path) else _open_elsewhere(path)
        self._hash = hashlib.sha256()
        self._left = limits.mib * _MIB
        self._next = b""

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

    def begins_with(self, size: int) -> bytes:
        """Its first bytes, which are still to be read."""
        if not self._next:
            self._next = self._block(max(size, _BLOCK))
        return self._next[:size]

    def read(self, most: int = _BLOCK) -> bytes:
        """The next bytes; none at its end."""
        block, self._next = self._next or self._block(most), b""
        return block

    def _block(self, most: int) -> bytes:
        try:
            block = self._file.read(most)
        except OSError as error:
            raise UnreachableFileError(_why(error)) from None
        except Exception as error:  # what object storage, or a library before it, raises
            raise UnreachableFileError(_why(error)) from error
        self._left -= len(block)
        if self._left < 0:
            raise UnreadableFileError(self.limits.too_large)
        self._hash.update(block)
        return block


class TextFile(SourceFile):
    """A file of text, with or without a byte order mark, to be read once: as lines, or whole.

    UTF-8 unless ``encoding`` is another of Python's. Raises UnreadableFileError, too, when it is no such;
    ``advice`` says what to do with a file that was to be UTF-8 and is not.
    """

    def __init__(
        self, path: AnySource, limits: Limits = FEW, encoding: str = _UTF8, *, advice: str = SAVE_IT
    ) -> None:
        super().__init__(path, limits)
        self.encoding = encoding
        self._advice = advice

    def text(self) -> str:
        """All of it."""
        return self._decoded(b"".join(iter(self._in_utf8().__next__, b"")), 1)

    def lines(self) -> Iterator[str]:
        """Its lines without their ends (CRLF, LF or CR), in memory that does not grow with their number.

        Raises UnreadableFileError, too, when one is longer than 64 KiB, or there are more than the limits.
        """
        for number, line in enumerate(self._byte_lines(), start=1):
            if number > self.limits.lines:
                raise UnreadableFileError(
                    f"it has more than {self.limits.lines:,} lines, the most that is read"
                )
            if len(line) > _LONGEST_LINE:
                raise UnreadableFileError(f"line {number} is longer than 64 KiB")
            yield self._decoded(line, number).rstrip("\r\n")

    def _byte_lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self._in_utf8():
            *lines, rest = (rest + block).splitlines(keepends=True) or [b""]
            if rest.endswith(b"\n"):
                lines, rest = [*lines, rest], b""
            yield from lines
            if len(rest) > _LONGEST_LINE:
                break
        if rest:
            yield rest

    def _in_utf8(self) -> Iterator[bytes]:
        """Its bytes, those of another encoding as UTF-8's."""
        if self.encoding == _UTF8:
            yield from iter(self.read, b"")
            return
        self._require_its_mark()
        decoder = getincrementaldecoder(self.encoding)()
        line = 1
        while block := self.read():
            try:
                text = decoder.decode(block)
            except UnicodeError as error:
                raise self._not_encoded(error, block, line) from None
            line += text.count("\n")
            yield text.encode("utf-8", "surrogatepass")
        try:
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise self._not_encoded(error, b"", line) from None

    def _require_its_mark(self) -> None:
        """Raise UnreadableFileError where the first bytes are another encoding's mark."""
        first = self.begins_with(3)
        other = "utf-8" if first == BOM_UTF8 else ""
        if first[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) and not self.encoding.startswith(("utf-16", "utf-32")):
            other = "utf-16"
        if other:
            raise UnreadableFileError(
                f"its first bytes say that it is {other}, and not {self.encoding}: say encoding: {other}"
            )

    def _not_encoded(self, error: UnicodeError, block: bytes, line: int) -> UnreadableFileError:
        good = block[: error.start] if isinstance(error, UnicodeDecodeError) else b""
        return UnreadableFileError(
            f"line {line + good.count(10)} is not {self.encoding} text: name its encoding, or save it in this"
        )

    def _decoded(self, raw: bytes, line: int) -> str:
        """Text that begins in this line of its file."""
        if line == 1:
            if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in raw[:4]:
                raise self._not_utf8(1, "UTF-16")
            raw = raw.removeprefix(BOM_UTF8)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            at = line + raw.count(b"\n", 0, error.start)
            raise self._not_utf8(at, "Windows-1252 or the like") from None

    def _not_utf8(self, line: int, encoding: str) -> UnreadableFileError:
        return UnreadableFileError(f"line {line} is not UTF-8 text, but {encoding}: {self._advice}")


def _open(path: Path, limits: Limits) -> BinaryIO:
    """The file, opened without waiting for whoever might write to it, and looked at before it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise UnreachableFileError(str(error.strerror)) from None
    except ValueError:
        raise UnreadableFileError("that is no path") from None
    file = os.fstat(descriptor)
    if stat.S_ISREG(file.st_mode) and file.st_size <= limits.mib * _MIB:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise UnreadableFileError(limits.too_large if stat.S_ISREG(file.st_mode) else "it is no regular file")


def _open_elsewhere(source: Source) -> BinaryIO:
    try:
        return source.open("rb")
    except Exception as error:  # as above
        raise UnreachableFileError(_why(error)) from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or in_one_line(error)
