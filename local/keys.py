"""The secrets of one local stack: made once, kept in one file that only its owner can read."""

import base64
import json
import os
import secrets
import stat
from pathlib import Path

from local.errors import StackError

# Logins of the embedded server, and the group role that each is a member of.
LOGINS = {
    "ledger_loader": "qbank_loader",
    "ledger_analyst": "qbank_analyst",
    "ledger_operator": "qbank_operator",
    "ledger_preparer": "qbank_preparer",
    "ledger_approver": "qbank_approver",
}


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


def _read(path: Path) -> dict[str, str]:
    """What the file holds, which must be ours alone; nothing where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StackError(f"{path} can't be read ({error.strerror}): bring it back or delete it.") from None
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
            f"{path} does not hold the stack's secrets: bring it back, or delete it all with `make clean`."
        )
    return keys


def _new_keys() -> dict[str, str]:
    return {
        **{login: secrets.token_urlsafe(24) for login in ("postgres", "airflow", *LOGINS)},
        "ui_password": secrets.token_urlsafe(12),
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt": secrets.token_urlsafe(64),
        "session": secrets.token_urlsafe(32),
        "client_id": f"local-{secrets.token_hex(4)}",
        "client_secret": secrets.token_urlsafe(32),
    }
