"""Signing reconciliations off, one or many, and noting who is to look into a break."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from fastapi import HTTPException

from qbank_ledger.db.connection import translated_errors
from qbank_ledger.errors import RefusedError
from qbank_page.frame.action import Action
from qbank_page.frame.rights import Rights
from qbank_page.reconciliation.sql import execute

Verb = Literal["prepare", "approve", "reject"]
# The right that each needs, as recon.signatory has it.
NEEDS: Mapping[Verb, str] = {"prepare": "prepare", "approve": "approve", "reject": "approve"}
# What comes next in a state; in any other it is prepared.
_NEXT: Mapping[str, tuple[Verb, ...]] = {"prepared": ("approve", "reject"), "approved": ()}


@dataclass(frozen=True, slots=True)
class Seen:
    """The version of an account's reconciliation that a visitor saw; ``str()`` is what a form carries."""

    account_id: str
    version: int

    @classmethod
    def parse(cls, text: str) -> "Seen":
        """What a form of ours carried. Raises HTTPException for anything else."""
        version, _, account_id = text.partition(" ")
        if not (version.isascii() and version.isdigit() and len(version) <= 9 and account_id.isprintable()):
            raise HTTPException(422, "The request is not valid: look at chosen.")
        return cls(account_id, int(version))

    def __str__(self) -> str:
        return f"{self.version} {self.account_id}"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of them: the state that it has now, or the ledger's sentence against it."""

    account_id: str
    said: str
    is_done: bool


def verbs_of(rights: Rights, found: Iterable[tuple[str, str]]) -> list[Verb]:
    """What a visitor may do to one at least of the reconciliations of these entities, in these states."""
    each = set(found)
    return [
        verb
        for verb, right in NEEDS.items()
        if any(verb in _NEXT.get(state, ("prepare",)) and rights.may(right, entity) for entity, state in each)
    ]


def sign(action: Action, verb: Verb, on: date, comment: str, chosen: Sequence[Seen]) -> list[Done]:
    """Sign each of them off, whatever becomes of the others. Raises LedgerError where none could be."""
    done = []
    with action.transaction() as connection:
        for seen in dict.fromkeys(chosen):
            try:
                with translated_errors(connection), connection.begin_nested():
                    state = execute(
                        connection,
                        verb,
                        account_id=seen.account_id,
                        as_of_date=on,
                        comment=comment,
                        version=seen.version,
                    ).scalar_one()
            except RefusedError as refused:
                done.append(Done(seen.account_id, str(refused), is_done=False))
            else:
                done.append(
                    Done(seen.account_id, f"{state} as of {on}, version {seen.version}.", is_done=True)
                )
    return done


def note(action: Action, account_id: str, opened_on: date, assignee: str | None, text: str) -> None:
    """Keep who is to look into an account's open item, what is known of it, or both.

    ``opened_on``: the day of the item that the visitor saw; of another nothing is kept. An empty ``assignee``
    is nobody any more; None is whoever was. Raises LedgerError, and HTTPException where it is another item.
    """
    with action.transaction() as connection:
        noted = execute(
            connection,
            "note_break",
            account_id=account_id,
            assignee=assignee,
            note=text,
        ).one()
        if noted.opened_on != opened_on:  # asked of what was written, so that nothing comes in between
            raise HTTPException(
                409,
                f"The note for account {account_id} was not saved: you saw the item open since {opened_on}, "
                f"but the one open now dates from {noted.opened_on}. Look at that one, then save your note."
                + (f" You wrote: {text}" if text else ""),
            )
