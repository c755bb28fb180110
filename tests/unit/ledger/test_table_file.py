"""Tables as they are written: separators, line ends, and the line that a record begins on."""

import hashlib
from pathlib import Path

import pytest

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.table_file import read_table
from qbank_ledger.files.text_file import TextFile


def records(path: Path, content: str) -> tuple[list[tuple[int, list[str]]], str]:
    """The records of a table, the header first, and what is wrong with it."""
    path.write_bytes(content.encode())
    problems = Problems()
    with TextFile(path) as file:
        found = list(read_table(file, problems))
        assert file.sha256 == hashlib.sha256(content.encode()).hexdigest()
    return found, problems.listed(9)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('"a,b";c\n1;"2;3"\n', [(1, ["a,b", "c"]), (2, ["1", "2;3"])]),
        ('a,"b;c;d"\n1,2\n', [(1, ["a", "b;c;d"]), (2, ["1", "2"])]),
        ("a\n1\n", [(1, ["a"]), (2, ["1"])]),
        ("SEP=;;\n\na;b\n\n1;2\n", [(3, ["a", "b"]), (5, ["1", "2"])]),
        ('"sep=;"\na;b\n', [(2, ["a", "b"])]),
        ('a,b\n"1\n2",3\n4,"5""6"\n', [(1, ["a", "b"]), (2, ["1\n2", "3"]), (4, ["4", '5"6'])]),
        ('"a\nb",c\n1,2\n', [(1, ["a\nb", "c"]), (3, ["1", "2"])]),
        ("", []),
        ("\n \n,,\n", []),
    ],
)
def test_a_table_is_read_as_it_is_written(tmp_path: Path, content: str, found: object) -> None:
    assert records(tmp_path / "t.csv", content) == (found, "")


def test_what_no_record_can_be_made_of_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    found, wrong = records(tmp_path / "t.csv", 'a,b\n1\n"2"x,3\n4,5,6\n7,8,,\n')
    assert found == [(1, ["a", "b"]), (5, ["7", "8"])]
    assert wrong == (
        "\n  line 2: it has 1 fields, the header 2\n  line 3: ',' expected after '\"': look at the quotes"
        "\n  line 4: it has 3 fields, the header 2"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_whole_wherever_a_block_of_the_file_ends(tmp_path: Path, end: str) -> None:
    for before in range(65_525, 65_540):
        lines = [
            "a,b",
            *["x" * 997 + ",1"] * 65,
            "y" * (before - 65 * (999 + len(end)) - 3 - len(end)) + ",2",
            "z,3",
        ]
        found, wrong = records(tmp_path / "t.csv", end.join(lines))
        assert [(line, ",".join(cells)) for line, cells in found] == list(enumerate(lines, start=1))
        assert wrong == ""
