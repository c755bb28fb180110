"""What is wrong with a file, line by line, and how that is said."""

_MOST = 1_000


class TooManyProblemsError(Exception):
    """There are so many problems that reading on helps nobody."""


class Problems:
    """The problems of a file, noted in any order; empty is false. No more are noted after 1,000."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, line: int, what: str, of: str = "") -> None:
        """Note what is wrong in a line, counted from 1; ``of`` says in which entry.

        Raises TooManyProblemsError when 1,000 were noted before.
        """
        if len(self._found) == _MOST:
            raise TooManyProblemsError
        self._found.append((line, f"line {line}, {of}: {what}" if of else f"line {line}: {what}"))

    @property
    def count(self) -> str:
        """How many there are, such as ``2 problem(s)``."""
        return f"{len(self._found)}{' or more' if len(self._found) == _MOST else ''} problem(s)"

    def listed(self, most: int) -> str:
        """The first ``most`` by their lines, each on a line of its own."""
        shown = [what for _, what in sorted(self._found, key=lambda problem: problem[0])[:most]]
        if len(self._found) > most:
            shown.append(f"… and {len(self._found) - most} more")
        return "".join(f"\n  {what}" for what in shown)
