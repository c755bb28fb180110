"""A table as a picture: bars, or lines over two logarithmic axes. SVG, written by hand."""

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from benchmarks import Figure, Table

_WIDTH, _HEIGHT, _MARGIN, _LABELS, _LINE = 760, 360, 60, 240, 26
_COLOURS = ("#3b6ea5", "#c0504d", "#7a9a3a", "#7d60a0", "#d08a2e", "#4bacc6", "#555")


def draw(table: Table) -> str:
    """The picture of it, as the table's ``plot`` says."""
    height, parts = _bars(table) if table.plot == "bars" else _lines(table)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            _text(_WIDTH / 2, 20, table.title, anchor="middle"),
            *parts,
            "</svg>\n",
        ]
    )


def _bars(table: Table) -> tuple[int, list[str]]:
    """The first figure of each row."""
    shown = [(str(row[0]), next(cell for cell in row if isinstance(cell, Figure))) for row in table.rows]
    scale = (_WIDTH - _LABELS - 2 * _MARGIN) / max(figure.value for _, figure in shown)
    parts = []
    for number, (name, figure) in enumerate(shown):
        y, length = 36 + number * _LINE, figure.value * scale
        parts += [
            _text(_LABELS - 8, y + 14, name, anchor="end"),
            f'<rect x="{_LABELS}" y="{y}" width="{length:.1f}" height="{_LINE - 8}" fill="{_COLOURS[0]}"/>',
            _text(_LABELS + length + 6, y + 14, str(figure)),
        ]
    return 48 + len(shown) * _LINE, parts


def _lines(table: Table) -> tuple[int, list[str]]:
    """Every other column over the first, each with its name at its end."""
    series = {
        head: [(row[0].value, row[number].value) for row in table.rows if _is_drawn(row, number)]  # type: ignore[union-attr]
        for number, head in enumerate(table.head)
        if number
    }
    series = {head: points for head, points in series.items() if points}
    xs, ys = ([point[axis] for points in series.values() for point in points] for axis in (0, 1))
    across = _Axis(xs, _MARGIN, _WIDTH - _LABELS)
    down = _Axis(ys, _HEIGHT - _MARGIN, 40)
    parts = []
    for power in _powers(xs):
        parts.append(_text(across(power), _HEIGHT - _MARGIN + 18, f"{power:,.15g}", anchor="middle"))
    for power in _powers(ys):
        y = down(power)
        parts.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _LABELS}" stroke="#ddd"/>')
        parts.append(_text(_MARGIN - 6, y + 4, f"{power:g}", anchor="end"))
    ends = sorted((down(points[-1][1]), head) for head, points in series.items())
    places = dict(zip((head for _, head in ends), _apart([y for y, _ in ends]), strict=True))
    for (head, points), colour in zip(series.items(), _COLOURS, strict=False):
        line = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(across(points[-1][0]) + 8, places[head] + 4, head, fill=colour))
    parts.append(_text((_MARGIN + _WIDTH - _LABELS) / 2, _HEIGHT - 18, table.head[0], anchor="middle"))
    return _HEIGHT, parts


def _is_drawn(row: Sequence[object], number: int) -> bool:
    """A logarithm has no zero."""
    return all(isinstance(row[each], Figure) and row[each].value > 0 for each in (0, number))  # type: ignore[attr-defined]


class _Axis:
    """Where a value stands between two places, by its logarithm."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._least, self._most = math.log10(min(values)), math.log10(max(values))
        self._first, self._last = first, last

    def __call__(self, value: float) -> float:
        share = (math.log10(value) - self._least) / ((self._most - self._least) or 1)
        return self._first + share * (self._last - self._first)


def _powers(values: Sequence[float]) -> Iterator[float]:
    """The powers of ten among them."""
    first, last = math.ceil(math.log10(min(values)) - 1e-9), math.floor(math.log10(max(values)) + 1e-9)
    return (10.0**power for power in range(first, last + 1))


def _apart(places: Sequence[float]) -> Iterator[float]:
    """The same, in order, moved down so far that no two names lie upon each other."""
    last = -math.inf
    for place in places:
        last = max(place, last + 14)
        yield last


def _text(x: float, y: float, said: str, *, anchor: str = "start", fill: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(said)}</text>'
