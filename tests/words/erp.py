"""Files as ERPs write them, made up with each layout's traps, and reading them without a ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import xlsxwriter

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.source import AnySource, TextSource
from qbank_ledger.recon.books_file import open_books
from qbank_ledger.recon.outcome import Row, Skipped
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.profile_file import read_gl_sources
from qbank_ledger.recon.reading import Reading

DATA = Path(__file__).parents[1] / "unit" / "recon" / "data"
OCTOBER = "2025-10-31"


@dataclass(frozen=True)
class Sample:
    """A sample of a built-in profile: what the run gives, and the rows that it holds, by line."""

    profile: str
    file: str
    given: Given
    rows: tuple[tuple[int, str, str, str, str], ...]  # line, entity, GL account, currency, balance
    skipped: int
    on: str = OCTOBER

    def path(self, folder: Path) -> Path:
        """The file, of this folder where it is made."""
        if not self.file.endswith(".xlsx"):
            return DATA / self.file
        path = folder / self.file
        make_odoo(path)
        return path


def make_odoo(path: Path) -> None:
    """Odoo's trial balance: filters above it, floats with noise, an account of digits, a second block of columns."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Trial Balance")
        sheet.write_row(0, 0, ["Trial Balance - QB Europe - EUR"])
        sheet.write_row(2, 0, ["Date range filter", "Target moves filter", "Account at 0 filter"])
        sheet.write_row(3, 0, ["From: 2025-10-01 To: 2025-10-31", "All Posted Entries", "Hide"])
        columns = ["Initial balance", "Debit", "Credit", "Period balance", "Ending balance"]
        sheet.write_row(5, 0, ["Code", "Account", *columns, "Initial balance", "Period balance"])
        rows = [
            ("101401", "Bank", 1000.0, 0.1 + 0.2, 0.0, 0.1 + 0.2, 1000.0 + 0.1 + 0.2),
            (101402, "Bank, second", 0.0, 28956708.96999998, 0.0, 28956708.96999998, 28956708.96999998),
            ("211000", "Payables", -1000.0, 0.0, 28956709.27, -28956709.27, -28957709.27),
            ("999999", "Undistributed", 0.0, 0.0, 0.0, 0.0, -1.1102230246251565e-16),
        ]
        for number, row in enumerate(rows, 6):
            sheet.write_row(number, 0, row)


