"""Small drawings as SVG: the line of an account's last days. A drawing rounds; the numbers near it don't."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

_WIDTH, _HEIGHT, _EDGE = 140, 28, 2


def line(hours: Sequence[int], balances: Sequence[float], *, of: int = 168) -> Markup:
    """The balances over ``of`` hours up to now (hour 0); an hour without one is a gap in the line."""
    if not hours:
        return Markup("")
    low, high = min(balances), max(balances)
    points = [
        (
            round(_EDGE + (hour + of) * (_WIDTH - 2 * _EDGE) / of, 1),
            round(_HEIGHT - _EDGE - (balance - low) * (_HEIGHT - 2 * _EDGE) / (high - low or 1.0), 1),
        )
        for hour, balance in zip(hours, balances, strict=True)
    ]
    breaks = [place for place, (one, other) in enumerate(pairwise(hours), 1) if other - one > 1]
    parts = [points[begin:end] for begin, end in pairwise([0, *breaks, len(points)])]
    path = "".join(_path(part) for part in parts)
    return Markup(
        '<svg class="line" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">'
        '<path d="{d}"/></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, d=path)


def _path(points: Iterable[tuple[float, float]]) -> str:
    first, *others = points
    return f"M{first[0]} {first[1]}" + ("".join(f"L{x} {y}" for x, y in others) or "h.1")
