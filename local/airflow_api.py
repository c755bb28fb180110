"""Airflow's REST API, as far as `make run` needs it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from local import StackError

_HEALTH = "/api/v2/monitor/health"
# As the answer on its health calls them, and the stack.
_COMPONENTS = {
    "metadatabase": "api-server",
    "scheduler": "scheduler",
    "dag_processor": "dag-processor",
    "triggerer": "triggerer",
}
# A second each: as long as a room waits for its database, and the server's own start after it.
_TRIES = 300
_SLOW_TRIES = 9  # of which so many may take 30 s each
_LOGINS = 5


@dataclass(frozen=True, slots=True)
class AirflowApi:
    """A session of one user at the API server at ``url``; it logs in when first asked for something."""

    url: str
    user: str
    password: str = field(repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self._session.trust_env = False  # the server is on this machine: no proxy, no .netrc
        # What only asks is sent again while the server or its database is away; what acts is not.
        for path, method in (("/api/", "GET"), ("/auth/", "POST")):
            patience = Retry(_TRIES, read=_SLOW_TRIES, allowed_methods=[method], raise_on_status=False)
            patience = patience.new(status_forcelist=range(500, 600), backoff_factor=1, backoff_max=1)
            self._session.mount(f"{self.url}{path}", HTTPAdapter(max_retries=patience))
        self._session.mount(f"{self.url}{_HEALTH}", HTTPAdapter())

    def unhealthy(self) -> list[str]:
        """The programs that don't answer, or that the server has not heard from lately."""
        try:
            health = self._session.get(f"{self.url}{_HEALTH}", timeout=10).json()
            return [
                program
                for name, program in _COMPONENTS.items()
                if (health.get(name) or {}).get("status") != "healthy"
            ]
        except (requests.RequestException, ValueError, AttributeError):
            return ["api-server"]

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """The DAG as Airflow has parsed it; None where it has not (yet)."""
        dag: dict[str, Any] | None = self.call("GET", f"/dags/{dag_id}", missing_ok=True)
        return dag

    def import_errors(self) -> list[str]:
        """The stack traces of DAG files that can't be parsed."""
        return [each["stack_trace"] for each in self._get("/importErrors")["import_errors"]]

    def make_pool(self, name: str, slots: int) -> bool:
        """Make the pool where it is absent; False where it is there."""
        if self.call("GET", f"/pools/{name}", missing_ok=True) is not None:
            return False
        self.call("POST", "/pools", json={"name": name, "slots": slots})
        return True

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run as from the UI's trigger form; returns its id."""
        body = {"logical_date": None, "conf": conf}
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """The run's state: queued, running, success or failed."""
        return str(self._get(f"/dags/{dag_id}/dagRuns/{quote(run_id)}")["state"])

    def unfinished_runs(self, dag_id: str) -> list[str]:
        """The ids of the DAG's runs that are queued or running."""
        query = "?state=running&state=queued&order_by=run_after"
        return [run["dag_run_id"] for run in self._get(f"/dags/{dag_id}/dagRuns{query}")["dag_runs"]]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances, with task_id, map_index, try_number, state and duration."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances?limit=1000"
        instances: list[dict[str, Any]] = self._get(path)["task_instances"]
        return instances

    def log(self, dag_id: str, run_id: str, task: dict[str, Any]) -> list[dict[str, Any]]:
        """The log of a task instance's last try, an event each."""
        path = (
            f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task['task_id']}/logs/"
            f"{task['try_number']}?map_index={task['map_index']}&full_content=true"
        )
        content = self._get(path)["content"]
        return [event for event in content if isinstance(event, dict)]

    def call(self, method: str, path: str, *, missing_ok: bool = False, **options: Any) -> Any:
        """The answer to a call; None for an empty one, and for what is not there, where that may be."""
        url, headers = f"{self.url}/api/v2{path}", {"Accept": "application/json"}
        try:
            for _ in range(_LOGINS):
                if "Authorization" not in self._session.headers:
                    self._log_in()
                answer = self._session.request(method, url, headers=headers, timeout=30, **options)
                if answer.status_code != 401:
                    break
                del self._session.headers["Authorization"]
        except requests.RequestException as error:
            raise StackError(f"Airflow at {self.url} does not answer: {error}.") from None
        if answer.status_code == 404 and missing_ok:
            return None
        if not answer.ok:
            raise StackError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text}")
        return answer.json() if answer.content else None

    def _get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("GET", path)
        return answer

    def _log_in(self) -> None:
        body = {"username": self.user, "password": self.password}
        answer = self._session.post(f"{self.url}/auth/token", json=body, timeout=30)
        if answer.status_code in (400, 401, 403, 422):
            raise StackError(f"Airflow at {self.url} does not let {self.user} in: {answer.text}")
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
