"""What holds for every row of a file: entity, currency, date as its profile, its titles and the run say."""

from collections.abc import Mapping
from datetime import date

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import Record
from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.recon.cells import Wrong, meant, trimmed
from qbank_ledger.recon.profile import PLACE_KEYS, Given, Profile

_MOST_SHOWN = 8
AS_PARAMS = {"entity": "gl_entity", "currency": "gl_currency", "as_of_date": "gl_date"}


class Fixed:
    """What is the same in every row, by its column, as far as the file was read.

    What the run gives must agree with what the file says: ``asked`` has it by column.
    """

    def __init__(self, profile: Profile, given: Given, problems: Problems) -> None:
        """Raises GLFileError where the run gives too little, or what can't be read."""
        self._name, self._places, self._problems = profile.name, profile.places, problems
        self._keys = PLACE_KEYS[profile.kind]
        self.asked: Mapping[str, str] = _checked(profile, given)
        self.said: dict[str, str] = {}
        self._titles: list[str] = []  # the first ones, to show where none matches
        for column, place in self._places.items():
            if place.is_given:
                self.said[column] = self.asked[column]
            elif place.constant is not None:
                self._note(column, place.constant, 1)

    def look(self, record: Record, *, is_header: bool = False) -> None:
        """Take what a row that is no balance says as a title."""
        if not is_header and len(self._titles) < _MOST_SHOWN:
            self._titles.append(shown(record.text))
        for column, place in self._places.items():
            if place.title and (found := place.title.search(record.text)):
                text = trimmed(found[1] or "")
                try:
                    self._note(column, meant(place, column, text), record.line)
                except Wrong as error:
                    self._problems.add(record.line, f"its title says {column} {shown(text)}: {error}")

    def is_whole(self) -> bool:
        """Whether each title that the profile names was there; what was not is a problem."""
        lacking = [
            (f"{self._keys[column]}.title of profile {self._name}", place.title.pattern)
            for column, place in self._places.items()
            if place.title and column not in self.said
        ]
        for key, pattern in lacking:
            there = f": there are {', '.join(self._titles)}" if self._titles else ""
            self._problems.add(1, f"no line above its header matches {pattern} ({key}){there}")
        return not lacking

    def _note(self, column: str, said: str, line: int) -> None:
        asked, before = self.asked.get(column), self.said.get(column)
        if asked is not None and said != asked:
            self._problems.add(
                line, f"it is of {column} {said}, and the run's {AS_PARAMS[column]} is {asked}"
            )
        elif before is not None and before != said:
            self._problems.add(
                line, f"it is of {column} {said}, and the lines above of {before}: split the file"
            )
        self.said.setdefault(column, said)


def _checked(profile: Profile, given: Given) -> dict[str, str]:
    all_ = {"entity": given.entity, "currency": given.currency, "as_of_date": given.date}
    found = {column: text for column, text in all_.items() if text}
    for column, place in profile.places.items():
        if place.is_given and column not in found:
            what = column.removeprefix("as_of_")
            raise GLFileError(
                f"The profile {profile.name} takes the {what} from the run: give {AS_PARAMS[column]} "
                f"({what.upper()}=… of make gl-preview), or say it in the profile."
            )
    if "currency" in found and found["currency"] not in MINOR_UNITS:
        raise GLFileError(f"gl_currency is {shown(found['currency'])}: give an ISO 4217 code such as EUR.")
    if why := unfit(found.get("entity", "")):
        raise GLFileError(f"gl_entity is {shown(found['entity'])}: {why}.")
    on = found.get("as_of_date", "2026-10-31")
    try:
        return found | ({"as_of_date": date.fromisoformat(on).isoformat()} if given.date else {})
    except ValueError:
        raise GLFileError(f"gl_date is {shown(on)}: give a date such as 2026-10-31.") from None
