"""The state directory: one stack in it at a time, with the secrets that it was made with."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local import StackError

# Everything that the stack and its runs write. `make clean` deletes these and nothing else: the
# variable may have named a directory with other things in it.
CONTENT = (
    "airflow",
    "close",
    "data_docs",
    "keys.json",
    "keys.new",
    "logs",
    "postgres",
    "sample",
    "supervisor",
    "sync",
    "tmp",
)
# For files of the user's own, which a run of the stack's Airflow may name: `make clean` leaves what is in it.
FILES = "files"
# Logins of the embedded server, and the group role that each is a member of.
LOGINS = {
    "ledger_loader": "qbank_loader",
    "ledger_analyst": "qbank_analyst",
    "ledger_operator": "qbank_operator",
    "ledger_preparer": "qbank_preparer",
    "ledger_approver": "qbank_approver",
    "ledger_desk": "qbank_desk",
}
# Logins of the local Airflow, its role for each, and what the ledger's register lets each do on the page.
USERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("admin", ()),
    "viewer": ("viewer", ()),
    "preparer": ("user", ("prepare", "load")),
    "approver": ("viewer", ("approve",)),
    "operator": ("op", ("release", "load")),
}


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state directory, made where it is missing, against whoever starts or stops the stack.

    Waits for them. The directory itself is the lock: the kernel lets go of it when a holder is killed.
    """
    while True:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _require_own(state, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another command that starts or stops this stack …", file=sys.stderr)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It may have been deleted while we waited, by `make clean`.
            if state.exists() and os.path.samestat(os.fstat(descriptor), state.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def _require_own(state: Path, descriptor: int) -> None:
    """Have the directory to ourselves, or StackError: what is in it is trusted, and secrets lie there."""
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        raise StackError(
            f"The state directory {state} belongs to another user: set QBANK_STATE_DIR to one of your own."
        )
    if stat.S_IMODE(found.st_mode) == 0o700:
        return
    # Some variable may have named a directory that others need, such as /tmp.
    if any(entry.is_dir() and entry.name not in (*CONTENT, FILES) for entry in state.iterdir()):
        raise StackError(
            f"The state directory {state} is open to other users and holds directories that are not the "
            "stack's: set QBANK_STATE_DIR to another, or close it with `chmod 700`."
        )
    os.fchmod(descriptor, 0o700)


def delete(state: Path) -> list[str]:
    """Delete what the stack wrote, and the directory where nothing else is in it.

    Returns the names of what else is.
    """
    for name in CONTENT:
        path = state / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):
        (state / FILES).rmdir()
    left = sorted(entry.name for entry in state.iterdir())
    if not left:
        state.rmdir()
    return left


def open_keys(state: Path) -> dict[str, str]:
    """The secrets by name, from ``state``/keys.json; made where there is no such file.

    A PostgreSQL login's password goes by the login's name. The caller holds the state's lock.
    """
    path = state / "keys.json"
    known = _read(path)
    keys = {**_new_keys(), **known}
    if keys != known:
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(keys, file, indent=1)
        unfinished.replace(path)
    return keys


def ui_key(user: str) -> str:
    """The name of a user's password among the secrets."""
    return "ui_password" if user == "admin" else f"ui_{user}"


def _read(path: Path) -> dict[str, str]:
    """What the file holds, which must be ours alone; nothing where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StackError(f"{path} can't be read ({error.strerror}): restore it or delete it.") from None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise StackError(f"{path} is not a file of your own: delete it, or set QBANK_STATE_DIR.")
        os.fchmod(descriptor, 0o600)
        try:
            keys = json.load(file)
        except (ValueError, RecursionError):
            keys = None
    if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
        raise StackError(
            f"{path} does not hold the stack's secrets: restore it, or delete everything with `make clean`."
        )
    return keys


def _new_keys() -> dict[str, str]:
    return {
        **{login: secrets.token_urlsafe(24) for login in ("postgres", "airflow", *LOGINS)},
        **{ui_key(user): secrets.token_urlsafe(12) for user in USERS},
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt": secrets.token_urlsafe(64),
        "session": secrets.token_urlsafe(32),
        "client_id": f"local-{secrets.token_hex(4)}",
        "client_secret": secrets.token_urlsafe(32),
    }
