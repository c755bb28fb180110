"""What a visitor may do, as the ledger's register has it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from qbank_page.frame.host import Visitor
from qbank_page.frame.sql import execute


@dataclass(frozen=True, slots=True)
class Rights:
    """What the ledger's register lets a visitor do, each with the entities; None among them: all."""

    entities: dict[str, frozenset[str | None]]

    def may(self, action: str, entity: str | None = None) -> bool:
        """Whether it is theirs for the entity; without one: for any."""
        found = self.entities.get(action, frozenset())
        return bool(found) if entity is None else not found.isdisjoint({entity, None})


def rights_of(connection: Connection, visitor: Visitor) -> Rights:
    """The open rows of recon.signatory."""
    rows: dict[str, set[str | None]] = {}
    for row in execute(connection, "rights", identity=visitor.identity):
        rows.setdefault(row.may, set()).add(row.entity)
    return Rights({may: frozenset(entities) for may, entities in rows.items()})
