"""Where the balance is: what the columns' names say and their figures do not contradict; else ?."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qbank_ledger.files.cell import shown
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_figures import adds_up, has_numbers, is_negative, line_of_both
from qbank_ledger.recon.draft_file import Seen, column_name
from qbank_ledger.recon.draft_names import Holds, Money, is_key, money
from qbank_ledger.recon.profile import ASKS

_ITS = "its name says so; debit must be positive"
_THEIRS = "their names say so"
_OPENINGS: Mapping[str, Holds] = {"opening": "balance", "opening_debit": "debit", "opening_credit": "credit"}
_SIDES: tuple[Holds, ...] = ("debit", "credit")


@dataclass(frozen=True, slots=True)
class Balance:
    """What the key ``balance`` says, why, and the places of its amounts: none where it asks."""

    says: str
    why: str
    places: tuple[int, ...] = ()


def balance_of(file: Seen, roles: Mapping[str, list[int]]) -> Balance:
    """The closing, or what no name says is of another time; what is of the opening is never the balance."""
    account = roles.get("account", [0])[0]
    others = {account, *roles.get("side", [])}
    others.update(roles[role][0] for role in ("entity", "currency", "date") if role in roles)
    names = _names(file)
    numbers = [place for place in range(len(names)) if place not in others and has_numbers(file, place)]
    found: dict[Money, list[int]] = defaultdict(list)
    for place in numbers:
        if said := money(names[place]):
            found[said].append(place)

    def closing(holds: Holds) -> list[int]:
        return found[Money(holds, "closing")]

    if len(closing("debit")) == len(closing("credit")) == 1:
        return _of_sides(file, {"debit": closing("debit")[0], "credit": closing("credit")[0]})
    if balances := closing("balance") or closing("debit") + closing("credit"):
        return _of_one(file, balances, roles)
    if balances := found[Money("balance", "plain")]:
        return _of_one(file, balances, roles)
    posted: dict[str, list[int]] = {side: of for side in _SIDES if (of := _posted(found, side))}
    if posted:
        further = [place for place in numbers if not is_key(names[place])]
        return _since_opening(file, found, posted, further, account)
    if amounts := closing("amount") + found[Money("amount", "plain")]:
        opened = [place for (_, time), of in found.items() for place in of if time == "opening"]
        return _of_one(file, sorted(amounts + opened), roles)
    return _asked(file, (), "no name says which it is")


def _names(file: Seen) -> list[str]:
    """The header's names; below headings over blocks of the same names, each with its heading before it."""
    names = [" ".join(cell.split()) for cell in file.header.cells]
    above = file.above[-1].cells if file.above else []
    again = [place for place, name in enumerate(names) if names.count(name) > 1]
    starts = [place for place in again if place < len(above) and trimmed(above[place])]
    ends = [*starts[1:], again[-1] + 1 if again else 0]
    blocks = [names[start:end] for start, end in zip(starts, ends, strict=True)] if starts else []
    if len(blocks) < 2 or starts[0] != again[0] or any(block != blocks[0] for block in blocks):
        return names
    for start, end in zip(starts, ends, strict=True):
        names[start:end] = [f"{trimmed(above[start])} {name}" for name in names[start:end]]
    return names


def _posted(found: Mapping[Money, list[int]], side: Holds) -> list[int]:
    return sorted(found[Money(side, "plain")] + found[Money(side, "movement")])


def _since_opening(
    file: Seen,
    found: Mapping[Money, list[int]],
    posted: Mapping[str, list[int]],
    numbers: list[int],
    account: int,
) -> Balance:
    """Debits and credits: the balance, or what was posted since an opening that another column holds."""
    opening = {key: found[Money(holds, "opening")] for key, holds in _OPENINGS.items()}
    opening = {key: places for key, places in opening.items() if places}
    is_form = tuple(opening) in ((), ("opening",), ("opening_debit", "opening_credit"))
    columns: dict[str, list[int]] = {**opening, **posted}
    every = sorted(place for places in columns.values() for place in places)
    if len(posted) < 2 or not is_form or len(every) > len(columns):
        return _asked(file, every)
    says = {key: places[0] for key, places in columns.items()}
    further = [place for place in numbers if place not in every and not adds_up(file, says, place)]
    if further:
        names = ", ".join(column_name(file.header, place) for place in further)
        why = f"{names} may be it as well as debit and credit, or an opening to which these were posted"
        return _asked(file, every, why)
    if not opening and any(found[Money(side, "movement")] for side in _SIDES):
        return _asked(file, every, "by their names debits and credits are what was posted")
    if not opening and (line := line_of_both(file, says["debit"], says["credit"], account)):
        return _asked(file, every, f"an account has both, as in line {line}: they may be what was posted")
    return _of_sides(file, says)


def _of_one(file: Seen, places: list[int], roles: Mapping[str, list[int]]) -> Balance:
    if len(places) > 1:
        return _asked(file, places)
    name = column_name(file.header, places[0])
    if "side" not in roles:
        return Balance(f"column: {name}", _ITS, (places[0],))
    side = column_name(file.header, roles["side"][0])
    says = f"amount: {name}, side: {side}, debit: [S, D], credit: [H, C]"
    return Balance(says, f"{_THEIRS}: write the values that the side has", (places[0],))


def _of_sides(file: Seen, says: Mapping[str, int]) -> Balance:
    """Columns of debits and of credits, each without its sign."""
    for key, place in says.items():
        if key != "opening" and is_negative(file, place):
            why = f"{column_name(file.header, place)} is mostly negative, and {key} would turn its sign"
            return _asked(file, (), f"{why}: export one signed column")
    named = ", ".join(f"{key}: {column_name(file.header, place)}" for key, place in says.items())
    return Balance(named, _THEIRS, tuple(says.values()))


def _asked(file: Seen, places: Iterable[int], why: str = "") -> Balance:
    """What nothing here may choose: the columns that might be it, and why none of them is written."""
    said = []
    for place in places:
        name, own = column_name(file.header, place), " ".join(file.header.cells[place].split())
        said.append(f"{name} ({own})" if name.startswith('"#') else name)
    why = why or f"each of {', '.join(said)} may be it"
    if file.above and any(" (" in name for name in said):
        why += f", below line {file.above[-1].line}, {shown(file.above[-1].text)}"
    return Balance(f'column: "{ASKS}"', f"{why}: write the column")
