"""What a profile's keys make of a file: places of the balance, of entity, currency and date, proofs, duplicates."""

import pytest

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.recon.profile import Given
from tests.words.erp import DATA, OCTOBER, Read, built_in, profiles, read

FIXED = {
    "account": "{column: A}",
    "balance": "{column: B}",
    "entity": "E",
    "currency": "EUR",
    "date": OCTOBER,
}


def of(content: str | bytes, given: Given = Given(), **keys: str) -> Read:  # noqa: B008 - frozen
    """Read a text by a profile that differs from a plain one in these keys."""
    lines = "".join(f"  {key}: {value}\n" for key, value in {**FIXED, **keys}.items() if value)
    source = TextSource("x.csv", content, ".csv") if isinstance(content, str) else Bytes(content)
    return read(source, profiles(f"p:\n{lines}")["p"], given)


class Bytes:
    """A source of bytes."""

    suffix = ".csv"

    def __init__(self, content: bytes) -> None:
        self._content = content

    def open(self, _mode: str = "rb"):  # type: ignore[no-untyped-def]
        import io  # noqa: PLC0415

        return io.BytesIO(self._content)


def amounts(found: Read) -> list[str]:
    assert found.problems == ""
    return [f"{row.amount:f}" for row in found.rows]


@pytest.mark.parametrize(
    ("balance", "row", "amount"),
    [
        ("{column: B}", "-5.50", "-5.50"),
        ("{debit: B, credit: C}", "5.50,", "5.50"),
        ("{debit: B, credit: C}", ",5.50", "-5.50"),
        ("{debit: B, credit: C}", "7,5.50", "1.50"),
        ("{debit: B, credit: C}", ",", "0"),
        ("{amount: B, side: C, debit: [S], credit: [H]}", "5.50,S", "5.50"),
        ("{amount: B, side: C, debit: [S], credit: [H]}", "5.50,H", "-5.50"),
        ("{amount: B, side: C, debit: [S], credit: [H]}", "-5.50,H", "5.50"),
        ("{amount: B, side: C, debit: [S], credit: [H]}", "0.00,", "0.00"),
        ("{opening: B, debit: C, credit: D}", "-10,5,1.25", "-6.25"),
        ("{opening_debit: B, opening_credit: C, debit: D, credit: F}", "10,2,5,20", "-7"),
        ("{opening: B, debit: C, credit: D}", ",,", "0"),
        ('{column: "#3"}', "1,2", "2"),
    ],
)
def test_a_balance_is_put_together_as_the_profile_says(balance: str, row: str, amount: str) -> None:
    row += "," * (4 - row.count(",") - 1)
    assert amounts(of(f"A,B,C,D,F\n1,{row}\n", balance=balance)) == [amount]


def test_a_repeated_header_is_chosen_by_position_and_a_list_without_one_has_positions_alone() -> None:
    content = "A,B,B\n1,2,3\n"
    assert "the header has 'B' 2 times" in of(content).problems
    assert amounts(of(content, balance='{column: "#2"}')) == ["2"]
    assert "the header has 3 columns, and no #4" in of(content, balance='{column: "#4"}').problems
    assert amounts(of("1,2\n2,3\n", account='{column: "#1"}', balance='{column: "#2"}', delimiter="','")) == [
        "2",
        "3",
    ]
    assert (
        "line 1: #2 is 'B'"
        in of(content, account='{column: "#1"}', balance='{column: "#2"}', delimiter="','").problems
    )


def test_in_a_list_without_a_header_a_title_stands_above_its_rows() -> None:
    keys = {
        "account": '{column: "#1"}',
        "balance": '{column: "#2"}',
        "entity": "{title: '^Company (\\w+)'}",
        "delimiter": "','",
    }
    skip = "[{matches: '^Company'}]"
    assert [row.key[0] for row in of("Company X,\n1,2\n", skip=skip, **keys).rows] == ["X"]
    assert "line 1: no line above it says its entity" in of("1,2\nCompany X,\n", skip=skip, **keys).problems


