"""A wide table made long: each of its rows becomes a row for each column that no key of the profile names."""

from collections.abc import Iterator

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import Record
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.columns import Columns
from qbank_ledger.recon.profile import Unpivot


class LongRows:
    """Makes them of the rows below one header; ``columns`` are theirs."""

    def __init__(self, unpivot: Unpivot, header: Record, wide: Columns, problems: Problems) -> None:
        """``wide``: the columns of the file that keys name. A heading that stands twice is a problem."""
        named = set(wide.places.values())
        self._wide = wide
        self._headings = {
            place: trimmed(heading)
            for place, heading in enumerate(header.cells[: wide.width])
            if place not in named
        }
        names = [*wide.places, unpivot.heading, unpivot.cell]
        self.columns = Columns({name: place for place, name in enumerate(names)}, len(names), len(names))
        before: set[str] = set()
        for heading in self._headings.values():
            if heading in before:
                problems.add(header.line, f"the header has {shown(heading)} twice: which one counts?")
            before.add(heading)

    def of(self, record: Record) -> Iterator[Record]:
        """A row's long ones, each with the line of the row."""
        kept = [self._wide.cell(record, column) for column in self._wide.places]
        for place, heading in self._headings.items():
            cells = [*kept, heading, record.cells[place] if place < len(record.cells) else ""]
            yield Record(record.line, cells, " | ".join(map(trimmed, cells)))
