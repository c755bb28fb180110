"""Places by their text: the worker's own, or, as ``s3://conn@bucket/key``, of object storage."""

from pathlib import Path
from typing import Any, NoReturn

from airflow.sdk import ObjectStoragePath

from qbank_ledger.config import FILES_DIRS, files_dirs
from qbank_ledger.errors import GLFileError, in_one_line

# What ObjectStoragePath reads of the worker's own disk; without a protocol, too.
_OF_THE_WORKER = ("", "file", "local")
# What Azure's storage is called elsewhere, by what Airflow's provider calls it.
_AS_AIRFLOW = {"wasb": "abfs", "wasbs": "abfss"}


def object_storage(url: str) -> ObjectStoragePath:
    """The place of a URL. Raises whatever a protocol's library does of one that is none to it."""
    protocol, _, rest = url.partition("://")
    return ObjectStoragePath(f"{_AS_AIRFLOW.get(protocol, protocol)}://{rest}")


def at(place: str) -> Any:
    """The path that a text names; what has ``://`` in it is reached by Airflow's ObjectStoragePath.

    The connection stands before the ``@``; which protocols there are depends on the providers installed, and
    one that is unknown fails when it is used, as a place that can't be reached does.
    """
    if "://" not in place:
        return Path(place)
    try:
        return object_storage(place)
    except (ImportError, TypeError, ValueError) as error:  # a protocol's own, of a place that is none to it
        return _Unknown(place, in_one_line(error))


def at_if_given(place: str) -> Any:
    """The same; None for an empty text, which means nowhere."""
    return at(place) if place else None


def given_file(text: str) -> Any:
    """The file that a run names: below a folder of ``QBANK_FILES_DIRS``, or in object storage.

    Links, ``..`` and URLs of the worker's own disk are followed first. Raises GLFileError for any other, in
    the same words whether it is there or not.
    """
    # Such a chain may end on the worker's disk, and Airflow would open what it begins with.
    if "://" in text and "::" in text:
        raise GLFileError(f"The file {text} is not read: name the file itself, not a chain of URLs (::).")
    place = at(text)
    path = text
    if not isinstance(place, Path):
        if getattr(place, "protocol", None) not in _OF_THE_WORKER:
            return place
        path = place.fs._strip_protocol(place.path)  # as it does itself before it opens the file
    try:
        real = Path(path).resolve()
        folders = [folder.resolve() for folder in files_dirs()]
    except (OSError, RuntimeError, ValueError):  # such as a NUL, or links in a circle
        raise _refused(text) from None
    if not any(real.is_relative_to(folder) for folder in folders):
        raise _refused(text)
    # Through a folder and out again, the file would be found only where that folder is there.
    return real if ".." in Path(path).parts else place


def _refused(text: str) -> GLFileError:
    if not (folders := files_dirs()):
        return GLFileError(
            f"The file {text} is not read: runs may not read any folder of the workers. Give an "
            f"object-storage URL, such as s3://conn@bucket/key, or set {FILES_DIRS} to the folders that they "
            "may read."
        )
    return GLFileError(
        f"The file {text} is not read: with its links followed, it must lie below "
        f"{' or '.join(map(str, folders))} ({FILES_DIRS}), or in object storage, such as s3://conn@bucket/key."
    )


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