def test_names_say_what_an_account_an_entity_a_currency_and_a_date_stand_for() -> None:
    found = of(
        "A,B,E,C,D\nCash,1,Acme Inc.,Euro,Oct-25\n1200,2,Acme Ltd.,GBP,10/2025\n",
        account="{column: A, names: {Cash: '1100'}}", entity="{column: E, pattern: '^(\\w+ \\w+)', names: {Acme Inc: US01}}",
        currency="{column: C, names: {Euro: EUR}}", date="{column: D, format: '%m/%Y', names: {Oct-25: 2025-10-31}}",
    )  # fmt: skip
    assert found.problems == ""
    assert [row.key for row in found.rows] == [
        ("US01", "1100", "EUR", OCTOBER),
        ("Acme Ltd", "1200", "GBP", OCTOBER),
    ]


@pytest.mark.parametrize(
    ("form", "text", "on"),
    [("%d.%m.%Y", "31.10.2025", OCTOBER), ("%Y%m%d", "20251031", OCTOBER), ("%b-%y", "FEB-24", "2024-02-29"), ("%B %Y", "November 2025", "2025-11-30"),
     ("%m/%d/%Y", "10/31/2025", OCTOBER), ("%Y-%m-%dT%H:%M:%S", "2025-10-31T00:00:00", OCTOBER), ("%Y/%j", "2025/304", OCTOBER)],
)  # fmt: skip
def test_a_date_is_read_in_its_form_and_a_month_is_its_last_day(form: str, text: str, on: str) -> None:
    found = of(f"A,B,D\n1,2,{text}\n", date=f"{{column: D, format: '{form}'}}")
    assert [row.key[3] for row in found.rows] == [on]
    assert (
        f"line 2: D is '31-10-25': write a date in the form {form}"
        in of("A,B,D\n1,2,31-10-25\n", date=f"{{column: D, format: '{form}'}}").problems
    )


@pytest.mark.parametrize(
    ("form", "whole", "cut", "on"),
    [("%d%m%Y", "01032026", "1032026", "2026-03-01"), ("%d%m%y", "010326", "10326", "2026-03-01"), ("%m%d%Y", "01122026", "1122026", "2026-01-12"),
     ("%Y%m%d", "20260301", "2026301", "2026-03-01"), ("%y%m%d", "060301", "60301", "2006-03-01"), ("%Y%j", "2026060", "202660", "2026-03-01"),
     ("on %d%m%Y %H:%M", "on 01032026 9:05", "on 1032026 09:05", "2026-03-01"), ("%d%b%Y", "01MAR2026", "01MR2026", "2026-03-01"),
     ("%d%b%Y", "1mar2026", "1mar206", "2026-03-01"), ("%B%d%Y", "march012026", "march12026", "2026-03-01"), ("%%%d%m%Y", "%01032026", "%1032026", "2026-03-01")],
)  # fmt: skip
def test_a_date_without_its_zero_is_refused_where_nothing_parts_day_month_and_year(
    form: str, whole: str, cut: str, on: str
) -> None:
    keys = {"date": f"{{column: D, format: '{form}'}}"}
    assert [row.key[3] for row in of(f"A,B,D\n1,2,{whole}\n", **keys).rows] == [on]
    found = of(f"A,B,D\n1,2,{cut}\n", **keys)
    assert found.rows == []
    assert f"line 2: D is '{cut}': write a date in the form {form}" in found.problems


@pytest.mark.parametrize(
    ("numbers", "delimiter", "row"),
    [("{grouping: [',']}", ",", "110100,1,234.50,"), ("{decimal: ',', grouping: [';']}", ";", "110100;1;234,50;"),
     ("{grouping: [' ']}", "\u00a0", "110100\u00a01\u00a0234.50\u00a0"), ('{grouping: ["\'"]}', "\u2019", "110100\u20191\u2019234.50\u2019")],
)  # fmt: skip
def test_a_row_that_a_mark_between_thousands_shifted_is_refused_where_the_mark_separates_cells_too(
    numbers: str, delimiter: str, row: str
) -> None:
    keys = {"balance": "{debit: B, credit: C}", "numbers": numbers, "delimiter": f'"{delimiter}"'}
    header = delimiter.join("ABC")
    found = of(f"{header}\n{row}\n", **keys)
    assert found.rows == []
    assert "line 2: it has 4 fields, the header 3: " in found.problems
    assert "export them in quotes, or without it" in found.problems
    # As many as the header, whose last ones have no name, or a mark that separates no cells: nothing shifted.
    wide = delimiter.join(["1", "2", "", ""])
    assert amounts(of(f"{header}{delimiter}\n{wide}\n", **keys)) == ["2"]
    assert amounts(of(f"{header}\n{wide}\n", **{**keys, "numbers": "{}"})) == ["2"]