SAMPLES = (
    Sample(
        "plain", "plain.csv", Given(),
        ((2, "QB01", "0012", "EUR", "-1234.50"), (3, "QB01", "0013", "JPY", "1234"), (4, "QB02", "0012", "BHD", "1.234")),
        0,
    ),
    Sample(
        "netsuite-trial-balance", "netsuite-trial-balance.csv", Given(entity="US01", currency="USD"),
        (
            (8, "US01", "10000", "USD", "0"),
            (9, "US01", "10010", "USD", "165289.63"),
            (13, "US01", "11000", "USD", "8400.10"),
            (14, "US01", "11010", "USD", "1000.27"),
            (16, "US01", "20000", "USD", "-74690.00"),
            (17, "US01", "30000", "USD", "-100000.00"),
        ),
        5,
    ),
    Sample(
        "xero-trial-balance", "xero-trial-balance.csv", Given(entity="GB01", currency="GBP"),
        (
            (6, "GB01", "090", "GBP", "28793.18"),
            (7, "GB01", "Savings Account", "GBP", "-1500.00"),
            (8, "GB01", "120", "GBP", "1206.82"),
            (9, "GB01", "800", "GBP", "-8500.00"),
            (10, "GB01", "970", "GBP", "-20000.00"),
        ),
        1,
    ),
    Sample(
        "erpnext-trial-balance", "erpnext-trial-balance.csv", Given(OCTOBER, "IN01", "EUR"),
        (
            (2, "IN01", "1110", "EUR", "100.1"),
            (3, "IN01", "1120", "EUR", "28956708.97"),
            (4, "IN01", "2110", "EUR", "-28956809.07"),
        ),
        1,
    ),
    Sample(
        "odoo-trial-balance", "odoo.xlsx", Given(entity="EU01", currency="EUR"),
        (
            (7, "EU01", "101401", "EUR", "1000.3"),
            (8, "EU01", "101402", "EUR", "28956708.97"),
            (9, "EU01", "211000", "EUR", "-28957709.27"),
            (10, "EU01", "999999", "EUR", "0.00"),
        ),
        0,
    ),
    Sample(
        "business-central-trial-balance", "business-central-trial-balance.csv", Given(entity="DK01", currency="DKK"),
        (
            (4, "DK01", "1110", "DKK", "72893.84"),
            (5, "DK01", "1120", "DKK", "106.16"),
            (7, "DK01", "2100", "DKK", "-73000.00"),
        ),
        4,
    ),
    Sample(
        "sap-list", "sap-list.txt", Given(),
        (
            (7, "1000", "113100", "CHF", "1234.56"),
            (8, "1000", "113101", "CHF", "-987.65"),
            (18, "1000", "113200", "JPY", "1500000"),
            (19, "1000", "210000", "CHF", "-246.91"),
        ),
        10,
    ),
    Sample(
        "sap-trial-balance", "sap-trial-balance.csv", Given(OCTOBER),
        (
            (2, "1000", "113100", "EUR", "1234567.89"),
            (3, "1000", "113105", "EUR", "-250.00"),
            (5, "1000", "210000", "EUR", "-1234317.89"),
            (6, "2000", "113100", "JPY", "5000123"),
        ),
        1,
    ),
    Sample(
        "oracle-gl-balances", "oracle-gl-balances.csv", Given(),
        (
            (2, "US Primary", "01-000-1110-0000", "USD", "-49.25"),
            (4, "US Primary", "01-000-1110-0000", "EUR", "10.75"),
            (5, "US Primary", "01-000-2210-0000", "USD", "49.25"),
        ),
        1,
    ),
    Sample(
        "quickbooks-trial-balance", "quickbooks-trial-balance.csv", Given(entity="US02", currency="USD"),
        (
            (6, "US02", "Checking", "USD", "8152.20"),
            (7, "US02", "Savings", "USD", "-1050.00"),
            (8, "US02", "Accounts Receivable (A/R)", "USD", "1897.80"),
            (9, "US02", "Opening Balance Equity", "USD", "-9000.00"),
        ),
        2,
    ),
    Sample(
        "datev-susa", "datev-susa.csv", Given(OCTOBER, "DE01", "EUR"),
        (
            (3, "DE01", "1200", "EUR", "3345.67"),
            (4, "DE01", "1210", "EUR", "-1250.25"),
            (5, "DE01", "1360", "EUR", "0"),
            (6, "DE01", "1600", "EUR", "-2095.42"),
        ),
        1,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class ItemSample:
    """A sample of a list of outstanding items: its profile, built in or as written here, and its items, by line."""

    profile: str
    file: str
    given: Given
    # line, entity, GL account, currency, item date, cleared date, side, kind, reference, amount
    rows: tuple[tuple[int, str, str, str, str, str | None, str, str, str, str], ...]
    skipped: int
    text: str | None = None

    def made(self) -> Profile:
        """The profile."""
        return profiles(f"{self.profile}: {self.text}")[self.profile] if self.text else built_in(self.profile)


ITEM_SAMPLES = (
    ItemSample(
        "plain-items", "plain-items.csv", Given(),
        (
            (2, "QB01", "0012", "EUR", "2025-10-30", None, "bank", "cheque", "4711", "-1234.50"),
            (3, "QB01", "0012", "EUR", "2025-10-30", "2025-11-03", "bank", "deposit", "", "20.00"),
            (4, "QB01", "0012", "EUR", "2025-10-31", None, "book", "bank charge", "F7", "-12.30"),
        ),
        0,
    ),
    ItemSample(
        "sap-open-items", "sap-open-items.txt", Given(),
        (
            (9, "1000", "113101", "CHF", "2025-10-28", None, "bank", "ZP", "2000000123", "-1250.00"),
            (10, "1000", "113101", "CHF", "2025-10-30", None, "bank", "ZP", "2000000124", "-80.05"),
            (11, "1000", "113101", "CHF", "2025-10-31", None, "bank", "DZ", "1400000017", "2000.00"),
            (23, "1000", "113101", "CHF", "2025-10-31", None, "bank", "ZP", "2000000125", "-1000000.01"),
        ),
        11,
    ),
    ItemSample(
        "bsis", "bsis.csv", Given(),
        (
            (2, "1000", "113100", "EUR", "2025-10-28", None, "bank", "payment", "2000000123", "-1250.00"),
            (3, "1000", "113100", "EUR", "2025-10-30", None, "bank", "payment", "2000000124", "-100.00"),
            (5, "1000", "113100", "EUR", "2025-10-31", "2025-11-03", "bank", "deposit", "1400000017", "2000.00"),
            (6, "1000", "113100", "EUR", "2025-10-31", None, "bank", "deposit", "1400000018", "-500.00"),
        ),
        0,
        """
  kind: items
  delimiter: ";"
  entity: {column: BUKRS}
  account: {column: HKONT, strip_zeros: true, names: {"113101": "113100"}}
  currency: {column: WAERS}
  date: {column: BUDAT, format: "%Y%m%d"}
  cleared_date: {column: AUGDT, format: "%Y%m%d", empty: ["00000000"]}
  side: {column: BLART, values: {bank: [ZP, DZ], book: [SB]}}
  item_kind: {column: BLART, names: {ZP: payment, DZ: deposit}}
  amount: {amount: DMBTR, side: SHKZG, debit: [S], credit: [H]}
  reference: {column: BELNR}
  numbers: {negative: [trailing]}
  duplicates: sum
""",
    ),
    ItemSample(
        "our-cheques", "outstanding-cheques.csv", Given(entity="US01"),
        (
            (6, "US01", "10010", "USD", "2025-10-02", None, "bank", "cheque", "-1250.00 #1", "-1250.00"),
            (7, "US01", "10010", "USD", "2025-10-02", None, "bank", "cheque", "-1250.00 #2", "-1250.00"),
            (8, "US01", "10010", "USD", "2025-10-02", None, "bank", "cheque", "-80.05 #1", "-80.05"),
            (9, "US01", "10010", "USD", "2025-10-30", None, "bank", "cheque", "-0.95 #1", "-0.95"),
        ),
        1,
        """
  kind: items
  account: "10010"
  currency: USD
  date: {column: Issued, format: "%m/%d/%Y"}
  side: bank
  item_kind: cheque
  amount: {column: Amount, negate: true}
  reference: numbered
  numbers: {grouping: [","], symbols: ["$"]}
  proofs: {total_row: "^Total$"}
""",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class RateSample:
    """A sample of a list of exchange rates, and the rates that it holds, by line."""

    profile: str
    file: str
    rows: tuple[tuple[int, str, str, str, str], ...]  # line, from, to, date, rate
    skipped: int


def of_euro(line: int, on: str, said: str) -> tuple[tuple[int, str, str, str, str], ...]:
    """The rates of one line of a wide table: currencies, each with its units for one euro behind it."""
    words = said.split()
    return tuple(
        (line, "EUR", *pair) for pair in zip(words[::2], [on] * len(words), words[1::2], strict=False)
    )


ON_THE_31ST = (
    "USD 1.1554 JPY 177.84 CZK 24.343 DKK 7.4672 GBP 0.87943 HUF 387.95 PLN 4.2545 RON 5.0853 SEK 10.9205 CHF 0.9285"
    " ISK 144.8 NOK 11.6645 TRY 48.5541 AUD 1.7655 BRL 6.2187 CAD 1.6154 CNY 8.2208 HKD 8.977 IDR 19218.4 ILS 3.7541"
    " INR 102.5545 KRW 1648.3 MXN 21.4332 MYR 4.8386 NZD 2.0185 PHP 67.93 SGD 1.5031 THB 37.365 ZAR 20.0165"
)
RATE_SAMPLES = (
    RateSample(
        "plain-rates", "plain-rates.csv",
        (
            (2, "EUR", "USD", "2025-10-31", "1.1554"),
            (3, "JPY", "EUR", "2025-10-31", "0.0056230321091877178413"),
            (4, "GBP", "EUR", "2025-10-30", "1.1360"),
        ),
        0,
    ),
    RateSample(
        "ecb-rates", "ecb-rates.csv",
        (
            (2, "EUR", "JPY", "2025-10-30", "178.26"),
            (3, "EUR", "JPY", "2025-10-31", "177.84"),
            (4, "EUR", "USD", "2025-10-31", "1.1554"),
        ),
        2,
    ),
    RateSample("ecb-eurofxref", "ecb-eurofxref.csv", of_euro(2, "2025-10-31", ON_THE_31ST), 0),
    RateSample(
        "ecb-eurofxref-hist", "ecb-eurofxref-hist.csv",
        (
            *of_euro(2, "2025-10-31", ON_THE_31ST),
            *of_euro(3, "2025-10-30", ON_THE_31ST.replace("177.84", "178.26").replace("ISK 144.8 ", "")),
            *of_euro(4, "1999-01-04", "USD 1.1789 JPY 133.73 GBP 0.7111 CHF 1.6168"),
        ),
        62,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    """What became of a file: its rows by line, what was skipped, what is wrong with it."""

    rows: list[Row]
    skipped: list[Skipped]
    problems: str
    reading: Reading

    @property
    def balances(self) -> dict[str, Decimal]:
        """Balances by GL account."""
        return {row.key[1]: row.amount for row in self.rows}


def read(path: AnySource, profile: Profile, given: Given = Given()) -> Read:  # noqa: B008 - frozen
    """Read a file as its profile says. Raises what Reading does."""
    problems = Problems()
    with open_books(path, profile) as file:
        reading = Reading(file, profile, given, problems)
        outcomes = list(reading.outcomes())
    rows = sorted((one for one in outcomes if isinstance(one, Row)), key=lambda row: row.line)
    skipped = [one for one in outcomes if isinstance(one, Skipped)]
    return Read(rows, skipped, problems.listed(50), reading)


def profiles(text: str) -> Mapping[str, Profile]:
    """The profiles of a file of GL sources with this text below ``profiles:``, and the built-in ones."""
    indented = "".join(f"  {line}\n" for line in text.splitlines())
    return read_gl_sources(TextSource("gl_sources.yaml", f"profiles:\n{indented}", ".yaml")).profiles


def built_in(name: str) -> Profile:
    """A built-in profile."""
    return read_gl_sources(None).profile(name)
