"""docs/runbook.md: its commands to Airflow's API, run as they stand against something that answers as it does."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from local.settings import ROOT

RUN = "manual__2026-10-31T09:00:00+00:00"


class Api(ThreadingHTTPServer):
    """``asked``: each request's method and path, its token and its body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, object]] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._answer({"dag_runs": [{"dag_run_id": RUN}]})

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/json"
        self._answer({"access_token": "signed"})

    def _answer(self, answer: object) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer").strip()
        self.server.asked.append((self.command, self.path, token, json.loads(sent or "null")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_newest_run_that_airflow_has_is_asked_for_again(api: Api, tmp_path: Path) -> None:
    page = (ROOT / "docs/runbook.md").read_text("utf-8")
    block = re.findall(r"^```sh\n(.*?)^```$", page.partition("**Ask again.**")[2], re.DOTALL | re.MULTILINE)[
        0
    ]
    (tmp_path / "keys.json").write_text('{"ui_password": "a-b_c"}')
    environ = {
        **os.environ,
        "QBANK_UI_PORT": str(api.server_port),
        "QBANK_STATE_DIR": str(tmp_path),
        "http_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    dag = "/api/v2/dags/qbank_balance_sync"
    assert api.asked == [
        ("POST", "/auth/token", "", {"username": "admin", "password": "a-b_c"}),
        ("GET", f"{dag}/dagRuns?order_by=-start_date&limit=1", "signed", None),
        (
            "POST",
            f"{dag}/clearTaskInstances",
            "signed",
            {
                "dag_run_id": RUN,
                "task_ids": ["fetch"],
                "include_downstream": True,
                "only_failed": False,
                "dry_run": False,
            },
        ),
    ]