def test_a_title_says_entity_currency_and_date_once_for_all_rows() -> None:
    keys = {
        "entity": "{title: '^Company (\\w+)', names: {X: US01}}", "currency": "{title: 'in (\\w{3})$'}",
        "date": "{title: 'To (\\S+)', format: '%d.%m.%Y'}",
    }  # fmt: skip
    titles = "Company X,,\nAll amounts in EUR\nFrom 01.10.2025 To 31.10.2025\n\n"
    found = of(f"{titles}A,B\n1,2\n", **keys)
    assert [row.key for row in found.rows] == [("US01", "1", "EUR", OCTOBER)]
    lacking = of("Company X\nin EUR\nA,B\n1,2\n", **keys).problems
    assert "line 1: no line above its header matches To" in lacking
    assert lacking.endswith("(date.title of profile p): there are 'Company X', 'in EUR'")
    assert (
        "line 2: its title says currency 'EUX': write the ISO 4217 code"
        in of(titles.replace("EUR", "EUX") + "A,B\n1,2\n", **keys).problems
    )


@pytest.mark.parametrize("title", ["As of Oct 31, 2025", '"As of Oct 31, 2025",', ",As of,Oct 31, 2025,"])
def test_a_comma_in_a_title_is_a_comma_quoted_or_not(title: str) -> None:
    found = of(f"{title}\nA,B\n1,2\n", date="{title: '^As of (.*)$', format: '%b %d, %Y'}")
    assert [row.key[3] for row in found.rows] == [OCTOBER]


def test_one_file_is_of_one_entity_and_a_second_title_is_found_wherever_it_stands() -> None:
    text = (DATA / "sap-list.txt").read_text("cp1252")
    first, _, second = text.rpartition("Company code 1000")
    source = TextSource(
        "list.txt", f"{first}Company code 2000{second}".replace("ü", "u").replace("é", "e"), ".txt"
    )
    found = read(source, profiles("p: {like: sap-list, encoding: utf-8}")["p"])
    assert "line 13: it is of entity 2000, and the lines above of 1000: split the file" in found.problems


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            Given(date="2025-11-30"),
            "line 4: it is of as_of_date 2025-10-31, and the run's gl_date is 2025-11-30",
        ),
        (Given(currency="EUR"), "line 1: it is of currency USD, and the run's gl_currency is EUR"),
        (Given(entity="US02"), "line 1: it is of entity US01, and the run's gl_entity is US02"),
    ],
)
def test_what_the_file_says_must_be_what_was_asked_for(given: Given, said: str) -> None:
    profile = profiles("p: {like: netsuite-trial-balance, entity: US01, currency: USD}")["p"]
    path = DATA / "netsuite-trial-balance.csv"
    assert read(path, profile, Given(OCTOBER, "US01", "USD")).problems == ""
    assert said in read(path, profile, given).problems


def test_each_row_must_be_of_the_entity_currency_and_date_that_were_asked_for() -> None:
    keys = {"entity": "{column: E}", "currency": "{column: C}", "date": "{column: D}"}
    content = f"A,B,E,C,D\n1,2,X,EUR,{OCTOBER}\n1,2,Y,USD,2025-09-30\n"
    assert of(content, **keys).problems == ""
    found = of(content, Given(OCTOBER, "X", "EUR"), **keys)
    for what in (
        "E is 'Y': it says Y, and the run's gl_entity is X",
        "C is 'USD': it says USD",
        "D is '2025-09-30': it says",
    ):
        assert f"line 3: {what}" in found.problems


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Given(), "takes the entity from the run: give gl_entity"),
        (Given(entity="E"), "takes the currency from the run: give gl_currency"),
        (Given(None, "E", "EUR"), r"takes the date from the run: give gl_date \(DATE=… of make gl-preview\)"),
        (Given("31.10.2025", "E", "EUR"), "gl_date is '31.10.2025': give a date such as 2026-10-31"),
        (Given(OCTOBER, "E", "EURO"), "gl_currency is 'EURO': give an ISO 4217 code"),
        (Given(OCTOBER, "E\u200b", "EUR"), "gl_entity is 'E.*ZERO WIDTH SPACE"),
    ],
)
def test_what_the_run_must_give_is_asked_for_in_a_sentence(given: Given, said: str) -> None:
    with pytest.raises(GLFileError, match=said):
        read(
            TextSource("x.csv", "A,B\n1,2\n", ".csv"),
            profiles("p: {account: {column: A}, balance: {column: B}}")["p"],
            given,
        )


