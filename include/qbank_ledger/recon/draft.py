"""A profile proposed for a file that nobody has seen yet, as YAML to look over: why stands beside each guess.

Nothing reads a file by it until a person has put it into the file of GL sources.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import BAR, Record, csv_records
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import TextFile, UnreadableFileError
from qbank_ledger.files.workbook import Number, is_workbook, workbook_records
from qbank_ledger.recon.books_file import LIMITS, require_balances
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_marks import ASKS, DraftMarks, marks_of

_LOOKED_AT = 5_000  # rows
_SAMPLE = 256 * 1024  # bytes
_DELIMITERS = ",;\t|"
# In the order in which they are tried; what a name says in the languages of those who export.
_ROLES = {
    role: tuple(words.split(", "))
    for role, words in {
        "account": "gl_account, account code, account number, account no, accountnumber, gl account, "
        "glaccount, g/l acct, g/l acc, main account, mainaccount, konto, kontonummer, "
        "racct, hkont, code, number, account, compte, cuenta, conto, rekening, "
        "concatenated_segments",
        "closing_debit": "closing (dr), balanceatdatedebit, debit - year to date, closing debit, saldo soll",
        "closing_credit": "closing (cr), balanceatdatecredit, credit - year to date, closing credit, "
        "saldo haben",
        "balance": "ending balance, closing balance, cumulative balance, cum. balance, endingbalance, saldo, "
        "balance, closing, solde, eindsaldo",
        "debit": "debit, soll, debe, dare, débit, dr",
        "credit": "credit, haben, haber, avere, crédit, cr",
        "side": "s/h, d/c, dr/cr, debit/credit, soll/haben, shkzg, soll/haben-kennzeichen",
        "entity": "company code, companycode, company, entity, bukrs, legal entity, ledger_name, mandant",
        "currency": "currency, currency code, currency_code, companycodecurrency, crcy, curr, währung, "
        "devise",
        "date": "as of, as_of_date, date, balance date, datefilter, posting date, datum, period_name",
    }.items()
}
_TOTAL = re.compile(r"^\W*(grand total|total|totals|summe|gesamt|totaal|totale)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"^\W*(\S*[0-9]\S*) - ")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_CLOSING = re.compile(r"\b(as of|as at|end of|ended|to|stand|stichtag|per)\b", re.IGNORECASE)
_DATES = (
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d"),
    (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    (rf"[0-9]{{1,2}} (?:{_MONTHS})[a-z]{{2,}} [0-9]{{4}}", "%d %B %Y"),
    (rf"[0-9]{{1,2}} (?:{_MONTHS}) [0-9]{{4}}", "%d %b %Y"),
    (rf"(?:{_MONTHS})[a-z]{{2,}} [0-9]{{1,2}}, [0-9]{{4}}", "%B %d, %Y"),
    (rf"(?:{_MONTHS}) [0-9]{{4}}", "%b %Y"),
    (rf"(?:{_MONTHS})[a-z]{{2,}} [0-9]{{4}}", "%B %Y"),
    (r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", ASKS),
)


@dataclass(frozen=True)
class _File:
    """What was seen of a file: how it is packed, with why; what stands above the header, it, and below it."""

    packed: list[tuple[str, str, str]]  # key, value in YAML, why
    above: list[Record]
    header: Record
    below: list[Record]


def draft(path: AnySource) -> str:
    """A profile for the file, in YAML. Raises GLFileError where it can't be read, or has no header."""
    try:
        seen = _seen(path)
    except UnreadableFileError as error:
        raise GLFileError(f"The file {path} can't be read: {error}.") from None
    if seen is None:
        raise GLFileError(
            f"No profile can be proposed for {path}: no row of it has names above rows with numbers."
        )
    return "\n".join(_written(path, seen)) + "\n"


# ── what the file is ─────────────────────────────────────────────────────────────────────────────────


def _seen(path: AnySource) -> _File | None:
    with TextFile(path, LIMITS) as file:
        require_balances(file)
        if is_workbook(file):
            records = list(islice(workbook_records(file, None), _LOOKED_AT))
            packed = [("format", "xlsx", "it is a workbook")]
            return _split(packed, records)
        sample = file.begins_with(_SAMPLE)
    encoding, why = _encoding(sample)
    packed = [("format", "csv", "it is text"), ("encoding", encoding, why)]
    with TextFile(path, LIMITS, encoding) as file:
        lines = list(islice(file.lines(), _LOOKED_AT))
    delimiter, why = _delimiter(lines)
    packed.append(("delimiter", json.dumps(delimiter), why))
    with TextFile(path, LIMITS, encoding) as file:
        records = list(islice(csv_records(file, delimiter, lambda _: False, Problems()), _LOOKED_AT))
    return _split(packed, records)


