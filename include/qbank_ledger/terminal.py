"""What people read on a terminal: text that came from elsewhere is shown there, never obeyed."""

import sys
import unicodedata
from typing import TextIO

# Controls, formats (bidi among them), lone surrogates, and Unicode's own ends of lines.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SPELLING = "\u200c\u200d"  # joiners: Persian, Hindi and emoji need them, and no terminal moves for them


def visible(text: str, *, keep: str = "") -> str:
    r"""``text`` with each character that a terminal would obey as its escape, but for those in ``keep``.

    >>> visible("a\x1b[2J\u202eb")
    'a\\x1b[2J\\u202eb'
    """
    if text.isprintable():  # none of them is
        return text
    return "".join(
        char.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(char) in _OBEYED and char not in _SPELLING and char not in keep
        else char
        for char in text
    )


def say(text: object, file: TextIO | None = None) -> None:
    """Print a message of one or more lines to ``file`` (default: standard output), at once."""
    print(visible(str(text), keep="\n\t"), file=file or sys.stdout, flush=True)


def print_anything() -> None:
    """Have the standard streams print what their encoding lacks as its escape, not end the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
