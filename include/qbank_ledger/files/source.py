"""What a file is read from, where it need not be one of this machine's."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol


class Source(Protocol):
    """What has these of a Path: one of object storage, a text. ``str()`` is what messages call it."""

    @property
    def suffix(self) -> str: ...
    def open(self, mode: Literal["rb"]) -> BinaryIO: ...


AnySource = Path | Source


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text at hand, called ``name``; ``suffix`` says what it is written in, such as .csv."""

    name: str
    text: str
    suffix: str

    def open(self, _mode: Literal["rb"] = "rb") -> BinaryIO:
        """Its bytes, in UTF-8."""
        return io.BytesIO(self.text.encode())

    def __str__(self) -> str:
        return self.name
