"""The files read back by what others wrote: pyiso20022, bai2, pycamt, the csv module."""

import csv
import importlib
import io
import sys
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from bai2 import bai2
from bai2.models import Bai2File
from lxml import etree
from pycamt import parser as pycamt


@dataclass(frozen=True)
class Read:
    """What a file says of an account."""

    ledger_balance: Decimal
    available_balance: Decimal
    currency: str
    on: date


def read_csv(text: str) -> dict[str, dict[str, str]]:
    """The lines by account id."""
    return {line["account_id"]: line for line in csv.DictReader(io.StringIO(text, newline=""), strict=True)}


def from_csv(text: str) -> dict[str, Read]:
    return {
        id_: Read(
            Decimal(line["ledger_balance"]), Decimal(line["available_balance"]), line["currency"],
            datetime.fromisoformat(line["observed_at"]).astimezone(UTC).date(),
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
            assert list(amounts) == ["030", "060"]
            # A Decimal of its own text: dividing would round.
            ledger, available = (
                Decimal(f"{amount}E-{minor_units[group.header.currency]}") for amount in amounts.values()
            )
            found[account.header.customer_account_number] = Read(
                ledger, available, group.header.currency, group.header.as_of_date
            )
    return found


def read_camt(text: str) -> Any:
    """pyiso20022's Document, with nothing unknown in it, in the schema's order and within its limits."""
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    version = etree.QName(root).namespace.rpartition(":")[2].replace(".", "_")
    document = _bind(root, _module(version).Document)
    validation = importlib.import_module("pyiso20022.tools.validation")
    assert str(validation.ISO20022Validator().validate_message(document, strict=False)) == "Validation passed"
    return document


def from_camt(text: str) -> dict[str, Read]:
    found = {}
    for report in read_camt(text).bk_to_cstmr_acct_rpt.rpt:
        ledger, available = report.bal
        assert [_code(ledger), _code(available)] == ["ITBD", "ITAV"]
        assert ledger.dt == available.dt
        at = datetime.fromisoformat(ledger.dt.dt_tm).astimezone(UTC)
        number = report.acct.id.iban or report.acct.id.othr.id
        assert report.acct.ccy == ledger.amt.ccy == available.amt.ccy
        found[number] = Read(_signed(ledger), _signed(available), report.acct.ccy, at.date())
    return found


def read_pycamt(text: str) -> list[dict[str, Any]]:
    """What pycamt sees of the reports: not their amounts, which go through float."""
    return pycamt.Camt053Parser(text.encode()).get_statement_info()


def _code(balance: Any) -> str:
    return str(getattr(balance.tp.cd_or_prtry.cd, "value", balance.tp.cd_or_prtry.cd))


def _signed(balance: Any) -> Decimal:
    return balance.amt.value.copy_negate() if balance.cdt_dbt_ind.value == "DBIT" else balance.amt.value


def _module(version: str) -> Any:
    """pyiso20022's classes; they name the types of dates and times of a library that is not needed here."""
    if "xsdata" not in sys.modules:
        datatype = types.ModuleType("xsdata.models.datatype")
        datatype.__dict__.update(dict.fromkeys(("XmlDate", "XmlDateTime", "XmlPeriod", "XmlTime"), str))
        sys.modules |= {
            "xsdata": types.ModuleType("xsdata"), "xsdata.models": types.ModuleType("xsdata.models"),
            "xsdata.models.datatype": datatype,
        }  # fmt: skip
    return importlib.import_module(f"pyiso20022.camt.{version}.{version}")


def _bind(element: Any, model: type[Any]) -> Any:
    """The element as an instance of the class; anything that the class does not have is an error."""
    hints = typing.get_type_hints(model, vars(sys.modules[model.__module__]))
    given: dict[str, Any] = {}
    children = list(element)
    for field in fields(model):
        kind, many = _kind(hints[field.name])
        namespace = field.metadata.get("namespace", etree.QName(element).namespace)
        name = field.metadata.get("name")
        if field.metadata.get("type") == "Attribute":
            if name in element.attrib:
                given[field.name] = element.attrib[name]
        elif name is None:
            given[field.name] = kind(element.text)
        else:
            tag, values = f"{{{namespace}}}{name}", []
            while children and children[0].tag == tag and (many or not values):
                values.append(_value(children.pop(0), kind))
            if values:
                given[field.name] = values if many else values[0]
    assert not children, f"{children[0].tag} is not expected in {element.tag}"
    assert set(element.attrib) <= {field.metadata.get("name") for field in fields(model)}
    return model(**given)


def _value(element: Any, kind: type[Any]) -> Any:
    if is_dataclass(kind):
        return _bind(element, kind)
    assert not len(element), element.tag
    return kind(element.text) if issubclass(kind, Enum | Decimal) else str(element.text or "")


def _kind(hint: Any) -> tuple[type[Any], bool]:
    """The class that a hint names, whether there may be many: ``None | X``, ``list[X]``."""
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0], True
    return next(iter({*typing.get_args(hint)} - {type(None)}), hint), False
