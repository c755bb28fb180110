"""How a value looks on a page, before a browser has it."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from markupsafe import Markup

from qbank_ledger.month_end.table import Amount
from qbank_page.frame.table import Cell, Column, Cut, Link, Mark, Table, file_name
from qbank_page.frame.view import _environment, cells, kind, shown


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Approved as of 2026-11-26, version 2", ["2026-11-26"]),
        ("3 account(s) differ by -7,200,000.00 EUR", ["-7,200,000.00"]),
        ("published at 05:59 and again at 06:10:33", ["05:59", "06:10:33"]),
        ("scheduled__2026-11-27T18:00:00+00:00", ["2026-11-27T18:00:00+00:00"]),
        ("trial-balance-2026-10-31 of the year.csv", ["2026-10-31"]),
        ("the first 100 of 200, and acc-00002 too", []),
        ("a number of 38 digits, 1,234,567,890,123,456,789,012,345,678", []),
        ("short: 2026-11-26", []),
    ],
)
def test_a_text_that_may_be_broken_keeps_its_figures_whole(text: str, figures: list[str]) -> None:
    looks = shown(text)
    assert [each.partition("</span>")[0] for each in looks.split('<span class="whole">')[1:]] == figures


def test_a_text_with_a_figure_is_shown_and_not_run() -> None:
    assert shown("<script>alert(1)</script> 2026-11-26 & more") == (
        '&lt;script&gt;alert(1)&lt;/script&gt; <span class="whole">2026-11-26</span> &amp; more'
    )


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("acc-00002", "short"),
        ("65aa9c82-79f2-48b0-8cb4-a0d7d6225675", "id"),
        ("5dab6a3b110bb39822922d098e777137678695fb00a3171aa1dae8ed28f35d31", "long"),
        ("Grundstücksverwaltungsgesellschaft", "long"),
        ("a sentence that is longer, 2 lines", "long"),
    ],
)
def test_an_id_is_not_broken_and_a_sentence_is(text: str, looks: str) -> None:
    assert kind(text) == looks
    assert kind(Link(text, "/")) == ("name" if looks == "long" else looks)


@pytest.mark.parametrize("text", ["-1234.50", "1234.50", "-0.5", "a-1", f"-{'9' * 38}.{'9' * 38}"])
def test_a_plain_number_stands_in_a_csv_as_it_is(text: str) -> None:
    assert in_csv(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("=1", "+1", "-1+1", "-1,5", "--1", "-1e5", "-", "-x", "@x", "\t-1", "\r1", "\n1", "-1\n", "-1 "),
        *("-\u0661", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"),
    ],
)
def test_whatever_else_may_be_a_formula_in_a_csv_is_none(text: str) -> None:
    assert in_csv(text) == f"'{text}"


@pytest.mark.parametrize("mark", list("=+-@\uff1d\uff0b\uff0d\uff20"))
@pytest.mark.parametrize(
    "within", ["x;{}1+1", "x\t{}1+1", "x\n{}1+1", 'x;"{}1+1"', 'x;""{}1+1', ";;{}1+1;{}x"]
)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_no_text_holds_a_formula_where_a_spreadsheet_separates_by_other_marks(
    mark: str, within: str, separator: str
) -> None:
    columns = [Column("first", ""), Column("key", "")]
    rows = [{"first": "a", "key": within.replace("{}", mark)}]
    table = Table(name="t", caption="", columns=columns, rows=rows, empty="")
    lines = csv.reader(io.StringIO(table.as_csv(), newline=""), delimiter=separator)
    found = [cell.lstrip('"') for line in lines for cell in line]
    assert any("1+1" in cell for cell in found)
    assert not [cell for cell in found if cell.startswith(mark)]


@pytest.mark.parametrize("text", ["x; y", "due;-12.50;paid", "[\n-1\n]", "a-1;b+2", 'x;"y"', ";", "\u2212;"])
def test_a_text_without_a_formula_stands_in_a_csv_as_it_is(text: str) -> None:
    assert in_csv(text) == text


def in_csv(text: str) -> str:
    """The text of a table's only cell, as its CSV has it."""
    table = Table(name="t", caption="", columns=[Column("key", "Key")], rows=[{"key": text}], empty="")
    _, (cell,) = csv.reader(io.StringIO(table.as_csv(), newline=""))
    return cell


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("/srv/erp/tb.csv", "tb.csv"),
        ("s3://books/2026/10/tb.csv", "tb.csv"),
        ("C:\\Exports\\tb.csv", "tb.csv"),
        ("/srv/erp/", "erp"),
    ],
)
def test_of_a_file_its_name_is_shown(place: str, name: str) -> None:
    assert file_name(place) == Cut(name, place)


@pytest.mark.parametrize("place", ["tb.csv", "/", ""])
def test_a_name_alone_is_shown_as_it_is(place: str) -> None:
    assert file_name(place) == place


@pytest.mark.parametrize(
    ("cell", "looks"),
    [
        ("<b>&", '<td class="short">&lt;b&gt;&amp;</td>'),
        (Markup("<svg/>"), '<td class="short"><svg/></td>'),
        (None, '<td class="short"></td>'),
        (Link("<b>", 'x"y'), '<td class="number"><a href="x&#34;y">&lt;b&gt;</a></td>'),
        (Link("a", "/x", leaves=True), '<td class="number"><a href="/x" target="_top">a</a></td>'),
        (Mark("<b>", "bad"), '<td class="mark bad"><span>&lt;b&gt;</span></td>'),
        (
            Cut("a<", 'a<"\x1b'),
            '<td class="short"><span class="cut" tabindex="0" title="a&lt;&#34;\\x1b">a&lt;</span></td>',
        ),
        (Amount(Decimal("-1234.5"), 2), '<td class="number negative" title="-1234.50">-1,234.50</td>'),
    ],
)
def test_a_row_begins_with_its_head_and_escapes_what_it_holds(cell: Cell, looks: str) -> None:
    columns = (Column("name", "Name"), Column("cell", "Cell", number=True))
    assert cells({"name": "<a>", "cell": cell}, columns) == (
        f'<th scope=row class="short">&lt;a&gt;</th>{looks}'
    )


def test_what_a_table_says_of_itself_may_name_things_and_obeys_none_of_them() -> None:
    macros: Any = _environment().get_template("frame/tables.html.j2").module
    table = Table(name="t", caption="", columns=[], rows=[], empty="No \u202efile.", note="Of \u202ex.")
    page = str(macros.table(table))
    assert ("\u202e" in page, page.count(r"\u202e")) == (False, 2)
