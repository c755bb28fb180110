"""Books that come by themselves: each file once, the oldest first, and none that keeps another out."""

from pathlib import Path

import pytest

from qbank_ledger.errors import BooksRefusedError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.profile_file import read_gl_sources
from qbank_ledger.recon.sources import Found, load_new, require_books
from tests.words.books import GL_HEADER, Books, day

GOOD = f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n"
BAD = f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93-\n"


def found(text: str, name: str = "a.csv", state: str | None = None) -> Found:
    return Found(TextSource(name, text, ".csv"), name, text if state is None else state)


def take(books: Books, *files: Found, profile: str = "plain") -> tuple[list[int], list[str]]:
    profiles = read_gl_sources(None)
    return load_new(books.ledger.engine, "erp", profiles.profile(profile), files)


def test_a_file_is_loaded_once_however_often_it_is_found(books: Books) -> None:
    assert take(books, found(GOOD)) == ([1], [])
    assert take(books, Found(Path("/not there"), "a.csv", GOOD)) == ([], []), "it is not even opened"
    assert take(books, found(GOOD, "copy.csv"), found(GOOD, state="touched")) == ([], []), "the same bytes"
    assert books.rows("SELECT load_no, source, name FROM recon.file_load") == [(1, "erp", "a.csv")]
    assert books.rows("SELECT name, load_no, refused FROM recon.source_file ORDER BY seen_at") == [
        ("a.csv", 1, None), ("copy.csv", 1, None), ("a.csv", 1, None),
    ]  # fmt: skip


def test_a_refused_file_keeps_no_other_out_and_is_named_once(books: Books) -> None:
    loads, unreachable = take(books, found(BAD, "bad.csv"), found(GOOD))
    assert (loads, unreachable) == ([1], [])
    with pytest.raises(
        BooksRefusedError, match=r"^source erp: The file bad\.csv has 1 problem.*\n  line 2: balance"
    ):
        require_books(books.ledger.engine, unreachable)
    assert take(books, found(BAD, "bad.csv"), found(GOOD)) == ([], [])
    require_books(books.ledger.engine, [])
    mended = BAD.replace("93-", "-93")
    assert take(books, found(mended, "bad.csv")) == ([2], [])
    require_books(books.ledger.engine, [])


def test_a_refused_file_is_read_again_when_its_profile_has_changed(books: Books) -> None:
    assert take(books, found(GOOD), profile="datev-susa") == ([], [])
    with pytest.raises(BooksRefusedError):
        require_books(books.ledger.engine, [])
    assert take(books, found(GOOD)) == ([1], [])


def test_what_can_not_be_reached_is_said_by_each_run_and_is_no_refusal(books: Books, tmp_path: Path) -> None:
    gone = Found(tmp_path / "gone.csv", "gone.csv", "1")
    for _ in range(2):
        loads, unreachable = take(books, gone, found(GOOD))
        assert unreachable == [
            f"source erp: The file {tmp_path}/gone.csv can't be read: No such file or directory; nothing of it was loaded."
        ]
        with pytest.raises(BooksRefusedError, match=r"gone\.csv"):
            require_books(books.ledger.engine, unreachable)
    (tmp_path / "gone.csv").write_text(GOOD.replace("93", "94"))
    loads, unreachable = take(books, gone)
    assert (loads, unreachable) == ([2], [])


def test_a_run_that_ends_between_a_load_and_its_note_loads_nothing_twice(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("qbank_ledger.recon.sources._keep", killed)
        with pytest.raises(KeyboardInterrupt):
            take(books, found(GOOD))
    assert take(books, found(GOOD)) == ([], [])
    assert books.rows("SELECT load_no FROM recon.source_file") == [(1,)]
