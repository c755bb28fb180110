"""The file of GL sources: every problem of every profile is named with file, line, profile and key."""

import re
from pathlib import Path

import pytest

from qbank_ledger.config import gl_sources_place
from qbank_ledger.errors import GLSourcesFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.profile_file import GLSources, read_gl_sources
from tests.words.erp import profiles, read

FINE = "account: {column: A}, balance: {column: B}"


def sources(text: str) -> GLSources:
    return read_gl_sources(TextSource("gl_sources.yaml", text, ".yaml"))


def refusal(text: str) -> str:
    with pytest.raises(GLSourcesFileError) as caught:
        sources(text)
    return str(caught.value)


PROBLEMS = {
    # below `p:`, what is said
    "{acount: {column: A}, balance: {column: B}}": ["profile p: acount is an unknown key (known: absent_means, account,",
                                                    "profile p: account is missing"],
    "{account: {column: A}}": ["profile p: balance is missing"],
    "{account: A, balance: {column: B}}": ["account must be a mapping such as {column: Account}"],
    "{account: {colum: A}, balance: {column: B}}": ["account.colum is an unknown key", "account must say one of where"],
    "{account: {column: A, pattern: '^[0-9]+$'}, balance: {column: B}}": ["account.pattern is '^[0-9]+$', without a group"],
    "{account: {column: A, pattern: '(['}, balance: {column: B}}": ["account.pattern is '([', no regular expression"],
    "{account: {column: A, strip_zeros: 1}, balance: {column: B}}": ["account.strip_zeros is '1': write true or false"],
    "{account: {column: A}, balance: {debit: D}}": ["balance has debit, and must have one of: column; credit, debit;"],
    "{account: {column: A}, balance: [1]}": ["balance must be a mapping of keys to values, not list"],
    "{account: {column: A}, balance: {amount: X, side: S, debit: [S, D], credit: [D]}}": ["takes 'D' for a debit and for a credit"],
    f"{{{FINE}, format: xls}}": ["format is 'xls': write csv or xlsx"],
    f"{{{FINE}, encoding: windows-1}}": ["encoding is 'windows-1': write one such as windows-1252"],
    f"{{{FINE}, encoding: base64}}": ["encoding is 'base64'"],
    f"{{{FINE}, delimiter: ';;'}}": ["delimiter is ';;': write one character"],
    f"{{{FINE}, skip: {{matches: x}}}}": ["skip must be a list, not mapping"],
    f"{{{FINE}, skip: [{{colum: A}}]}}": ["skip.colum is an unknown key", "skip has an entry without matches"],
    f"{{{FINE}, entity: ''}}": ["entity is '': write it, or given"],
    f"{{{FINE}, currency: EURO}}": ["currency is 'EURO': write the ISO 4217 code"],
    f"{{{FINE}, date: 31.10.2025}}": ["date is '31.10.2025': write a date such as 2026-10-31, or given"],
    f"{{{FINE}, date: {{column: D, format: '%d'}}}}": ["date.format is '%d': write its year and month"],
    f"{{{FINE}, date: {{column: D, format: '%Q'}}}}": ["date.format is '%Q'"],
    f"{{{FINE}, date: {{title: '^As of', format: '%Y-%m-%d'}}}}": ["date.title is '^As of', without a group"],
    f"{{{FINE}, entity: {{title: '(x)', column: E}}}}": ["entity must say one of where it is read"],
    f"{{{FINE}, numbers: {{decimal: '?'}}}}": ["numbers.decimal is '?': write . or ,"],
    f"{{{FINE}, numbers: {{decimal: ',', grouping: [',']}}}}": ["numbers.grouping has ',', which is the decimal mark"],
    f"{{{FINE}, numbers: {{grouping: ['..']}}}}": ["numbers.grouping has '..': write one mark"],
    f"{{{FINE}, numbers: {{negative: ['(']}}}}": ["numbers.negative has '(', which is no mark (leading, trailing, parentheses"],
    f"{{{FINE}, numbers: {{noise: ignore}}}}": ["numbers.noise is 'ignore': write refuse or round"],
    f"{{{FINE}, numbers: {{symbol: [$]}}}}": ["numbers.symbol is an unknown key"],
    f"{{{FINE}, scale: {{JPJ: 100}}}}": ["scale has 'JPJ', which is no currency"],
    f"{{{FINE}, scale: {{JPY: 0}}}}": ["scale.JPY is '0': write a number such as 100"],
    f"{{{FINE}, duplicates: add}}": ["duplicates is 'add': write refuse or sum or ignore_empty"],
    f"{{{FINE}, absent_means: nothing}}": ["absent_means is 'nothing': write missing or zero"],
    f"{{{FINE}, proofs: {{rows: many}}}}": ["proofs.rows is 'many': write a whole number of rows"],
    f"{{{FINE}, proofs: {{total: x}}}}": ["proofs.total is an unknown key (known: debits_equal_credits, rows, total_row)"],
    "{account: {column: '#1'}, balance: {column: '#2'}}": ["delimiter is missing, and columns by position alone don't show it"],
    "{like: netsuite}": ["like is 'netsuite': name a profile that there is (plain, business-central-trial-balance,"],
    "{like: p}": ["like goes in a circle: p like p"],
    "[a]": ["profile p: it must be a mapping of keys to values"],
}  # fmt: skip


