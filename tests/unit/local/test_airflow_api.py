"""Airflow's API as `make run` uses it: patient where it asks, and never where it acts."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from local import StackError, airflow_api
from local.airflow_api import AirflowApi


class Server(HTTPServer):
    """Answers a login, and calls with the next of ``answers``, then 200."""

    answers: Iterator[int] = iter(())
    calls: int = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        status = 200
        if not self.path.startswith("/auth"):
            status = next(self.server.answers, 200)
            self.server.calls += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"access_token": "t", "state": "success", "dag_run_id": "r"}')

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def api(server: Server, monkeypatch: pytest.MonkeyPatch) -> AirflowApi:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return AirflowApi(f"http://127.0.0.1:{server.server_port}", "admin", "word")


def test_a_server_whose_database_is_away_is_asked_again(server: Server, api: AirflowApi) -> None:
    server.answers = iter([500, 503, 401, 500])
    assert api.run_state("d", "r") == "success"
    assert server.calls == 5


def test_it_is_asked_again_for_minutes_only(
    server: Server, api: AirflowApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_api, "_TRIES", 3)
    server.answers = iter([500] * 20)
    with pytest.raises(StackError, match="answered 500"):
        AirflowApi(api.url, "admin", "word").run_state("d", "r")
    assert server.calls == 4


@pytest.mark.parametrize("status", [500, 503, 404, 409])
def test_a_run_is_triggered_once(status: int, server: Server, api: AirflowApi) -> None:
    server.answers = iter([status])
    with pytest.raises(StackError, match=f"answered {status}"):
        api.trigger("d", {})
    assert server.calls == 1


def test_a_server_that_never_lets_in_is_a_sentence(server: Server, api: AirflowApi) -> None:
    server.answers = iter([401] * 20)
    with pytest.raises(StackError, match="answered 401"):
        api.run_state("d", "r")


def test_what_does_not_answer_is_named(api: AirflowApi, server: Server) -> None:
    assert api.unhealthy() == ["api-server", "scheduler", "dag-processor", "triggerer"]
    assert AirflowApi("http://127.0.0.1:1", "admin", "word").unhealthy() == ["api-server"]
