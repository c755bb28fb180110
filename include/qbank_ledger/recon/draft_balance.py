"""Where the balance is: what the columns' names say and their figures do not contradict; else ?."""

from collections import defaultdict
from dataclasses import dataclass

from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_file import Seen, column_name, is_number
from qbank_ledger.recon.draft_marks import ASKS
from qbank_ledger.recon.draft_names import Money, money

_ITS = "its name says so; debit must be positive"
_THEIRS = "their names say so"


@dataclass(frozen=True, slots=True)
class Balance:
    """What the key ``balance`` says, why, and the places of its amounts: none where it asks."""

    says: str
    why: str
    places: tuple[int, ...] = ()


def balance_of(file: Seen, roles: dict[str, list[int]]) -> Balance:
    """The closing, or what no name says is of another time; what is of the opening is never the balance."""
    found: dict[Money, list[int]] = defaultdict(list)
    taken = {place for role in ("account", "entity", "currency") for place in roles.get(role, [])[:1]}
    for place, name in enumerate(file.header.cells):
        said = money(name)
        if said and place not in taken and place not in roles.get("side", []) and _has_numbers(file, place):
            found[said].append(place)
    return _of_time(file, roles, found) or _asked(file, [], "no name says which it is")


def _of_time(file: Seen, roles: dict[str, list[int]], found: dict[Money, list[int]]) -> Balance | None:
    for time in ("closing", "plain"):
        balances = found[Money("balance", time)]
        debits, credits_ = found[Money("debit", time)], found[Money("credit", time)]
        if time == "closing" and len(debits) == len(credits_) == 1:
            return _pair(file, debits[0], credits_[0])
        if len(balances) == 1:
            return _one(file, balances[0], roles)
        if balances:
            return _asked(file, balances)
        if len(debits) == len(credits_) == 1:
            return _pair(file, debits[0], credits_[0])
    amounts = found[Money("amount", "closing")] or found[Money("amount", "plain")]
    return _one(file, amounts[0], roles) if len(amounts) == 1 else _asked(file, amounts) if amounts else None


def _one(file: Seen, place: int, roles: dict[str, list[int]]) -> Balance:
    name = column_name(file.header, place)
    if "side" not in roles:
        return Balance(f"column: {name}", _ITS, (place,))
    side = column_name(file.header, roles["side"][0])
    says = f"amount: {name}, side: {side}, debit: [S, D], credit: [H, C]"
    return Balance(says, f"{_THEIRS}: write the values that the side has", (place,))


def _pair(file: Seen, debit: int, credit_: int) -> Balance:
    says = f"debit: {column_name(file.header, debit)}, credit: {column_name(file.header, credit_)}"
    return Balance(says, _THEIRS, (debit, credit_))


def _asked(file: Seen, places: list[int], why: str = "") -> Balance:
    """What nothing here may choose: the columns that might be it, and why none of them is written."""
    names = ", ".join(column_name(file.header, place) for place in places)
    return Balance(f'column: "{ASKS}"', f"{why or f'each of {names} may be it'}: write the column")


def _has_numbers(file: Seen, place: int) -> bool:
    """Whether what stands below is numbers, if anything: of a page or two, not all of it."""
    cells = [record.cells[place] for record in file.below if place < len(record.cells)]
    cells = [cell for cell in cells if trimmed(cell)]
    return sum(map(is_number, cells)) * 2 >= len(cells)
