"""The accounts file: what is taken, what is refused, and how the refusal reads."""

from collections.abc import Callable
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from qbank_ledger.errors import AccountsFileError
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.sync.account_entries import read_entries
from qbank_ledger.sync.accounts_file import read_accounts
from qbank_ledger.sync.plan import fingerprint

GOOD = """\
defaults: {entity: QB01, time_zone: Europe/Berlin, tolerance: "0.00"}
accounts:
  - account_id: a1b2c3d4-e5f6-7890-1234-567890abcde
    name: Operating account
    currency: EUR
    gl_account: "0110100"
    minimum_balance: "-1234567890123456.78"
    tolerance: "0.05"
    cut_off: "17:30"
  - account_id: second
    currency: BHD
    entity: QB02
    gl_account: 0110200
    active: false
"""


def refusal(path: Path, content: str) -> str:
    path.write_text(content)
    with pytest.raises(AccountsFileError) as caught:
        read_accounts(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def entry(**fields: str) -> str:
    keys = {"account_id": "a", "currency": "EUR", "entity": "Q", "gl_account": '"1"', **fields}
    return "accounts:\n  - {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.yaml"


def test_a_good_file_is_read_exactly(path: Path) -> None:
    path.write_text(GOOD)
    first, second = read_accounts(path)
    assert first.minimum_balance == Decimal("-1234567890123456.78")
    assert first.tolerance == Decimal("0.05")
    assert (first.gl_account, first.cut_off, first.time_zone) == ("0110100", time(17, 30), "Europe/Berlin")
    assert (first.minor_units, second.minor_units) == (2, 3)
    assert (second.name, second.entity, second.active) == ("second", "QB02", False)
    assert second.gl_account == "0110200", "an unquoted number keeps its leading zero"


def test_a_csv_says_the_same(tmp_path: Path, path: Path) -> None:
    path.write_text(GOOD)
    table = tmp_path / "accounts.csv"
    table.write_text(
        "\ufeffaccount_id,name,currency,entity,gl_account,minimum_balance,tolerance,cut_off,time_zone,active\r\n"
        "a1b2c3d4-e5f6-7890-1234-567890abcde,Operating account,EUR,QB01,0110100,-1234567890123456.78,0.05,17:30,"
        "Europe/Berlin,true\r\n"
        "second,,BHD,QB02,0110200,,0.00,,Europe/Berlin,false\r\n\r\n"
    )
    assert read_accounts(table) == read_accounts(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it lists no account"),
        ("accounts: []\n", "it lists no account"),
        ("accounts:\n  - {account_id: 'a'\n", "it is not YAML"),
        ("- a\n", "must be a mapping"),
        ("acounts: []\n", "line 1: unknown key 'acounts'"),
        ("defaults: {account_id: x}\naccounts: []\n", "defaults can't give 'account_id'"),
        ("accounts: 7\n", "accounts must be a list"),
        ("accounts:\n  - just text\n", "entry 1 must be a mapping"),
        (entry(active="false"), "none of its accounts is active"),
        (entry(colour="red"), "account a: unknown key 'colour'"),
        (entry(currency="EURO"), "currency is 'EURO': write the ISO 4217 code"),
        (entry(currency="XAU"), "currency is 'XAU'"),
        (entry(tolerance="0.05"), "tolerance is the float 0.05: it is text, write it in quotes"),
        (entry(minimum_balance="1e3"), "minimum_balance is '1e3': write a plain decimal"),
        (entry(minimum_balance="NaN"), "minimum_balance is 'NaN'"),
        (entry(tolerance='"-1"'), "not below zero"),
        (entry(gl_account="110.100"), "gl_account is the float 110.100"),
        (entry(account_id="../admin"), "account_id is '../admin': write 1 to 64"),
        (entry(account_id="x" * 65), "write 1 to 64"),
        (entry(account_id='"é"'), "write 1 to 64"),
        (entry(account_id='""'), "account_id is missing"),
        (entry(time_zone="Mars/Base"), "time_zone is 'Mars/Base'"),
        (entry(time_zone="Factory"), "time_zone is 'Factory'"),
        *(
            (entry(time_zone=zone), f"time_zone is '{zone}': write the IANA time zone of a place")
            for zone in ("CET", "EET", "MET", "WET")
        ),
        (entry(time_zone="localtime"), "time_zone is 'localtime'"),
        (entry(cut_off='"25:00"'), "cut_off is '25:00'"),
        (
            entry(cut_off='"00:00"'),
            "cut_off is '00:00': write a time such as '17:30', in quotes, or leave the key out",
        ),
        (entry(cut_off="17:30:15"), "write a time such as '17:30', in quotes"),
        *(
            (entry(**{key: "''"}), f"{key} is empty: write a value, or leave the key out")
            for key in ("time_zone", "closing_grace_minutes", "max_age_minutes", "tolerance", "active")
        ),
        (entry(max_age_minutes="0"), "write a whole number of minutes above 0"),
        *(
            (entry(closing_grace_minutes=wrong), "write a whole number of minutes from 0 to 120")
            for wrong in ("-1", "121", "1.5", "05")
        ),
        (
            entry(gl_account="110\n  200"),
            "line 2, account a: gl_account must be a single value, not a text over several",
        ),
        (
            entry(gl_account='"110\u2028200"'),
            "gl_account must be a single value, not a text over several lines",
        ),
        (
            entry(gl_account='"110\u0085200"'),
            "gl_account must be a single value, not a text over several lines",
        ),
        (entry(gl_account='"110\\n200"'), "gl_account is '110\\n200': it holds a line break"),
        (entry(gl_account='"110\\u200b200"'), "U+200B (ZERO WIDTH SPACE): delete it"),
        (entry(gl_account='" 110200"'), "gl_account is ' 110200': it holds a space around it"),
        (entry(entity="Q\u00a01"), "entity is 'Q\\xa01': it holds a character that can't be seen, U+00A0"),
        (entry(name="x" * 141), "name is 'xxx"),
        (entry(name="x" * 141), "…': write at most 140 characters"),
        (entry(minimum_balance='"-3.000"'), "it has 3 decimals, EUR 2, so it may mean -3 or -3000"),
        (
            entry(tolerance='"1.234"', currency="JPY"),
            "it has 3 decimals, JPY 0, so it may mean 1.234 or 1234",
        ),
        (entry(currency="XXX"), "currency is 'XXX': write the ISO 4217 code of a currency with minor units"),
        (entry() + "---\n" + entry(), "line 3: a second document begins"),
        (entry(name='"a\\0b"'), "name is 'a\\x00b': it holds a character that can't be seen, U+0000"),
        (entry(name="[1]"), "must be a single value"),
        (entry(active="maybe"), "write true or false"),
        (entry().replace("entity: Q", "entity: Q, entity: R"), "gives 'entity' twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(path: Path, content: str, said: str) -> None:
    message = refusal(path, content)
    assert said in message
    assert "line " in message


def test_every_problem_is_named_at_once(path: Path) -> None:
    message = refusal(
        path,
        "accounts:\n  - {account_id: a, currency: XXZ}\n  - {account_id: b/, currency: EUR}\n"
        '  - {account_id: a, currency: EUR, entity: Q, gl_account: "1"}\n',
    )
    for said in (
        "has 7 problem(s)",
        "line 2, account a: currency is 'XXZ'",
        "line 2, account a: entity is missing",
        "line 2, account a: gl_account is missing",
        "line 3, account b/: account_id is 'b/'",
        "line 4: account_id 'a' duplicates line 2",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("account_id,colour\na,red\n", "line 1: unknown column 'colour'"),
        ("account_id,account_id\na,a\n", "line 1: column 'account_id' is there twice"),
        ("account_id,currency,entity,gl_account\na,EUR,Q\n", "line 2: it has 3 fields, the header 4"),
        ('account_id,currency,entity,gl_account\n"a,EUR,Q,1\n', "line 2"),
        ("account_id,currency,entity,gl_account\n", "it lists no account"),
        (
            "account_id,currency,entity,gl_account\na,EUR,Q,1\na,EUR,Q,1\n",
            "line 3: account_id 'a' duplicates line 2",
        ),
    ],
)
def test_a_csv_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    assert said in refusal(tmp_path / "accounts.csv", content)


COLUMNS = "account_id,currency,entity,gl_account,name"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('a,EUR,Q,"110\n200",n', "line 2, account a: gl_account is '110\\n200': it holds a line break"),
        ('a,EUR,Q,"110\r200",n', "gl_account is '110\\n200': it holds a line break"),
        ('a,EUR,Q,1,"n\r\n"', "name is 'n\\n': it holds a line break"),
        ("a,EUR,Q,110\u2028200,n", "line 2, account a: gl_account is '110\\u2028200': it holds a line break"),
        ("a,EUR,Q,110\x0c200,n", "gl_account is '110\\x0c200': it holds a line break"),
        ("a,EUR,Q,110\x1e200,n", "it holds a line break"),
        ("a,EUR,Q,110\x85200,n", "it holds a line break"),
        ("a,EUR,Q,110200\u200b,n", "U+200B (ZERO WIDTH SPACE): delete it"),
        (
            "a,EUR,Q,\u00a0110200,n",
            "gl_account is '\\xa0110200': it holds a character that can't be seen, U+00A0",
        ),
        ("a,EUR,Q,110200\u3000,n", "U+3000 (IDEOGRAPHIC SPACE)"),
        ("a,EUR,Q,110\ufeff200,n", "U+FEFF (ZERO WIDTH NO-BREAK SPACE)"),
        ("a,EUR,Q,110\u00ad200,n", "U+00AD (SOFT HYPHEN)"),
        ("a,EUR,Q,\u202e002011,n", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        (
            "a,EUR,Q,110\u3164200,n",
            "gl_account is '110\\u3164200': it holds a character that can't be seen, U+3164",
        ),
        ("a,EUR,Q,1,\u2800", "U+2800 (BRAILLE PATTERN BLANK)"),
        ("a,EUR,Q,1.1E+05,n", "line 2, account a: gl_account is '1.1E+05': a spreadsheet changed it"),
        ('a,EUR,Q,"1,10101E+11",n', "gl_account is '1,10101E+11': a spreadsheet changed it"),
        ("1E+34,EUR,Q,1,n", "account_id is '1E+34': a spreadsheet changed it"),
        ('a,EUR,Q,="110200",n', "gl_account is '=\"110200\"': a spreadsheet changed it"),
        ('a,EUR,"=""090""",1,n', "entity is '=\"090\"': a spreadsheet changed it"),
        ("a,EUR,Q,#REF!,n", "gl_account is '#REF!': a spreadsheet changed it"),
        ("a,EUR,Q,########,n", "format the cell as text, and type it again"),
        ("a,EUR,Q,110\t200,n", "U+0009 (a control character)"),
        (f"a,EUR,{'Q' * 141},1,n", "write at most 140 characters"),
        ("a,EUR,Q,1,n,x", "line 2: it has 6 fields, the header 5"),
        ('a,EUR,Q,"1"1,n', "line 2: ',' expected after '\"': look at the quotes"),
    ],
)
def test_a_cell_is_taken_as_it_is_or_refused_by_its_line_never_glued(
    tmp_path: Path, cells: str, said: str
) -> None:
    message = refusal(tmp_path / "accounts.csv", f"{COLUMNS}\n{cells}\n")
    assert said in message
    assert "line 2" in message


def test_a_line_is_counted_on_after_a_cell_with_a_line_break(tmp_path: Path) -> None:
    message = refusal(tmp_path / "accounts.csv", f'{COLUMNS}\n\na,EUR,Q,"1\n2\n3",n\nb,EUR,Q,x\n')
    assert "line 3, account a: gl_account is '1\\n2\\n3'" in message
    assert "line 6: it has 4 fields" in message


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "sep=;\n" + text.replace(",", ";"),
        lambda text: "sep=,\n" + text,
        lambda text: "\ufeffsep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n"),
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text + ",,,,\n\n , ,,,\n",
        lambda text: text.replace("account_id", "account_id ").replace(",Q", " , Q"),
        lambda text: text.replace("account_id,currency", '"account_id","currency"'),
        lambda text: "\n" + text,
        lambda text: text.removesuffix("\n"),
    ],
    ids=["bom", "semicolons", "crlf", "cr", "sep=;", "sep=,", "as Excel writes it", "empty columns", "empty rows",
         "spaces", "quotes", "an empty first line", "no last newline"],
)  # fmt: skip
def test_what_spreadsheets_write_differently_is_read_as_meant(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(change(f"{COLUMNS}\na,EUR,Q,110200,Zoë\nb,JPY,Q,090,\n").encode())
    found = [(account.account_id, account.gl_account, account.name) for account in read_accounts(path)]
    assert found == [("a", "110200", "Zoë"), ("b", "090", "b")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"{COLUMNS}\na,EUR,Q,1,n\nb,EUR,Q,2,Zoë\n".encode("cp1252"), 3),
        (f"{COLUMNS}\na,EUR,Q,1,€\n".encode("cp1252"), 2),
        (f"{COLUMNS}\na,EUR,Q,1,n\n".encode("utf-16"), 1),
        (f"{COLUMNS}\na,EUR,Q,1,n\n".encode("utf-16-be"), 1),
    ],
    ids=["Windows-1252", "the euro of Windows-1252", "UTF-16", "UTF-16 without a mark"],
)
def test_another_encoding_is_refused_by_its_line_with_what_to_do(
    tmp_path: Path, content: bytes, line: int
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(content)
    with pytest.raises(AccountsFileError, match=f"line {line} is not UTF-8 text.*CSV UTF-8"):
        read_accounts(path)


def test_another_separator_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "'\\t' separates its cells: save it with , or ;" in refusal(tmp_path / "a.csv", "sep=\t\na\tb\n")


def test_a_file_that_is_no_accounts_file_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    for name in ("secret.csv", "secret.yaml"):
        message = refusal(tmp_path / name, "root:$6$hash:19000:0:99999\nbin:*:19000\n")
        assert "hash" not in message


def test_defaults_may_come_after_the_accounts(path: Path) -> None:
    path.write_text('accounts:\n  - {account_id: a, currency: EUR, gl_account: "1"}\ndefaults: {entity: Q}\n')
    assert read_accounts(path)[0].entity == "Q"


def test_a_file_that_is_not_there_or_not_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AccountsFileError, match=r"nowhere\.yaml can't be read: No such file"):
        read_accounts(tmp_path / "nowhere.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"accounts: \xe9")
    with pytest.raises(AccountsFileError, match="not UTF-8"):
        read_accounts(latin)
    with pytest.raises(AccountsFileError, match=r"must end in \.yaml or \.csv"):
        read_accounts(_touch(tmp_path / "accounts.txt"))


def test_the_fingerprint_knows_the_set_of_active_accounts_and_nothing_else(path: Path) -> None:
    path.write_text(GOOD)
    accounts = read_accounts(path)
    assert fingerprint(accounts) == fingerprint(accounts[:1]) != fingerprint(accounts[1:])


def _touch(path: Path) -> Path:
    path.touch()
    return path


def test_a_csv_is_read_as_its_accounts_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    rows = "".join(f"account-{n:06},EUR\n" for n in range(20_000)).encode()
    path.write_bytes(b"account_id,currency\n" + rows + b"caf\xe9,EUR\n")
    _, entries = read_entries(path, {"account_id", "currency"}, Problems())
    coming = iter(entries)
    line, first = next(coming)
    assert (line, first["account_id"].text) == (2, "account-000000"), "before the bad line is reached"
    with pytest.raises(UnreadableFileError, match="line 20002"):
        list(coming)
