"""The files read back by what others wrote: pyiso20022, bai2, pycamt, the csv module."""

import csv
import importlib
import io
import re
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from functools import partial
from typing import Any

from bai2 import bai2
from bai2.models import Bai2File
from lxml import etree
from pycamt import parser as pycamt
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

from qbank_ledger.export.bai2 import Bai2
from qbank_ledger.export.camt052 import Camt052
from qbank_ledger.export.csv_table import CsvTable


@dataclass(frozen=True)
class Read:
    """What a file says of an account."""

    ledger_balance: Decimal
    available_balance: Decimal
    currency: str
    on: date
    closing: bool


def read_csv(text: str) -> dict[str, dict[str, str]]:
    """The lines by account id."""
    return {line["account_id"]: line for line in csv.DictReader(io.StringIO(text, newline=""), strict=True)}


def from_csv(text: str) -> dict[str, Read]:
    return {
        id_: Read(
            Decimal(line["ledger_balance"]), Decimal(line["available_balance"]), line["currency"],
            date.fromisoformat(line["closing_of"] or line["observed_at"][:10]), bool(line["closing_of"]),
        )
        for id_, line in read_csv(text).items()
    }  # fmt: skip


def read_bai2(text: str) -> Bai2File:
    """The file; its control totals, counts of records, accounts and groups are checked by the parser."""
    return bai2.parse_from_string(text, check_integrity=True)


def from_bai2(text: str, minor_units: dict[str, int]) -> dict[str, Read]:
    found = {}
    for group in read_bai2(text).children:
        for account in group.children:
            assert account.header.currency == group.header.currency
            amounts = {item.type_code.code: item.amount for item in account.header.summary_items}
            closing = list(amounts) == ["015", "045"]
            assert closing or list(amounts) == ["030", "060"]
            assert group.header.as_of_date_modifier.value in (("2", "4") if closing else ("1", "3"))
            # A Decimal of its own text: dividing would round.
            ledger, available = (
                Decimal(f"{amount}E-{minor_units[group.header.currency]}") for amount in amounts.values()
            )
            found[account.header.customer_account_number] = Read(
                ledger, available, group.header.currency, group.header.as_of_date, closing
            )
    return found


def read_camt(text: str) -> Any:
    """pyiso20022's Document, with nothing unknown in it, in the schema's order and within its limits."""
    namespace = _root(text).nsmap[None]
    version = "_".join(re.findall(r"\d+", namespace.rpartition("camt")[2]))
    model = importlib.import_module(f"pyiso20022.camt.camt_{version}.camt_{version}").Document
    document = XmlParser(ParserConfig(fail_on_converter_warnings=True)).from_string(text, model)
    # xsdata reads elements in any order, and writes them in the schema's.
    assert _tags(XmlSerializer().render(document)) == _tags(text)
    validation = importlib.import_module("pyiso20022.tools.validation")
    assert str(validation.ISO20022Validator().validate_message(document, strict=False)) == "Validation passed"
    return document


def _tags(text: str) -> list[str]:
    return [str(element.tag) for element in _root(text).iter()]


def _root(text: str) -> Any:
    return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))


def from_camt(text: str) -> dict[str, Read]:
    found = {}
    for report in read_camt(text).bk_to_cstmr_acct_rpt.rpt:
        ledger, available = report.bal
        closing = [_code(ledger), _code(available)] == ["CLBD", "CLAV"]
        assert closing or [_code(ledger), _code(available)] == ["ITBD", "ITAV"]
        assert ledger.dt == available.dt
        when = ledger.dt
        on = when.dt.to_date() if closing else when.dt_tm.to_datetime().astimezone(UTC).date()
        number = report.acct.id.iban or report.acct.id.othr.id
        assert report.acct.ccy == ledger.amt.ccy == available.amt.ccy
        found[number] = Read(_signed(ledger), _signed(available), report.acct.ccy, on, closing)
    return found


def read_pycamt(text: str) -> list[dict[str, Any]]:
    """What pycamt sees of the reports: not their amounts, which go through float."""
    return pycamt.Camt053Parser(text.encode()).get_statement_info()


def _code(balance: Any) -> str:
    return str(getattr(balance.tp.cd_or_prtry.cd, "value", balance.tp.cd_or_prtry.cd))


def _signed(balance: Any) -> Decimal:
    return balance.amt.value.copy_negate() if balance.cdt_dbt_ind.value == "DBIT" else balance.amt.value


# What the tests' currencies have, and each format with what reads it back.
MINOR_UNITS = {"EUR": 2, "JPY": 0, "BHD": 3, "USD": 2, "CLF": 4}
READERS: dict[str, tuple[Any, Any]] = {
    "csv": (CsvTable, from_csv),
    "bai2": (Bai2, partial(from_bai2, minor_units=MINOR_UNITS)),
    "camt.052.001.02": (Camt052, from_camt),
    "camt.052.001.08": (partial(Camt052, version="001.08"), from_camt),
}
