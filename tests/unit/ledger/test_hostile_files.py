"""Accounts files made to harm: each is one sentence, soon, in little memory, whatever is in it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = b"account_id,currency,entity,gl_account\n"
MB = 1024 * 1024
_ALIASES = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 10)) for n in b"bcdefghi"
)
# Made when they are read: a process that only lists the tests needs none of them.
CONTENTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "aliases as a key.yaml": (lambda: _ALIASES + b"? *i\n: 1\n", "line 1: write each value out: anchors and aliases"),
    "aliases as a value.yaml": (lambda: b"accounts: []\n" + _ALIASES, "line 2: write each value out"),
    "a merged alias.yaml": (lambda: b"accounts:\n- {<<: *x}\n", "line 2: write each value out"),
    "a tag.yaml": (lambda: b"accounts: !!python/object/apply:os.getcwd []\n", "line 1: write text in quotes: tags"),
    "a list as a key.yaml": (lambda: b"? [a, b]\n: 1\n", "line 1: a key must be a word"),
    "brackets.yaml": (lambda: b"[" * 200_000, "line 1: it is nested more than 10 deep"),
    "brackets in an account.yaml": (lambda: b"accounts:\n - {name: " + b"[" * 200_000, "nested more than 10 deep"),
    "braces.yaml": (lambda: b"{a: " * 200_000, "nested more than 10 deep"),
    "dashes.yaml": (lambda: b"- " * 200_000, "nested more than 10 deep"),
    "question marks.yaml": (lambda: b"? " * 200_000, "a key must be a word"),
    "stairs.yaml": (lambda: b"".join(b" " * n + b"-\n" for n in range(3_000)), "nested more than 10 deep"),
    "a long value.yaml": (lambda: b"accounts:\n- {name: " + b"a" * 20 * MB + b"}\n", "line 2, account without an id: name is"),
    "a value of many lines.yaml": (lambda: b'accounts:\n- {name: "' + b"a\n " * 3 * MB + b'"}\n', "text over several lines"),
    "a million keys.yaml": (lambda: b"".join(b"x%d: 1\n" % n for n in range(1_000_000)), "has 1000 or more problem(s)"),
    "a million entries.yaml": (lambda: b"accounts: [" + b"a," * MB + b"]", "has 1000 or more problem(s)"),
    "the same account.yaml": (
        lambda: b"accounts:\n" + b'- {account_id: a, currency: EUR, entity: Q, gl_account: "1"}\n' * 20_000,
        "line 3: account_id 'a' duplicates line 2",
    ),
    "nothing.yaml": (lambda: b"\0" * 20 * MB, "line 1 is not UTF-8 text"),
    "a long line.csv": (lambda: HEADER + b"a" * 20 * MB, "line 2 is longer than 64 KiB"),
    "commas.csv": (lambda: HEADER + (b"," * 60_000 + b"\n") * 300, "it lists no account"),
    "an open quote.csv": (lambda: HEADER + b'"' + b"a,\n" * 5 * MB, "line 2 opens a quote that is not closed"),
    "quotes across lines.csv": (lambda: HEADER + b'"' + b'\n","' * 3 * MB, "line 2 opens a quote that is not closed"),
    "empty lines.csv": (lambda: HEADER + b"\n" * 20 * MB, "it has more than 1,000,000 lines"),
    "carriage returns.csv": (lambda: HEADER + b"\r" * 20 * MB, "it has more than 1,000,000 lines"),
    "junk.csv": (lambda: HEADER + b"x\n" * 5 * MB, "has 1000 or more problem(s)"),
}  # fmt: skip
MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a fifo.yaml": (os.mkfifo, "it is no regular file"),
    "a fifo.csv": (os.mkfifo, "it is no regular file"),
    "a folder.yaml": (Path.mkdir, "it is no regular file"),
    "zero.csv": (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
    "zero.yaml": (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
    "itself.yaml": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "a terabyte.yaml": (lambda path: os.truncate(_touched(path), 2**40), "it is larger than 64 MiB"),
    "a terabyte.csv": (lambda path: os.truncate(_touched(path), 2**40), "it is larger than 64 MiB"),
}
# In a process of its own, whose memory is bounded: what ends it or takes too long is named by what is missing.
READ = """
import json, resource, sys, time
from pathlib import Path
from qbank_ledger.sync.accounts_file import read_accounts
resource.setrlimit(resource.RLIMIT_AS, (512 * 2**20, 512 * 2**20))
for name in sys.argv[1:]:
    began = time.monotonic()
    try:
        said = f"read {len(read_accounts(Path(name)))}"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    print(json.dumps([Path(name).name, said, time.monotonic() - began]), flush=True)
"""


def _touched(path: Path) -> Path:
    path.touch()
    return path


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What reading each file comes to, and how many seconds it takes."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in CONTENTS.items():
        (folder / name).write_bytes(content())
    for name, (make, _) in MADE.items():
        make(folder / name)
    names = [str(folder / name) for name in (*MADE, *CONTENTS)]
    done = subprocess.run(
        [sys.executable, "-c", READ, *names], capture_output=True, text=True, timeout=200, check=False
    )
    lines: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (text, seconds) for name, text, seconds in lines}


@pytest.mark.parametrize("name", [*MADE, *CONTENTS])
def test_a_hostile_accounts_file_is_one_sentence_soon(said: dict[str, tuple[str, float]], name: str) -> None:
    text, seconds = said[name]
    expected = (MADE.get(name) or CONTENTS[name])[1]
    assert text.startswith("AccountsFileError: The accounts file ")
    assert expected in text
    assert len(text) < 10_000
    assert seconds < 10