def test_an_amount_is_scaled_by_its_currency_exactly() -> None:
    content = "A,B,C\n1,1234567.89,JPY\n2,1234567.89,EUR\n3,28956708.96999998,JPY\n"
    keys = {"currency": "{column: C}", "scale": "{JPY: 100}"}
    found = of(content, **keys)
    assert "line 4: B is '28956708.96999998': it has 6 decimals, JPY 0" in found.problems
    assert [f"{row.amount:f}" for row in found.rows] == ["123456789", "1234567.89"]
    assert [f"{row.amount:f}" for row in of(content, **keys, numbers="{noise: round}").rows][
        -1
    ] == "2895670897"
    assert (
        "line 2: B is '1234567.89': it has 2 decimals, JPY 0" in of(content, currency="{column: C}").problems
    )


def test_two_rows_of_an_account_are_refused_summed_or_the_empty_one_is_ignored() -> None:
    content = "A,B,C\n1,,\n1,2.50,\n1,,1\n2,,\n"
    both = "{debit: B, credit: C}"
    assert "line 3: it duplicates line 2" in of(content, balance=both).problems
    summed = of(content, balance=both, duplicates="sum")
    assert [(row.line, row.lines, f"{row.amount:f}") for row in summed.rows] == [(2, 3, "1.50"), (5, 1, "0")]
    assert "line 4: it duplicates line 3" in of(content, balance=both, duplicates="ignore_empty").problems
    ignored = of(content.replace("1,,1\n", "1,,\n"), balance=both, duplicates="ignore_empty")
    assert [(row.line, f"{row.amount:f}") for row in ignored.rows] == [(3, "2.50"), (5, "0")]
    assert (ignored.reading.rows, len(ignored.skipped)) == (2, 2)


@pytest.mark.parametrize(
    ("proofs", "content", "said"),
    [
        (
            "{debits_equal_credits: true}",
            "1,5,\n2,,4\n",
            "debits and credits must be equal, and differ by 1.00",
        ),
        (
            "{total_row: '^Sum$'}",
            "1,5,\n2,,4\nSum,5,3\n",
            "line 4: the total says C 3.00, the rows add up to 4.00",
        ),
        ("{total_row: '^Sum$'}", "1,5,\n2,,4\n", "no row matches total_row ^Sum$: the file may be cut off"),
        ("{total_row: '^Sum$'}", "1,5,\nSum,,\n", "line 3: the total row is empty: the file may be cut off"),
        (
            "{total_row: '^Sum$'}",
            "1,5,\nSum,5,\nSum,5,\n",
            "line 4: it matches total_row, as line 3 does: narrow the pattern",
        ),
        (
            "{total_row: '^Sum$'}",
            "1,5,\nSum,x,\n",
            "line 3: B is 'x': the profile declares numbers such as -1234.50",
        ),
        ("{rows: 3}", "1,5,\n2,,5\n", "it has 2 rows, and at least 3 were expected: is the file complete?"),
    ],
)
def test_a_file_that_fails_its_own_proof_is_refused(proofs: str, content: str, said: str) -> None:
    found = of(f"A,B,C\n{content}", balance="{debit: B, credit: C}", proofs=proofs)
    assert said in found.problems


def test_a_file_that_proves_itself_is_taken_and_says_how() -> None:
    found = of(
        "A,N,B,C\n1,,5,\n2,,,5\n,Sum,5,5\n", balance="{debit: B, credit: C}",
        proofs="{debits_equal_credits: true, total_row: '^Sum$', rows: 2}",
    )  # fmt: skip
    assert found.problems == ""
    assert found.reading.proved == [
        "rows: 2, at least 2", "E 2025-10-31: debits 5.00, credits 5.00 EUR, equal",
        "total row, line 4: B 5.00, as the rows", "total row, line 4: C 5.00, as the rows",
    ]  # fmt: skip


def test_debits_equal_credits_of_each_entity_currency_and_date_by_itself() -> None:
    keys = {"entity": "{column: E}", "balance": "{column: B}", "proofs": "{debits_equal_credits: true}"}
    assert of("A,B,E\n1,5,X\n2,-5,X\n1,0,Y\n", **keys).problems == ""
    found = of("A,B,E\n1,5,X\n2,-5,Y\n", **keys)
    assert "differ by 5.00 (X 2025-10-31" in found.problems
    assert "differ by -5.00 (Y 2025-10-31" in found.problems


