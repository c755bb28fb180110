"""Totals in a reporting currency: exact until the end, rounded once, and beside what was converted.

What has no rate is named and makes a total incomplete; it is never left out in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import chain, groupby
from math import prod
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.month_end.table import Amount
from qbank_page.frame.table import Column, Mark, Table, file_name, load_link
from qbank_page.position.sql import execute

_OLD_DAYS = 7
_MOST_SHOWN = 100
_BALANCES = ("ledger_balance", "available_balance")
_USED = (
    Column("currency", "Converts"),
    Column("from_currency", "From"),
    Column("to_currency", "To"),
    Column("as_of_date", "Date"),
    Column("rate", "Rate", number=True),
    Column("use", "Used"),
    Column("age", "Age"),
    Column("file_name", "File"),
    Column("line_no", "Line", number=True),
    Column("load_no", "Load"),
    Column("source", "Source"),
    Column("loaded_by", "Loaded by"),
)


def reporting_currencies(connection: Connection) -> list[str]:
    """The currencies into which something can be converted."""
    found = [row.currency for row in execute(connection, "rate_currencies")]
    return [currency for currency in found if currency in MINOR_UNITS]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Into one currency, by the newest rate of each other, or by two over a third currency.

    ``ways``: by currency, the rates that follow one another. ``totals``: by entity, then currency.
    """

    into: str
    ways: Mapping[str, Sequence[Any]]
    totals: Sequence[Mapping[str, Any]]

    @property
    def lacking(self) -> list[str]:
        """The currencies that have a balance and no rate."""
        return sorted({total["currency"] for total in self.totals if self._has_no_rate(total)})

    @property
    def without_balance(self) -> int:
        """How many accounts have no balance that could be converted."""
        return sum(total["missing"] for total in self.totals)

    @property
    def old(self) -> list[str]:
        """The currencies whose rate is old."""
        return [currency for currency, (rate, *_) in self.ways.items() if rate.age_days > _OLD_DAYS]

    @property
    def crossed(self) -> list[str]:
        """The currencies that are converted over another, and which, such as ``USD over EUR``."""
        return [f"{currency} over {rate.third}" for currency, (rate, *_) in self.ways.items() if rate.third]

    @property
    def dates(self) -> list[str]:
        """The oldest and the newest date of the rates that are used."""
        dates = sorted(rate.as_of_date for rate, *_ in self.ways.values())
        return [date.isoformat() for date in dict.fromkeys([*dates[:1], *dates[-1:]])]

    @property
    def minor_units(self) -> int:
        """The decimals to which a converted figure is rounded."""
        return MINOR_UNITS[self.into]

    def tables(self, base: str) -> list[Table]:
        """The totals with what they are converted, and the rates that were used."""
        return [self._converted(), self._used(base)]

    def _converted(self) -> Table:
        columns = (
            Column("level", "Total of"),
            Column("entity", "Entity"),
            Column("currency", "Currency"),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("rate", "Rate", number=True),
            Column("quoted", "Quoted as"),
            Column("rate_date", "Rate of"),
            Column("reporting_currency", "Converted into"),
            Column("ledger_balance_converted", f"Ledger balance in {self.into}, converted", number=True),
            Column(
                "available_balance_converted", f"Available balance in {self.into}, converted", number=True
            ),
            Column("state", "State"),
            Column("lacks", "Missing"),
        )
        return Table(
            name="converted",
            caption=f"Converted into {self.into}",
            columns=columns,
            rows=[*self._rows()],
            empty="Nothing to convert.",
            shown=_MOST_SHOWN,
            note=f"Each converted amount is exact until it is rounded, once and half to even, to the "
            f"{self.minor_units} decimals of {self.into}: rounded figures may not add up to the last digit.",
        )

    def _rows(self) -> Iterator[dict[str, Any]]:
        """The sum of all first, then each entity's above what it is of."""
        if self.totals:
            yield self._sum("all", "all", self.totals)
        for entity, group in groupby(self.totals, key=itemgetter("entity")):
            of_entity = list(group)
            yield self._sum("entity", entity, of_entity)
            yield from map(self._line, of_entity)

    def _line(self, total: Mapping[str, Any]) -> dict[str, Any]:
        way = self.ways.get(total["currency"], ())
        return {
            "level": "currency",
            "entity": total["entity"],
            "currency": total["currency"],
            **{key: total[key] for key in _BALANCES},
            "rate": Amount(way[0].rate, 0) if len(way) == 1 else None,
            "quoted": _quoted(way),
            "rate_date": way[0].as_of_date if way else None,
            **self._figures([total]),
        }

    def _sum(self, level: str, entity: str, totals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        empty = dict.fromkeys((*_BALANCES, "rate", "quoted", "rate_date"))
        return {"level": level, "entity": entity, "currency": "all", **empty, **self._figures(totals)}

    def _figures(self, totals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        lacks = [total["currency"] for total in totals if self._has_no_rate(total)]
        missing = sum(total["missing"] for total in totals)
        said = [f"a rate for {', '.join(sorted(set(lacks)))}"] if lacks else []
        said += [f"the balance of {missing} account(s)"] if missing else []
        is_old = any(total["currency"] in self.old for total in totals)
        state = (
            Mark("incomplete", "bad")
            if said
            else Mark("old rate", "warn")
            if is_old
            else Mark("complete", "good")
        )
        return {
            "reporting_currency": self.into,
            **{f"{key}_converted": self._together(totals, key) for key in _BALANCES},
            "state": state,
            "lacks": "; ".join(said) or None,
        }

    def _together(self, totals: Sequence[Mapping[str, Any]], key: str) -> Amount | None:
        """What of them can be converted, exact, then rounded; None where nothing can."""
        known = [
            Fraction(total[key].value) * factor
            for total in totals
            if total[key] is not None and (factor := self._factor(total["currency"])) is not None
        ]
        return self._rounded(sum(known, Fraction(0))) if known else None

    def _factor(self, currency: str) -> Fraction | None:
        """Units of the reporting currency for one of this; None: nobody said."""
        if currency == self.into:
            return Fraction(1)
        way = self.ways.get(currency)
        if way is None:
            return None
        return prod(
            (Fraction(rate.rate) ** (-1 if rate.is_inverse else 1) for rate in way), start=Fraction(1)
        )

    def _rounded(self, exact: Fraction) -> Amount:
        # As text: Decimal's arithmetic would round to 28 digits.
        units = round(exact * 10**self.minor_units)  # half to even
        return Amount(Decimal(f"{units}E-{self.minor_units}"), self.minor_units)

    def _has_no_rate(self, total: Mapping[str, Any]) -> bool:
        return total["ledger_balance"] is not None and self._factor(total["currency"]) is None

    def _used(self, base: str) -> Table:
        return Table(
            name="rates",
            caption="Rates used",
            columns=_USED,
            rows=[
                {
                    **rate._mapping,
                    "rate": Amount(rate.rate, 0),
                    "file_name": rate.file_name and file_name(rate.file_name),
                    "use": "divided by" if rate.is_inverse else "multiplied by",
                    "age": Mark(f"{rate.age_days} d", "warn" if rate.age_days > _OLD_DAYS else "plain"),
                    "load_no": load_link(rate.load_no, base),
                }
                for rate in chain.from_iterable(self.ways.values())
            ],
            empty=f"No rate into {self.into} was needed, or none is loaded.",
            note="The newest rate of each pair, quoted in either direction. A pair without one is converted "
            "through a third currency, by two rates of the same date, source and profile. Rates older than "
            f"{_OLD_DAYS} days are marked.",
        )


def conversion(
    connection: Connection, into: str, totals: Sequence[Mapping[str, Any]], currencies: Sequence[str]
) -> Conversion:
    """Of these totals into a currency, by the rates that the ledger has now of these currencies."""
    others = sorted({total["currency"] for total in totals} - {into})
    used = execute(connection, "rates_used", currencies=others, into=into).all()
    lacking = sorted(set(others) - {row.currency for row in used})
    if lacking:
        thirds = [currency for currency in currencies if currency != into]
        used += execute(connection, "rates_crossed", currencies=lacking, thirds=thirds, into=into)
    ways = groupby(sorted(used, key=attrgetter("currency")), key=attrgetter("currency"))
    return Conversion(into, {currency: list(way) for currency, way in ways}, totals)


def _quoted(way: Sequence[Any]) -> str | None:
    """How the rates were given; of two, with what they say."""
    if not way:
        return None
    said = [f"{rate.to_currency} for 1 {rate.from_currency}" for rate in way]
    if len(way) == 1:
        return said[0]
    both = " and ".join(
        f"{Amount(rate.rate, 0).plain()} {text}" for rate, text in zip(way, said, strict=True)
    )
    return f"over {way[0].third}: {both}"