@pytest.mark.parametrize("profile", PROBLEMS)
def test_what_is_wrong_with_a_profile_is_named_with_file_line_profile_and_key(profile: str) -> None:
    said = refusal(f"profiles:\n  p: {profile}\n")
    assert said.startswith("The file of GL sources gl_sources.yaml has ")
    for what in PROBLEMS[profile]:
        assert re.search(rf"line 2, profile p: .*{re.escape(what.removeprefix('profile p: '))}", said), said


def test_all_problems_of_all_profiles_and_sources_are_said_at_once() -> None:
    said = refusal(
        "profiles:\n  a:\n    like: b\n  b:\n    like: a\n  c:\n    account: {column: A}\n    balance: {column: B}\n    x: 1\n"
        "  plain: {}\n  'd e': {}\nsources:\n  - {name: s, profile: nobody, files: x, sql: y}\n  - {profile: c, file: x}\n  - 7\nother: 1\n"
    )
    assert "has 16 problem(s):" in said
    for what in (
        "line 3, profile a: like goes in a circle: a like b like a",
        "line 5, profile b: like goes in a circle: b like a like b",
        "line 9, profile c: x is an unknown key",
        "line 10, profile plain: it is built in",
        "line 11, profile 'd e': its name must be",
        "line 13, source s: profile is 'nobody', and there is no such profile",
        "line 13, source s: it must have files, or connection and sql",
        "line 14, source 2: file is an unknown key (known: name, profile, files, connection, sql)",
        "line 14, source 2: name must be",
        "line 15, source 3: it must be a mapping",
        "line 16: unknown key 'other' (known: profiles, sources)",
    ):
        assert what in said, said


@pytest.mark.parametrize(
    ("text", "said"),
    [("profiles: {a: &x {}, b: *x}", "anchors and aliases"), ("profiles: [", "it is not YAML"), ("a: 1\n---\nb: 2\n", "unknown key 'a'"),
     ("profiles: {a: {}, a: {}}", "gives 'a' twice"), ("profiles: 7", "profiles must be a mapping"), ("sources: 7", "sources must be a list"),
     ("profiles: {a: " + "[" * 20 + "]" * 20 + "}", "nested more than 10 deep")],
)  # fmt: skip
def test_what_is_no_such_file_is_said(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize("text", ["", "profiles:\n", "profiles: {}\nsources: []\n", "# nothing yet\n"])
def test_a_file_without_profiles_leaves_the_built_in_ones(text: str) -> None:
    assert sources(text).profiles.keys() == read_gl_sources(None).profiles.keys()
    assert sources(text).sources == ()


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        GLSourcesFileError, match=r"can't be read: No such file.*QBANK_GL_SOURCES_FILE says where"
    ):
        read_gl_sources(tmp_path / "gl_sources.yaml")
    assert gl_sources_place({"QBANK_GL_SOURCES_FILE": " x.yaml "}) == "x.yaml"


def test_an_unknown_profile_is_a_sentence_that_names_those_there_are() -> None:
    with pytest.raises(
        GLSourcesFileError, match=r"no profile 'nestuite': name one of plain, .*netsuite-trial-balance"
    ):
        read_gl_sources(None).profile("nestuite")


def test_a_profile_is_like_another_key_by_key_and_takes_keys_back() -> None:
    found = profiles(
        "ours: {like: netsuite-trial-balance, entity: US01, currency: USD, numbers: {symbols: [€]}}\n"
        "theirs: {like: ours, entity: US02, proofs: {total_row: ~}, duplicates: ~}\n"
    )
    ours, theirs, built_in = found["ours"], found["theirs"], found["netsuite-trial-balance"]
    assert (
        ours.places["entity"].constant,
        theirs.places["entity"].constant,
        theirs.places["currency"].constant,
    ) == ("US01", "US02", "USD")
    assert (ours.marks.symbols, ours.marks.grouping) == (("€",), built_in.marks.grouping)
    assert (theirs.proofs.total_row, theirs.proofs.debits_equal_credits, theirs.duplicates) == (
        None,
        True,
        "refuse",
    )
    none = profiles(
        "ours: {like: netsuite-trial-balance, numbers: {grouping: [], symbols: [], negative: []}}"
    )
    marks = none["ours"].marks
    assert (marks.grouping, marks.symbols, marks.negative, marks.read("-1")) == ((), (), (), None)
    assert ours.places["gl_account"] == built_in.places["gl_account"]
    assert len({ours.digest, theirs.digest, built_in.digest}) == 3


