"""Text that came from elsewhere, on a terminal."""

import io
import subprocess
import sys

import pytest

from qbank_ledger.terminal import say, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Konto Müller & Söhne, 日本 \U0001f9d1\u200d\U0001f4bb", None),
        ("[/red]oops [link=x]a[/link] :boom:", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\rb\x08c\x7f\x9b31m", r"a\rb\x08c\x7f\x9b31m"),
        ("\u202egnp\u2066\u200f\u061c\ufeff", r"\u202egnp\u2066\u200f\u061c\ufeff"),
        ("a\nb\tc\u2028d\x85", r"a\nb\tc\u2028d\x85"),
        ("\udcff\U000e0041", r"\udcff\U000e0041"),
        ("a\x00b", r"a\x00b"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str | None) -> None:
    assert visible(text) == (text if shown is None else shown)


def test_a_message_keeps_its_own_lines_and_nothing_else() -> None:
    out = io.StringIO()
    say("one\n\ttwo\x1b[31m", out)
    assert out.getvalue() == "one\n\ttwo\\x1b[31m\n"


def test_what_the_terminals_encoding_lacks_ends_no_command() -> None:
    code = "from qbank_ledger.terminal import *; print_anything(); say('… 日本 \\udcff')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == r"\u2026 \u65e5\u672c \udcff" + "\n"
