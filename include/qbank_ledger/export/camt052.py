"""Balances as ISO 20022 camt.052: a report for each account, booked and available.

Nothing gets into the XML unescaped. The limits are those of the message's schema.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

from qbank_ledger.export.balance import Balance, NotExportableError, is_iban, utc
from qbank_ledger.money import plain

# What names a bank by its BIC, by version.
BIC_ELEMENT = {"001.02": "BIC", "001.08": "BICFI"}
VERSIONS = tuple(BIC_ELEMENT)

_INTERIM = {"ledger": "ITBD", "available": "ITAV"}
_CLOSING = {"ledger": "CLBD", "available": "CLAV"}

_DIGITS, _DECIMALS = 18, 5
_OTHER_ID, _MEMBER_ID, _NAME = 34, 35, 70
_TEXT = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")  # XML has no other characters
# The schema's, and narrower than ISO 9362: a BIC with digits in front is another bank id to it.
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")


class Camt052:
    """A group header, then a Rpt for each account: ITBD and ITAV, or CLBD and CLAV of a closing."""

    def __init__(self, made_at: datetime, version: str = VERSIONS[0]) -> None:
        self._version = version
        self._made_at = _moment(made_at)
        self._message_id = f"QBANK-{re.sub('[^0-9]', '', utc(made_at))}"
        self._reports = 0

    def head(self) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.{self._version}">\n'
            "<BkToCstmrAcctRpt>\n"
            f"<GrpHdr><MsgId>{self._message_id}</MsgId><CreDtTm>{self._made_at}</CreDtTm></GrpHdr>\n"
        )

    def account(self, balance: Balance) -> str:
        parts = (
            _account(balance, BIC_ELEMENT[self._version]),
            _balance("ledger", balance.ledger_balance, balance),
            _balance("available", balance.available_balance, balance),
        )
        self._reports += 1
        report_id = f"{self._message_id}-{self._reports}"
        head = f"<Rpt>\n<Id>{report_id}</Id><CreDtTm>{self._made_at}</CreDtTm>\n"
        return f"{head}{''.join(parts)}</Rpt>\n"

    def foot(self) -> str:
        return "</BkToCstmrAcctRpt>\n</Document>\n"


def _moment(at: datetime) -> str:
    """In UTC and to the second, as every reader of these files takes it: ``2026-10-31T16:05:09+00:00``."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _account(balance: Balance, bic_element: str) -> str:
    # The name is there for people: one that does not fit is left out, not the balance.
    name = f"<Nm>{escape(balance.name)}</Nm>" if _fits(balance.name, _NAME) else ""
    servicer = ""
    if balance.bank_id:
        servicer = f"<Svcr><FinInstnId>{_bank(balance.bank_id, bic_element)}</FinInstnId></Svcr>"
    return f"<Acct><Id>{_number(balance)}</Id><Ccy>{balance.currency}</Ccy>{name}{servicer}</Acct>\n"


def _number(balance: Balance) -> str:
    if is_iban(balance.number):
        return f"<IBAN>{balance.number}</IBAN>"
    which = "bank_account" if balance.bank_account else "account_id, as it has no bank_account,"
    _require(which, balance.number, _OTHER_ID)
    return f"<Othr><Id>{escape(balance.number)}</Id></Othr>"


def _bank(bank_id: str, bic_element: str) -> str:
    if _BIC.fullmatch(bank_id):
        return f"<{bic_element}>{bank_id}</{bic_element}>"
    _require("bank_id", bank_id, _MEMBER_ID)
    return f"<ClrSysMmbId><MmbId>{escape(bank_id)}</MmbId></ClrSysMmbId>"


def _balance(what: str, amount: Decimal, balance: Balance) -> str:
    text = _unsigned(what, amount, balance.minor_units)
    if balance.closing_of:
        code, when = _CLOSING[what], f"<Dt>{balance.closing_of}</Dt>"
    else:
        code, when = _INTERIM[what], f"<DtTm>{_moment(balance.observed_at)}</DtTm>"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{balance.currency}">{text}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount < 0 else 'CRDT'}</CdtDbtInd>"
        f"<Dt>{when}</Dt></Bal>\n"
    )


def _unsigned(what: str, amount: Decimal, minor_units: int) -> str:
    """The amount without its sign, with the currency's decimals where there is room for them."""
    shortest = plain(amount, 0).lstrip("-")
    digits, decimals = len(shortest.replace(".", "")), len(shortest.partition(".")[2])
    if decimals > _DECIMALS:
        raise NotExportableError(f"its {what} balance has {decimals} decimals, camt.052 takes {_DECIMALS}")
    if digits > _DIGITS:
        raise NotExportableError(f"its {what} balance has {digits} digits, camt.052 takes {_DIGITS}")
    usual = plain(amount, minor_units).lstrip("-")
    return usual if len(usual.replace(".", "")) <= _DIGITS else shortest


def _fits(text: str, characters: int) -> bool:
    return len(text) <= characters and _TEXT.fullmatch(text) is not None


def _require(which: str, text: str, characters: int) -> None:
    if len(text) > characters:
        raise NotExportableError(f"its {which} has {len(text)} characters, camt.052 takes {characters}")
    if not _fits(text, characters):
        raise NotExportableError(f"its {which} has a character that XML does not take")
