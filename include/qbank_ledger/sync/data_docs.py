"""Data Docs, the audit's report of a run: kept where ``QBANK_DOCS`` says, or nowhere.

A report must never cost a run its hour: it is written last, for two minutes at most, and whatever keeps it
from being written is one warning.
"""

import logging
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from qbank_ledger.config import DOCS
from qbank_ledger.errors import in_one_line

log = logging.getLogger(__name__)

_PATIENCE_S = 120.0
_SITES_KEPT = 48
_SITE = re.compile("run_([0-9]+)")


def keep(docs: Any, run_no: int, build: Callable[[Path], None]) -> None:
    """Have the run's site built, and keep it as ``docs``/run_N beside those of the 47 newest other runs.

    ``docs`` is a folder, or what stands for one in object storage and has a Path's methods.
    """
    why = [f"it took more than {_PATIENCE_S:.0f} s"]

    def write() -> None:
        try:
            with TemporaryDirectory(prefix="qbank-docs-") as folder:
                site = Path(folder) / "site"
                build(site)
                _copy(site, docs / f"run_{run_no}")
            _drop_oldest(docs, run_no)
            why.clear()
        except Exception as error:  # noqa: BLE001 - a disk's, a bucket's, a credential's, Great Expectations'
            why[:] = [in_one_line(error)]

    # A store that does not answer would else hold the audit until its own time is over.
    writer = Thread(target=write, name="data-docs", daemon=True)
    writer.start()
    writer.join(_PATIENCE_S)
    if why:
        log.warning(
            "The audit's report of run %s is not kept in %s: %s. The run goes on without it; set %s to a "
            "folder or an object-storage URL that can be written, or to nothing.",
            run_no, docs, why[0], DOCS,
        )  # fmt: skip


def _copy(site: Path, target: Any) -> None:
    _remove(target)
    for file in site.rglob("*"):
        if file.is_file():
            copy = target.joinpath(*file.relative_to(site).parts)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())


def _drop_oldest(docs: Any, run_no: int) -> None:
    """Other runs' sites beyond the newest; by their numbers, as object storage knows no age of a folder."""
    sites = {int(match[1]): site for site in docs.iterdir() if (match := _SITE.fullmatch(site.name))}
    sites.pop(run_no, None)
    for number in sorted(sites)[: 1 - _SITES_KEPT]:
        _remove(sites[number])


def _remove(site: Any) -> None:
    if isinstance(site, Path):
        shutil.rmtree(site, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            site.fs.rm(site.path, recursive=True)
