"""Which currencies a sign or code beside a number may stand for: a dollar sign is of some thirty."""

from collections.abc import Mapping

from qbank_ledger.money import MINOR_UNITS

_DOLLARS = (
    "ARS AUD BBD BMD BND BRL BSD BZD CAD CLP COP CUP CVE DOP FJD GYD HKD JMD KYD LRD MOP MXN NAD NIO NZD SBD "
    "SGD SRD SVC TOP TTD TWD USD USN UYU WST XCD ZWG"
)
# By hand: no register has them. Where another country's money has the sign, too, it is here.
SIGNS: Mapping[str, frozenset[str]] = {
    sign: frozenset(codes.split())
    for sign, codes in {
        "$": _DOLLARS,
        "\uff04": _DOLLARS,  # the full-width one
        "US$": "USD USN",
        "A$": "AUD",
        "AU$": "AUD",
        "C$": "CAD NIO",
        "CA$": "CAD",
        "HK$": "HKD",
        "MX$": "MXN",
        "NT$": "TWD",
        "NZ$": "NZD",
        "R$": "BRL",
        "S$": "SGD",
        "¥": "CNY JPY",
        "\uffe5": "CNY JPY",  # the full-width one
        "€": "EUR",
        "£": "EGP FKP GBP GIP LBP SDG SHP SSP SYP",
        "₡": "CRC SVC",
        "₦": "NGN",
        "₩": "KPW KRW",
        "₪": "ILS",
        "₫": "VND",
        "₭": "LAK",
        "₮": "MNT",
        "₱": "CUP PHP",
        "₲": "PYG",
        "₴": "UAH",
        "₵": "GHS",
        "₸": "KZT",
        "₹": "INR",
        "₺": "TRY",
        "₼": "AZN",
        "₽": "RUB",
        "₾": "GEL",
        "฿": "THB",
        "៛": "KHR",
    }.items()
}


def currencies_of(symbol: str) -> frozenset[str] | None:
    """The currencies that a sign, or a code in any case, may stand for; None where it is no currency's."""
    code = symbol.upper()
    return frozenset({code}) if code in MINOR_UNITS else SIGNS.get(code)