def test_proofs_add_up_every_digit_of_an_amount() -> None:
    longest = "12345678901234567890123456789012345678.01"
    keys = {"balance": "{column: B}", "proofs": "{debits_equal_credits: true}"}
    assert of(f"A,B\n1,{longest}\n2,-{longest}\n", **keys).problems == ""


ROWS = 6_000  # in several blocks of what is read at once
ENCODED = [("utf-8", "utf-8-sig"), ("windows-1252", "cp1252"), ("utf-16", "utf-16"), ("cp850", "cp850"), ("shift_jis", "shift_jis"),
           ("iso-8859-15", "iso-8859-15")]  # fmt: skip


@pytest.mark.parametrize(("declared", "written"), ENCODED)
def test_a_file_is_read_in_the_encoding_that_is_declared(declared: str, written: str) -> None:
    name = "口座" if declared == "shift_jis" else "Böse"
    content = "".join(["A,B\r\n", *(f"{name} {n},{n}\r\n" for n in range(ROWS))]).encode(written)
    found = of(content, encoding=declared)
    assert (found.problems, len(found.rows), found.rows[-1].key[1], found.rows[-1].line) == (
        "",
        ROWS,
        f"{name} {ROWS - 1}",
        ROWS + 1,
    )


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (
            "A,B\nBöse,1\n".encode("cp1252"),
            "",
            "line 2 is not UTF-8 text, but Windows-1252 or the like: let the profile p say its encoding, or save",
        ),
        (
            "A,B\nBöse,1\n".encode("utf-8-sig"),
            "windows-1252",
            "its first bytes say that it is utf-8, and not cp1252: say encoding: utf-8",
        ),
        (b"A,B\n1,1\nB\x81,1\n", "windows-1252", "line 3 is not cp1252 text"),
        ("A,B\n1,1\n".encode("utf-16")[:-1], "utf-16", "is not utf-16 text"),
        ("A,B\nBöse,1\n".encode("utf-16"), "", "line 1 is not UTF-8 text, but UTF-16"),
    ],
)
def test_what_is_no_text_of_the_encoding_is_refused(content: bytes, encoding: str, said: str) -> None:
    with pytest.raises(UnreadableFileError, match=said):
        of(content, encoding=encoding)


@pytest.mark.parametrize(
    ("delimiter", "mark"), [("';'", ";"), ("tab", "\t"), ("'|'", "|"), ("'^'", "^"), ("", ","), ("", ";")]
)
def test_cells_are_cut_by_the_declared_delimiter_or_by_what_shows_the_header(
    delimiter: str, mark: str
) -> None:
    content = f"Books, of Acme; all\nA{mark}B\n1{mark}2\n"
    assert amounts(of(content, delimiter=delimiter)) == ["2"]


def test_a_quote_within_a_list_between_bars_is_a_quote() -> None:
    found = of(
        '|A  |Name    |B   |\n|---|--------|----|\n|1  |5" "pipe|  2 |\n',
        delimiter="'|'",
        skip="[{matches: '^\\|-'}]",
    )
    assert amounts(found) == ["2"]


def test_a_control_character_in_a_cell_is_refused_and_shown_as_what_it_is() -> None:
    found = of("A,B\n\x1b[2J1,2\n2\u202e,3\n")
    assert "line 2: A is '\\x1b[2J1': it holds a character that can't be seen, U+001B" in found.problems
    assert "line 3: A is '2\\u202e'" in found.problems


def test_the_built_in_netsuite_profile_takes_the_month_in_its_title_for_its_end() -> None:
    path = DATA / "netsuite-trial-balance.csv"
    assert {
        row.key[3] for row in read(path, built_in("netsuite-trial-balance"), Given(None, "E", "USD")).rows
    } == {OCTOBER}


@pytest.mark.parametrize(
    ("row", "numbers"),
    [("110100,1234,56,", "{decimal: ','}"), ("110100,1234,56,", "{}"), ("110100,,1234,56", "{}")],
)
def test_an_amount_that_a_decimal_comma_made_two_fields_of_is_refused(row: str, numbers: str) -> None:
    found = of(f"A,B,C\n{row}\n", balance="{debit: B, credit: C}", numbers=numbers)
    assert found.rows == []
    assert "line 2: it has 4 fields, the header 3" in found.problems


