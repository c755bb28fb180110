"""A month's books, people who sign, and the pack read back by libraries that did not write it."""

from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine

from qbank_ledger.month_end.pack import Pack, close_month
from tests.integration.recon.conftest import books
from tests.words.books import Books, day
from tests.words.ledger import Ledger
from tests.words.signers import Signers

__all__ = ["books"]

END = day(31)


class Page(HTMLParser):
    """The page's text, and its tables by title, as rows of texts."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.title, self.text, self._in = "", "", ""
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: set[str] = set()
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self._in = tag
        if tag == "h2":
            self.title = ""
        elif tag == "tr":
            self.tables.setdefault(self.title, []).append([])
        elif tag in ("td", "th"):
            self.tables[self.title][-1].append("")

    def handle_data(self, data: str) -> None:
        if self._in != "style":
            self.text += data
        if self._in == "h2":
            self.title += data
        elif self._in in ("td", "th"):
            self.tables[self.title][-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


class Made:
    """A pack that was made, read back."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.book = openpyxl.load_workbook(pack.workbook)
        self.page = Page(pack.page.read_text("utf-8"))

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        """The rows of a sheet, by their heads."""
        head, *rows = self.book[sheet].iter_rows(values_only=True)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def account(self, id_: str = "x") -> dict[str, Any]:
        """An account's row of the balances."""
        (row,) = [row for row in self.rows("Balances") if row["Account"] == id_]
        return row

    def table(self, title: str) -> list[dict[str, Any]]:
        """A short table of the first sheet."""
        rows = iter(self.book["Summary"].iter_rows(values_only=True))
        next(row for row in rows if str(row[0] or "").startswith(title))
        head = next(row for row in rows if row[1] is not None)
        found = []
        for row in rows:
            if row[0] is None:
                break
            found.append(dict(zip([name for name in head if name], row, strict=False)))
        return found

    @property
    def summary(self) -> str:
        """All that the first sheet says."""
        cells = (
            str(cell) for row in self.book["Summary"].iter_rows(values_only=True) for cell in row if cell
        )
        return "\n".join(cells)


@pytest.fixture
def close(books: Books, tmp_path: Path) -> Callable[..., Made]:
    """Close a month of the books, October 2024 unless another is named."""

    def make(month: str = "2024-10", engine: Engine | None = None) -> Made:
        return Made(close_month(engine or books.ledger.engine, month, tmp_path / "close"))

    return make


@pytest.fixture(scope="module")
def logins(_shared: Ledger) -> Iterator[dict[str, Engine]]:
    """jane prepares, joe approves, ann reads."""
    with _shared.people(
        {"jane": "qbank_preparer", "joe": "qbank_approver", "ann": "qbank_analyst"}
    ) as engines:
        yield engines


@pytest.fixture
def sign(books: Books, logins: dict[str, Engine]) -> Callable[..., None]:
    """Somebody prepares, approves or rejects."""

    def act(name: str, verb: str, on: date = END, comment: str | None = None, id_: str = "x") -> None:
        Signers(books, logins).sign(name, verb, comment, account_id=id_, on=on)

    return act
