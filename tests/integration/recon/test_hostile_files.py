"""GL files made to harm: each is one sentence, soon; a large one is loaded in memory that does not grow with it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon import reading
from qbank_ledger.recon.load import load_file
from tests.words.books import GL_HEADER, Books

MB = 1024 * 1024
MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a fifo": (os.mkfifo, "it is no regular file"),
    "a folder": (Path.mkdir, "it is no regular file"),
    "zeros without end": (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
    "noise without end": (lambda path: path.symlink_to("/dev/urandom"), "it is no regular file"),
    "six hundred megabytes": (lambda path: (path.touch(), os.truncate(path, 600 * MB)), "larger than 512 MiB"),
    "a long line": (lambda path: _write(path, b"1" * 20 * MB), "line 2 is longer than 64 KiB"),
    "an open quote": (lambda path: _write(path, b'"' + b"a,\n" * 5 * MB), "line 2 opens a quote"),
    "empty lines": (lambda path: _write(path, b"\n" * 20 * MB), "it has more than 3,000,000 lines"),
    "junk": (lambda path: _write(path, b"x\n" * 5 * MB), "has 1000 or more problem(s)"),
    "one row again and again": (
        lambda path: _write(path, b"Q,1,EUR,2024-01-01,1\n" * 50_000),
        "line 3: it duplicates line 2",
    ),
}  # fmt: skip
LOAD = """
import json, resource, sys
from pathlib import Path
from sqlalchemy import make_url
from qbank_ledger.db.connection import engine_for
from qbank_ledger.recon.load import load_file
peaks = []
for name in sys.argv[1:]:
    load_file(engine_for(make_url(sys.stdin.readline().strip())), Path(name), "gl")
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps(peaks))
"""


def _write(path: Path, lines: bytes) -> None:
    path.write_bytes(f"{GL_HEADER}\n".encode() + lines)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.timeout(60)
def test_a_hostile_file_is_one_sentence_soon(books: Books, tmp_path: Path, name: str) -> None:
    make, said = MADE[name]
    path = tmp_path / "books.csv"
    make(path)
    began = time.monotonic()
    with pytest.raises(GLFileError) as caught:
        load_file(books.ledger.engine, path, "gl")
    assert said in str(caught.value)
    assert time.monotonic() - began < 10
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_a_name_that_is_no_path_is_a_sentence(books: Books) -> None:
    with pytest.raises(GLFileError, match="can't be read: that is no path"):
        load_file(books.ledger.engine, Path("a\0b"), "gl")


def test_a_file_has_at_most_so_many_rows(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_ROWS", 3)
    rows = "".join(f"Q,{n},EUR,2024-01-01,1\n" for n in range(4))
    with pytest.raises(GLFileError, match="line 5: a file holds at most 3 rows: split it"):
        books.load(f"{GL_HEADER}\n{rows}")


def test_memory_does_not_grow_with_the_file(books: Books, tmp_path: Path) -> None:
    """Twenty times the rows: the process needs a few megabytes more at most."""
    files = []
    for rows in (4_000, 80_000):
        files.append(tmp_path / f"{rows}.csv")
        _write(files[-1], b"".join(b"Q,%060d,EUR,2024-01-01,%d\n" % (n, n) for n in range(rows)))
    url = books.ledger.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *map(str, files)],
        input=f"{url}\n{url}\n", capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    few, many = json.loads(done.stdout)
    assert many - few < 10 * 1024
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 84_000
