"""How a page finds accounts by what somebody typed, and groups rows for their totals."""

from collections.abc import Iterable
from typing import Any


def is_named(row: Any, typed: str) -> bool:
    """Whether what was typed is a part of the account's name, id or GL account, in any case."""
    sought = typed.strip().casefold()
    return not sought or any(sought in text.casefold() for text in (row.name, row.account_id, row.gl_account))


def by_entity_and_currency(rows: Iterable[Any]) -> list[tuple[str, str, list[Any]]]:
    """The rows of each entity and currency, in the order of these."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.entity, row.currency), []).append(row)
    return [(*key, group) for key, group in sorted(groups.items())]
