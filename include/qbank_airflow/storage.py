"""Places by their text: the worker's own, or, as ``s3://conn@bucket/key``, of object storage."""

from pathlib import Path
from typing import Any, NoReturn

from airflow.sdk import ObjectStoragePath


def at(place: str) -> Any:
    """The path that a text names; what has ``://`` in it is reached by Airflow's ObjectStoragePath.

    The connection stands before the ``@``; which protocols there are depends on the providers installed, and
    one that is unknown fails when it is used, as a place that can't be reached does.
    """
    if "://" not in place:
        return Path(place)
    try:
        return ObjectStoragePath(place)
    except ValueError as error:
        return _Unknown(place, str(error))


def at_if_given(place: str) -> Any:
    """The same; None for an empty text, which means nowhere."""
    return at(place) if place else None


class _Unknown:
    """A place of a protocol that nobody knows."""

    def __init__(self, place: str, why: str) -> None:
        self._place, self._why = place, why

    def __str__(self) -> str:
        return self._place

    @property
    def suffix(self) -> str:
        return Path(self._place).suffix

    def open(self, _mode: str) -> NoReturn:
        raise ValueError(self._why)

    def __truediv__(self, _name: str) -> NoReturn:
        raise ValueError(self._why)
