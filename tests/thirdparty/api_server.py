"""Airflow's API server alone, with the project's provider and page as they are installed, and one user."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from tests.conftest import REPOSITORY

START_S = 180  # on a busy machine; 20 on a quiet one


@dataclass(frozen=True)
class ApiServer:
    """Airflow's API server and its one user."""

    url: str
    password: str

    def call(self, method: str, path: str, **options: Any) -> Any:
        login = {"username": "admin", "password": self.password}
        token = requests.post(f"{self.url}/auth/token", json=login, timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        told = requests.request(method, f"{self.url}/api/v2{path}", headers=headers, timeout=30, **options)
        assert told.ok, told.text
        return told.json()


@contextmanager
def api_server(
    folder: Path, port: int, *, base_url: str = "", before: Iterable[Sequence[str]] = (), **settings: str
) -> Iterator[ApiServer]:
    """Serve at a port of loopback until the block ends; browsers may know it by another address, ``base_url``.

    ``before``: arguments of commands of Airflow's that come first, such as those that make users.
    """
    home, password = folder / "airflow", secrets.token_urlsafe(12)
    (home / "dags").mkdir(parents=True)
    (home / "passwords.json").write_text(json.dumps({"admin": password}))
    url = f"http://127.0.0.1:{port}"
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": base_url or url,
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "NO_PROXY": "127.0.0.1",
        **settings,
    }
    command = [sys.executable, "-m", "airflow"]
    log = folder / "api-server.log"
    with log.open("wb") as file:
        for arguments in (["db", "migrate"], *before):
            subprocess.run([*command, *arguments], env=environ, stdout=file, stderr=file, check=True)
        process = subprocess.Popen([*command, "api-server"], env=environ, stdout=file, stderr=file)
    try:
        end = time.monotonic() + START_S
        while not answers(f"{url}/api/v2/version"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield ApiServer(base_url or url, password)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
