"""A file of the ERP's, opened: text or workbook, as its profile says, and no file of journal entries."""

import re
from collections.abc import Callable, Iterator

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import Record, csv_records
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import SAVE_IT, Limits, TextFile, UnreadableFileError
from qbank_ledger.files.workbook import is_workbook, workbook_records
from qbank_ledger.recon.gl_file import Kind
from qbank_ledger.recon.profile import Profile

LIMITS = Limits(mib=512, lines=3_000_000)
_FIRST_LINE = 4_096  # bytes
# As some ERPs write, under a name that ends with .xls.
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|!doctype|html|head|meta|table|workbook|\w+:workbook)\b", re.I)
_BOM = "\u00ef\u00bb\u00bf"  # UTF-8's, as Latin-1 reads it


def open_books(path: AnySource, profile: Profile) -> TextFile:
    """The file, to be read by the profile. Raises UnreadableFileError."""
    where = "name a profile that says" if profile.exactly else f"let the profile {profile.name} say"
    return TextFile(path, LIMITS, profile.encoding, advice=f"{where} its encoding, or {SAVE_IT}")


def records_of(
    file: TextFile, profile: Profile, has_header: Callable[[list[str]], bool], problems: Problems
) -> tuple[Iterator[Record], bool]:
    """The rows of the file, and whether it is a workbook. Raises UnreadableFileError."""
    require_no_journal(file, profile.kind)
    if is_workbook(file):
        if profile.format == "csv":
            raise UnreadableFileError(f"it is a workbook (XLSX), and {profile.name} reads CSV")
        return workbook_records(file, profile.sheet), True
    if profile.format == "xlsx":
        raise UnreadableFileError(f"it is not a workbook (XLSX), which {profile.name} reads")
    return csv_records(file, profile.delimiter, has_header, problems), False


def require_no_journal(file: TextFile, kind: Kind) -> None:
    """Raise UnreadableFileError where a file's beginning says that it is in DATEV's own format, or a page."""
    if _PAGE.match(file.begins_with(_FIRST_LINE)):
        raise UnreadableFileError(
            "it is a page of HTML or XML, whatever it is called: open it in a spreadsheet and save it as XLSX"
        )
    first, *_ = file.begins_with(_FIRST_LINE).decode("latin-1").splitlines() or [""]
    begun = first.removeprefix(_BOM).replace('"', "").split(";")
    if begun[0] in ("EXTF", "DTVF"):
        is_journal = "Buchungsstapel" in begun
        what = "journal entries (Buchungsstapel)" if is_journal else "data in DATEV's own format"
        instead = {
            "gl": "balances: export the Summen- und Saldenliste",
            "items": "items: export a list of them",
            "rates": "exchange rates: export a list of them",
        }
        raise UnreadableFileError(f"it holds {what}, not {instead[kind]} instead")
