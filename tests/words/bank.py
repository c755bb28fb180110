"""The sandbox as a process of its own, on a free port, with a secret made for this run."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

CLIENT_ID = "erp"
START_S = 20


class SandboxProcess:
    """A started sandbox: its address, its log, and the calls that tests make of it."""

    def __init__(self, log: Path, *arguments: str, module: str = "qbank_sandbox", **environ: str) -> None:
        self.secret = secrets.token_urlsafe(16)
        self._log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "--port", "0", *arguments],
                stderr=errors,
                env={
                    **os.environ,
                    **environ,
                    "QBANK_SANDBOX_CLIENT_ID": CLIENT_ID,
                    "QBANK_SANDBOX_CLIENT_SECRET": self.secret,
                },
            )
        self.url = self._address()
        self.port = int(self.url.rpartition(":")[2])

    def _address(self) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"http://127\.0\.0\.1:\d+", self.log()):
                return found[0]
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError(f"the sandbox did not start: {self.log()}")

    def log(self) -> str:
        """Everything that it has written to stderr."""
        return self._log.read_text()

    def token(self, **changed: str) -> str:
        """A new access token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": self.secret,
            "scope": "balances.read",
        } | changed
        told = requests.post(f"{self.url}/token", data=form, timeout=5)
        assert told.status_code == 200, told.text
        return str(told.json()["access_token"])

    def ask(self, account_id: str, fault: str | None = None, *, timeout: float = 5, **settings: Any) -> Any:
        """GET the account's balance with a new token and this fault, on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.token()}"} | ({"X-Sandbox-Fault": fault} if fault else {})
        return requests.get(
            f"{self.url}/v1/balances/{account_id}", headers=headers, timeout=timeout, **settings
        )

    def stop(self) -> float:
        """SIGTERM; the seconds that it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - began
