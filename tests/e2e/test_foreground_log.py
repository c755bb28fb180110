"""What a run in the foreground writes, at DEBUG: neither the secret nor a token, in any form."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from local.settings import ROOT

from tests.contract.bank import Bank
from tests.words.stack import Commands

pytestmark = pytest.mark.slow

SECRET = "pl4nted\"s/+=%& 'quoted'\\"  # what URLs, JSON, Python and base64 each write in a way of their own
SYNC = "import sys; from local import __main__ as local; sys.exit(local.main())"
# The control: the same with Airflow's own command, which writes what it likes.
UNREDACTED = f"from local import foreground; foreground._AIRFLOW = ['airflow']; {SYNC}"
IDS = ("a1b2c3d4-e5f6-7890-1234-567890abcde",)


def written(secret: str) -> set[bytes]:
    """The secret as it may stand in a file."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    texts |= {json.dumps(text)[1:-1] for text in set(texts)}
    texts |= {base64.b64encode(b"x" * shift + secret.encode())[shift + 1 : -4].decode() for shift in range(3)}
    return {text.encode() for text in texts}


def holding(folder: Path, secrets: list[str]) -> set[str]:
    """Those of the folder's files and folders in which a secret stands."""
    forms = {form for secret in secrets for form in written(secret)}
    found = set()
    for inside, _, names in os.walk(folder):  # which passes over what goes in the meantime
        for path in (Path(inside, name) for name in names):
            try:
                data = path.read_bytes() if path.is_file() else b""
            except OSError:
                continue
            if any(form in data for form in forms):
                found.add(path.relative_to(folder).parts[0])
    return found


@contextmanager
def watched(folder: Path, bank: Bank, found: set[str]) -> Iterator[None]:
    """Looks into what the run writes while it lasts, also into what it deletes, and then into every file."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            found.update(holding(folder / "sync", [SECRET, *bank.valid]))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    keys = json.loads((folder / "keys.json").read_text())
    found.update(holding(folder, [SECRET, *bank.valid, keys["ledger_loader"]]) - {"keys.json"})


def test_neither_secret_nor_token_is_in_any_file_of_a_run_at_debug(commands: Commands) -> None:
    for code, found_in in ((SYNC, set[str]()), (UNREDACTED, {"logs"})):
        bank, found = Bank(), set[str]()
        bank.client_secret = SECRET
        with bank.serving(), watched(commands.state, bank, found):
            connection = {
                "conn_type": "qbank",
                "host": bank.url,
                "login": bank.client_id,
                "password": bank.client_secret,
                "extra": {"token_url": f"{bank.url}/token"},
            }
            done = subprocess.run(
                [sys.executable, "-c", code, "sync"],
                cwd=ROOT,
                env={
                    **commands.environ,
                    "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
                    "AIRFLOW_CONN_QBANK_DEFAULT": json.dumps(connection),
                    "CONF": json.dumps({"accounts": IDS, "dry_run": True}),
                },
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        assert bank.valid, "no token was given"
        newest = max((commands.state / "logs").glob("foreground-*"), key=lambda log: log.stat().st_mtime)
        assert '"level":"debug"' in newest.read_text()
        assert "MaskSecret" in newest.read_text()
        assert not any(form.decode() in done.stdout + done.stderr for form in written(SECRET))
        assert found == found_in
