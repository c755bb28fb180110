"""A profile proposed for a file that nobody has seen yet, as YAML to look over: why stands beside each guess.

Nothing reads a file by it until a person has put it into the file of GL sources.
"""

import json
import re
from collections.abc import Iterator

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.cell import shown
from qbank_ledger.files.records import Record
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.files.workbook import Number
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_balance import balance_of
from qbank_ledger.recon.draft_date import date_of
from qbank_ledger.recon.draft_file import Seen, column_name, roles_of, seen
from qbank_ledger.recon.draft_marks import DraftMarks, marks_of
from qbank_ledger.recon.draft_skips import is_total, skips_of
from qbank_ledger.recon.profile import ASKS

_EXPONENT = re.compile(r"^[0-9]([.,][0-9]+)?[Ee]\+[0-9]+$")
_CUT = "where a spreadsheet cut its digits, format the column as a number there and save again"
_NUMBERED = re.compile(r"^\W*(\S*[0-9]\S*) - ")


def draft(path: AnySource, sheet: str | None = None) -> str:
    """A profile for the file, or this sheet of a workbook, in YAML.

    Raises GLFileError where it can't be read, or has no header, or several sheets and none is chosen.
    """
    try:
        found = seen(path, sheet)
    except UnreadableFileError as error:
        how = " (here: SHEET=… of make gl-profile, or --sheet)" if "(sheet)" in str(error) else ""
        raise GLFileError(f"The file {path} can't be read: {error}{how}.") from None
    if found is None:
        raise GLFileError(
            f"No profile can be proposed for {path}: no row with column names stands above rows with numbers."
        )
    return "\n".join(_written(path, found)) + "\n"


def _written(path: AnySource, file: Seen) -> Iterator[str]:
    header, roles = file.header, roles_of(file.header)
    yield f"# A proposal for {shown(str(path))}: check it. Each # gives a reason; replace each ?."
    yield "# Add it to the file that QBANK_GL_SOURCES_FILE names, and try it on the file:"
    yield "#   make gl-preview FILE=… PROFILE=our-books"
    yield f"# Its header: line {header.line}, {shown(header.text)}"
    yield "profiles:"
    yield "  our-books:"
    for key, value, why in file.packed:
        yield f"    {key}: {value}  # {why}"
    account = roles.get("account", [0])[0]
    balance = balance_of(file, roles)
    rows = file.below
    yield from _account(header, roles, rows, account)
    for key in ("entity", "currency"):
        yield from _from_column(header, roles, key)
    yield from date_of(file, roles)
    yield f"    balance: {{{balance.says}}}  # {balance.why}"
    places = balance.places
    cells = [record.cells[place] for record in rows for place in places if place < len(record.cells)]
    if places:
        yield from _numbers(marks_of(cell for cell in cells if not isinstance(cell, Number)), cells)
    else:
        yield f'    numbers: {{decimal: "{ASKS}"}}  # the marks of the column that you write above'
    if len(places) == 1 and not all(map(trimmed, cells)):
        yield '      # zero: [""]  # some have none: where that means 0'
    yield from skips_of(file, account)
    if len(places) > 1:
        yield "    # proofs: {debits_equal_credits: true, total_row: …}  # where the file has all accounts"


def _account(header: Record, roles: dict[str, list[int]], rows: list[Record], account: int) -> Iterator[str]:
    cells = [trimmed(record.cells[account]) for record in rows if account < len(record.cells)]
    cells = [cell for cell in cells if cell and not is_total(cell)]
    says, why = f"column: {column_name(header, account)}", "its name says so"
    if "account" not in roles:
        why = "no column name fits: this is the first column"
    elif others := [column_name(header, place) for place in roles["account"][1:]]:
        why = f"its name says so; so {'do' if len(others) > 1 else 'does'} {', '.join(others)}"
    numbered = sum(bool(_NUMBERED.search(cell)) for cell in cells)
    if cells and numbered * 2 > len(cells):
        pattern = json.dumps(_NUMBERED.pattern)
        says, why = f"{says}, pattern: {pattern}", f"{numbered} of {len(cells)} are such as {shown(cells[0])}"
    if cells and all(cell.startswith("0") for cell in cells):
        why += "; all begin with 0: say strip_zeros: true where your accounts have none"
    if cut := next(filter(_EXPONENT.search, cells), None):
        why += f"; {shown(cut)} is no account: {_CUT}"
    if cells and not any(char.isdigit() for cell in cells for char in cell):
        why += "; accounts by name: say names: {the name: the account}"
    yield f"    account: {{{says}}}  # {why}"


def _from_column(header: Record, roles: dict[str, list[int]], key: str) -> Iterator[str]:
    if key in roles:
        yield f"    {key}: {{column: {column_name(header, roles[key][0])}}}  # its name says so"
    else:
        yield f"    {key}: given  # no column says it: by the run, or write it here"


def _numbers(marks: DraftMarks, cells: list[str]) -> Iterator[str]:
    if cells and not marks.is_number and any(isinstance(cell, Number) for cell in cells):
        yield "    # numbers: the cells are numbers, which have no marks"
        return
    yield "    numbers:"
    yield f"      decimal: {json.dumps(marks.decimal)}  # {marks.why}"
    for key in ("grouping", "negative", "symbols", "zero"):
        found: dict[str, str] = getattr(marks, key)
        if found:
            values = json.dumps(list(found), ensure_ascii=False)
            yield f"      {key}: {values}  # {', '.join(map(shown, found.values()))}"
    if marks.exponent:
        why = f"{shown(marks.exponent['true'])}: {_CUT}; true if it has them all"
        yield f'      exponent: "{ASKS}"  # {why}'
    if marks.others:
        such = (
            f"{len(marks.others)} cell(s) in these columns are no numbers, such as {shown(marks.others[0])}"
        )
        yield f"      # {such}: rows to skip?"