def test_a_row_of_a_list_between_bars_that_is_cut_off_is_refused() -> None:
    keys = {"delimiter": "'|'", "numbers": "{decimal: ',', grouping: ['.'], negative: [trailing]}"}
    assert amounts(of("| A | B |\n| 1 | 1.234,56- |\n", **keys)) == ["-1234.56"]
    found = of("| A | B |\n| 1 |      1.234\n| 2 | 5,00 |\n", **keys)
    assert [row.key[1] for row in found.rows] == ["2"]
    assert "line 2: it ends without a |, and the header with one: it is cut off" in found.problems
    assert amounts(of("| A | B\n| 1 | 5,00\n", **keys)) == ["5.00"]
    # Behind a page break, too.
    assert amounts(of("| A | B |\n\f| 1 | 5,00 |\n\f\n", **keys)) == ["5.00"]


@pytest.mark.parametrize(
    ("mark", "text"),
    [("\t", '1\t"Main\t5.00\n2\tX\t6.00\n3\tOther"\t7.00\n'), ("\t", '1\t"Main\t5.00\n3\tOther"\t7.00\n'),
     (";", '1;"Main;5.00\r\n2;X;6.00\r\n3;Other";7.00\r\n'), (",", '1,"Main,5.00\n2,X,6.00\n3,Other",7.00\n')],
)  # fmt: skip
def test_a_text_that_begins_with_a_quote_takes_no_rows_in(mark: str, text: str) -> None:
    keys = {"balance": "{column: C}", "delimiter": f'"{mark}"' if mark != "\t" else "tab"}
    found = of(f"A{mark}B{mark}C\n{text}", **keys)
    assert found.rows == []
    assert "line 2: 'Main" in found.problems
    assert "it begins with a quote that is not meant as one" in found.problems
    lines = f'1{mark}"Main St 5, 3rd floor,\nBerlin, Germany\nand, so"{mark}5.00\n'
    assert amounts(of(f"A{mark}B{mark}C\n{lines}", **keys)) == ["5.00"]


@pytest.mark.parametrize(
    ("mark", "said"),
    [("\t", "tab"), ("|", '"|"'), ("^", None)],
    ids=["tab", "bar", "one that nobody thinks of"],
)
def test_a_delimiter_that_the_profile_does_not_say_is_named(mark: str, said: str | None) -> None:
    found = of(f"A{mark}B\n1{mark}2\n")
    expected = f"line 1: its columns 'A', 'B' are parted by {said}: let the profile p say delimiter: {said}"
    assert (expected if said else "is p the profile of such a file?") in found.problems


@pytest.mark.parametrize(
    "page",
    [b"<html><table><tr><td>A</td></tr></table></html>", b'<?xml version="1.0"?>\n<Workbook></Workbook>',
     b"\xef\xbb\xbf\r\n<!DOCTYPE html>", b"<ss:Workbook>", b"<TABLE border=1>"],
)  # fmt: skip
def test_a_page_under_a_spreadsheets_name_is_called_what_it_is(page: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="it is a page of HTML or XML, whatever it is called"):
        of(page)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf_8_sig", "utf-8"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf_8_is_read_with_its_mark_or_without(encoding: str, mark: bytes) -> None:
    assert amounts(of(mark + b"A,B\n1,2\n", encoding=encoding)) == ["2"]


def test_an_empty_cell_can_have_a_meaning() -> None:
    keys = {"currency": "{column: C, names: {'': EUR, LCY: JPY}}"}
    found = of("A,B,C\n1,2.50,\n2,3,USD\n3,4,LCY\n", **keys)
    assert found.problems == ""
    assert [row.key[2] for row in found.rows] == ["EUR", "USD", "JPY"]
    assert "C is missing" in of("A,B,C\n1,2.50,\n", currency="{column: C, names: {LCY: JPY}}").problems


@pytest.mark.parametrize("text", ["2026-W05-1", "20260131", "2026-1-31", "\uff12026-01-31"])
def test_a_date_is_written_with_its_year_month_and_day(text: str) -> None:
    found = of(f"A,B,D\n1,2,{text}\n", date="{column: D}")
    assert found.rows == []
    assert "write a date such as 2026-10-31" in found.problems