def _encoding(sample: bytes) -> tuple[str, str]:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "it begins with UTF-16's mark"
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError as error:
        word = sample[max(0, error.start - 12) : error.start + 12].decode("cp1252", "replace")
        return "windows-1252", f"it is no UTF-8: does {shown(word)} look right? Else name another"
    return "utf-8", "all of it is UTF-8" if not sample.isascii() else "it has plain letters alone"


def _delimiter(lines: Sequence[str]) -> tuple[str, str]:
    """The one that cuts most lines into as many cells as most others."""
    if sum(line.lstrip().startswith(BAR) for line in lines) > 1:
        return BAR, "its rows stand between bars"
    best = (0, 0, ",")
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if len(cells) > 1)
        except csv.Error:
            continue
        if widths:
            width, times = widths.most_common(1)[0]
            best = max(best, (times, width, delimiter))
    return best[2], f"{best[0]} of {len(lines)} lines have {best[1]} cells by it"


def _split(packed: list[tuple[str, str, str]], records: list[Record]) -> _File | None:
    """At the header: the row with most of the names that are known and numbers below it."""
    best: tuple[int, int, int] | None = None
    for place, record in enumerate(records[:300]):
        names = [_folded(cell) for cell in record.cells if trimmed(cell)]
        if len(names) < 2 or any(_is_number(cell) for cell in record.cells):
            continue
        if not any(_is_number(cell) for later in records[place + 1 : place + 30] for cell in later.cells):
            continue
        known = len({role for name in names for role, words in _ROLES.items() if _says(name, words)})
        if best is None or (known, len(names)) > best[:2]:
            best = (known, len(names), -place)
    if best is None:
        return None
    place = -best[2]
    return _File(packed, records[:place], records[place], records[place + 1 :])


def _is_number(cell: str) -> bool:
    return isinstance(cell, Number) or marks_of([cell]).is_number == 1


