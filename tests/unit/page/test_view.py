"""How a value looks on a page, before a browser has it."""

import pytest

from qbank_page.frame.table import Cut, Link, file_name
from qbank_page.frame.view import kind, shown


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