def test_of_columns_that_stand_for_one_another_one_is_enough_and_a_lacking_one_names_its_key() -> None:
    profile = profiles(
        "p: {account: {column: [Code, Name]}, balance: {debit: D, credit: C}, skip: [{column: S, matches: x}], entity: E, currency: EUR, date: 2025-10-31}"
    )["p"]
    assert read(TextSource("x.csv", "Name,D,C,S\nCash,1,,\n", ".csv"), profile).problems == ""
    problems = read(TextSource("x.csv", "D,X\n1,\n", ".csv"), profile).problems
    assert (
        "this one, the nearest, lacks 'C' (balance of profile p), 'S' (skip.column of profile p), 'Code' or 'Name' (account.column of profile p)"
        in problems
    )


def test_numbers_and_codes_are_read_as_they_are_written() -> None:
    """YAML would make 0100 the number 64, 1_000 a thousand and NO false."""
    found = profiles(
        "p: {account: {column: 0100}, balance: {column: NO}, entity: 0007, currency: USD, date: 2025-10-31}"
    )["p"]
    assert (found.columns, found.places["entity"].constant, found.places["as_of_date"].constant) == (
        ("0100", "NO"),
        "0007",
        "2025-10-31",
    )


def test_a_source_names_its_files_or_its_query() -> None:
    found = sources(
        "sources:\n  - {name: a, files: 's3://aws@erp/tb/*.csv'}\n  - {name: b, profile: datev-susa, connection: erp, sql: SELECT 1}\n"
    ).sources
    assert [(one.name, one.profile, one.files, one.connection, one.sql) for one in found] == [
        ("a", "plain", "s3://aws@erp/tb/*.csv", None, None), ("b", "datev-susa", None, "erp", "SELECT 1"),
    ]  # fmt: skip


BASE = "account: {column: Account}\nbalance: {column: Balance}\nentity: E\ncurrency: EUR\ndate: 2025-10-31\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: it is empty"),
        ("\n\n", "line 1: it is empty"),
        ("a,b\n1,2\n", "line 1: no row of it has the columns 'Account', 'Balance': is p the profile of such a file?"),
        ("Account,Balance\n", "line 1: it holds no balance"),
        ("x\nAccount,Saldo\n1,2\n", "line 2: no row of it has the columns 'Account', 'Balance': this one, the nearest, lacks 'Balance' (balance of profile p)"),
        ("Account,Balance,Balance\n1,2,3\n", "line 1: the header has 'Balance' 2 times, as \"#2\" and \"#3\": choose by position"),
        ("Account,Balance\n1,2,3\n", "line 2: it has 3 fields, the header 2"),
        ("Account,x,Balance\n1\n", "line 2: it has 1 fields, the header 3"),
        ("Account,Balance\n,2\n", "line 2: Account is missing"),
        ("Account,Balance\n1,\n", "line 2: Balance is missing"),
        ("Account,Balance\n1,2\n01,3\n1,4\n", "line 4: it duplicates line 2: the same entity, gl_account, currency, as_of_date"),
        ("Account,Balance\n1.1E+03,2\n", "line 2: Account is '1.1E+03': a spreadsheet changed it"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_its_profile_says_is_refused_by_line(content: str, said: str) -> None:
    found = read(
        TextSource("x.csv", content, ".csv"),
        profiles("p:\n" + "".join(f"  {line}\n" for line in BASE.splitlines()))["p"],
    )
    assert said in found.problems


def test_a_question_of_the_draft_is_to_be_answered() -> None:
    with pytest.raises(GLSourcesFileError) as caught:
        profiles(
            'ours:\n  account: {column: "?"}\n  balance: {column: "?"}\n  entity: "?"\n  currency: EUR\n'
            '  skip: [{column: "?", matches: x}]\n  date: {column: D, format: "?"}\n  numbers: {decimal: "?"}\n'
        )
    said = str(caught.value)
    for path in ("account.column", "balance.column", "entity", "skip.column"):
        assert f"profile ours: {path} is a question that the draft asks: answer it" in said
    assert "date.format is '?': write its year and month" in said