def _folded(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _says(name: str, words: tuple[str, ...]) -> bool:
    return any(name == word or (len(word) > 4 and name.startswith(word)) for word in words)


# ── what its columns are ─────────────────────────────────────────────────────────────────────────────


def _roles(header: Record) -> dict[str, list[int]]:
    """For each role the columns whose names say it, the best first."""
    names = [_folded(cell) for cell in header.cells]
    found = {}
    for role, words in _ROLES.items():
        ranked = [place for word in words for place, name in enumerate(names) if name == word]
        ranked += [place for place, name in enumerate(names) if _says(name, words)]
        if ranked:
            found[role] = list(dict.fromkeys(ranked))
    return found


def _column(header: Record, place: int) -> str:
    """A column as a profile names it, in YAML: by position where its name is empty or there twice."""
    names = [" ".join(cell.split()) for cell in header.cells]
    name = names[place]
    return json.dumps(name if name and names.count(name) == 1 else f"#{place + 1}", ensure_ascii=False)


def _written(path: AnySource, seen: _File) -> Iterator[str]:
    header, roles = seen.header, _roles(seen.header)
    yield f"# A proposal for {shown(str(path))}, to look over: why stands behind each #, ? is yours to say."
    yield "# Put it into the file that QBANK_GL_SOURCES_FILE names, and see what it makes of the file:"
    yield "#   make gl-preview FILE=… PROFILE=our-books"
    yield f"# Its header: line {header.line}, {shown(header.text)}"
    yield "profiles:"
    yield "  our-books:"
    for key, value, why in seen.packed:
        yield f"    {key}: {value}  # {why}"
    account = roles.get("account", [0])[0]
    amounts = list(_balance(header, roles, account))
    rows = [record for record in seen.below if account < len(record.cells) or amounts]
    yield from _account(header, roles, rows, account)
    for key in ("entity", "currency"):
        yield from _from_column(header, roles, key)
    yield from _date(seen, roles)
    yield from (line for line, _ in amounts if line)
    places = [place for _, place in amounts if place is not None]
    cells = [record.cells[place] for record in rows for place in places if place < len(record.cells)]
    yield from _numbers(marks_of(cell for cell in cells if not isinstance(cell, Number)), cells)
    if len(places) == 1 and not all(map(trimmed, cells)):
        yield '      # zero: [""]  # some have none: where that means 0'
    yield from _skips(seen, rows, account)
    if len(places) > 1:
        yield "    # proofs: {debits_equal_credits: true, total_row: …}  # where the file has all accounts"


def _account(header: Record, roles: dict[str, list[int]], rows: list[Record], account: int) -> Iterator[str]:
    cells = [trimmed(record.cells[account]) for record in rows if account < len(record.cells)]
    cells = [cell for cell in cells if cell and not _TOTAL.search(cell)]
    says, why = f"column: {_column(header, account)}", "its name says so"
    if "account" not in roles:
        why = "no name says which it is: the first column"
    elif others := [_column(header, place) for place in roles["account"][1:]]:
        why = f"its name says so; so do {', '.join(others)}"
    numbered = sum(bool(_NUMBERED.search(cell)) for cell in cells)
    if cells and numbered * 2 > len(cells):
        pattern = json.dumps(_NUMBERED.pattern)
        says, why = f"{says}, pattern: {pattern}", f"{numbered} of {len(cells)} are such as {shown(cells[0])}"
    if cells and all(cell.startswith("0") for cell in cells):
        why += "; all begin with 0: say strip_zeros: true where your accounts have none"
    if cells and not any(char.isdigit() for cell in cells for char in cell):
        why += "; accounts by name: say names: {the name: the account}"
    yield f"    account: {{{says}}}  # {why}"


def _from_column(header: Record, roles: dict[str, list[int]], key: str) -> Iterator[str]:
    if key in roles:
        yield f"    {key}: {{column: {_column(header, roles[key][0])}}}  # its name says so"
    else:
        yield f"    {key}: given  # no column says it: by the run, or write it here"


def _date(seen: _File, roles: dict[str, list[int]]) -> Iterator[str]:
    titles = [
        (record, found, form)
        for record in seen.above
        for pattern, form in _DATES
        for found in list(re.finditer(rf"(?<![0-9])({pattern})(?![0-9])", record.text))[-1:]
    ]
    if titles:
        # A closing rather than the day of the print-out.
        record, found, form = next((one for one in titles if _CLOSING.search(one[0].text)), titles[0])
        words = re.sub(r"^.*[0-9]", "", record.text[: found.start()])  # what stands right before it
        begins = "^" if len(words) == found.start() else ""
        before = begins + re.escape(words).replace("\\ ", " ")
        pattern = next(
            pattern for pattern, other in _DATES if other == form and re.fullmatch(pattern, found[1])
        )
        title = json.dumps(f"{before}({pattern})", ensure_ascii=False)
        why = f"line {record.line} says {shown(record.text)}"
        others = {str(other.line) for other, _, _ in titles if other is not record}
        why += f"; there are dates in line {', '.join(sorted(others))}, too" if others else ""
        why += ": write %d/%m/%Y or %m/%d/%Y" if form == ASKS else ""
        yield f"    date: {{title: {title}, format: {json.dumps(form)}}}  # {why}"
    elif "date" in roles:
        place = roles["date"][0]
        cells = [trimmed(record.cells[place]) for record in seen.below if place < len(record.cells)]
        cell = next(filter(None, cells), "")
        pattern, form = next(
            ((one, form) for one, form in _DATES if re.search(f"({one})$", cell)), ("", ASKS)
        )
        within = (
            f", pattern: {json.dumps(f'({pattern})$')}" if pattern and not re.fullmatch(pattern, cell) else ""
        )
        yield (
            f"    date: {{column: {_column(seen.header, place)}{within}, format: {json.dumps(form)}}}"
            f"  # its name says so, such as {shown(cell)}"
        )
    else:
        yield "    date: given  # no line or column says it: by the run"


def _balance(header: Record, roles: dict[str, list[int]], account: int) -> Iterator[tuple[str, int | None]]:
    """The lines that say where the balance is, with the places of their amounts."""

    def named(role: str) -> str:
        return _column(header, roles[role][0])

    for debit, credit_ in (("closing_debit", "closing_credit"), ("debit", "credit")):
        if debit == "debit" and "balance" in roles:
            break
        if debit in roles and credit_ in roles:
            yield (
                f"    balance: {{debit: {named(debit)}, credit: {named(credit_)}}}  # their names say so",
                roles[debit][0],
            )
            yield "", roles[credit_][0]
            return
    if "balance" in roles and "side" in roles:
        yield (
            f"    balance: {{amount: {named('balance')}, side: {named('side')}, "
            "debit: [S, D], credit: [H, C]}"
            "  # their names say so: write the values that the side has",
            roles["balance"][0],
        )
    elif "balance" in roles:
        others = ", ".join(_column(header, place) for place in roles["balance"][1:])
        why = f"its name says so{f'; so do {others}' if others else ''}; debit must be positive"
        yield f"    balance: {{column: {named('balance')}}}  # {why}", roles["balance"][0]
    else:
        yield f'    balance: {{column: "{ASKS}"}}  # no name says which it is: write the column', None


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
    if marks.others:
        yield f"      # {marks.others} cell(s) in these columns are no numbers: rows to skip?"


def _skips(seen: _File, rows: list[Record], account: int) -> Iterator[str]:
    found = []
    if seen.header.text.startswith(BAR):
        matches = json.dumps(r"^[^|]|^\|[\s|-]*$|^\|\s*\*")
        found.append(f"      - {{matches: {matches}}}  # rules, page headings, subtotals marked *")
    for record in rows:
        for place, cell in enumerate(record.cells[: account + 2]):
            if word := _TOTAL.search(trimmed(cell)):
                matches = json.dumps(f"^\\W*{word[1]}", ensure_ascii=False)
                why = f"line {record.line} says {shown(record.text)}"
                found.append(
                    f"      - {{column: {_column(seen.header, place)}, matches: {matches}}}  # {why}"
                )
                break
        else:
            continue
        break
    if found:
        yield "    skip:"
        yield from found
