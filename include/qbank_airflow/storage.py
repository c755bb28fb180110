"""Places by their text: the worker's own, or, as ``s3://conn@bucket/key``, of object storage."""

from pathlib import Path

from airflow.sdk import ObjectStoragePath


def at(place: str) -> Path | ObjectStoragePath:
    """The path that a text names; what has ``://`` in it is reached by Airflow's ObjectStoragePath.

    The connection stands before the ``@``; which protocols there are depends on the providers installed.
    """
    return ObjectStoragePath(place) if "://" in place else Path(place)


def at_if_given(place: str) -> Path | ObjectStoragePath | None:
    """The same; None for an empty text, which means nowhere."""
    return at(place) if place else None
