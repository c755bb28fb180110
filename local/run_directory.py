"""The directory of one run in the foreground: its AIRFLOW_HOME, with a metadata database of its own.

The database is a copy of an empty one that is migrated once; both are SQLite files. The run holds
its directory, so the next one can tell what a killed run left: its directory, and what it started.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from local import metadata, processes
from local.airflow_settings import foreground_environment
from local.settings import Settings
from local.state import held, locked

_PREFIX = "run-"


@contextmanager
def run_directory(settings: Settings) -> Iterator[Path]:
    """A fresh directory below ``state``/sync, deleted at the end."""
    folder = settings.state / "sync"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made and held under the folder's lock: else another run could take it for one left behind.
    with locked(folder):
        _clear(settings.state, folder)
        template = _template(settings, folder)
        home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        holding = held(home)
        holding.__enter__()
    try:
        shutil.copyfile(template, home / "airflow.db")
        (home / "tmp").mkdir()
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
        holding.__exit__(None, None, None)


def unit_of(home: Path) -> str:
    """The mark of what the run in ``home`` starts."""
    return f"sync-{home.name}"


def _clear(state: Path, folder: Path) -> None:
    for home in folder.glob(f"{_PREFIX}*"):
        with held(home) as is_left_behind:
            if is_left_behind:
                left = [each.process for each in processes.find(state) if each.unit == unit_of(home)]
                processes.end(left, 5)
                shutil.rmtree(home, ignore_errors=True)


def _template(settings: Settings, folder: Path) -> Path:
    template = folder / f"metadata-{version('apache-airflow')}.db"
    if not template.exists():
        print("Making the template of a run's metadata database (once) …", flush=True)
        unfinished = folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        metadata.prepare(foreground_environment(settings, unfinished, {}), [])
        (unfinished / "airflow.db").replace(template)
        shutil.rmtree(unfinished)
    return template
