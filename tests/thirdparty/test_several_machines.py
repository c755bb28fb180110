"""docs/several-machines.md, with its settings as they stand there: an hour that loses half of them in mid-fetch.

Five machines, each with a home, logs and a supervisor of its own, on one: what `make run` starts, with the bank and
both databases; a second API server; a second scheduler; two Celery workers. In common they have Redis, the databases, the
keys, and the code. The workers reach the ledger through PgBouncer by the transaction.
"""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from chaos.hour import must_be_whole, rows, write_accounts
from local import processes, units
from local.airflow_api import AirflowApi
from local.settings import Settings
from local.stack import Stack
from local.units import Program
from sqlalchemy import make_url
from sqlalchemy.engine import URL

from qbank.batch import WINDOW
from tests.conftest import REPOSITORY, free_port
from tests.thirdparty.program import pgbouncer, redis
from tests.words.bank import CLIENT_ID, SandboxProcess
from tests.words.stack import Commands, own_stack

ACCOUNTS = 20_000
IDS = [f"acc-{n:05}" for n in range(ACCOUNTS)]
LATENCY_MS = 30
# What a killed task may lose, at most: a chunk that is not written, and what is on its way meanwhile.
LOST = 500 + 16 * WINDOW
SYNC = "qbank_balance_sync"
MOST_S = 240.0  # for whatever is waited for, on a busy machine
# The page's blocks: the settings of all machines, those to fill in, and PgBouncer's.
DEPLOYED, _, POOLER = re.findall(
    r"^```(?:sh|ini)\n(.*?)^```$",
    (REPOSITORY / "docs/several-machines.md").read_text(),
    re.MULTILINE | re.DOTALL,
)[:3]
# Of each batch, how much is written down.
SHARES = """SELECT batch_no, avg((o.account_id IS NOT NULL)::int) AS share
              FROM sync.run_account LEFT JOIN sync.observation AS o USING (run_no, account_id) GROUP BY batch_no"""
SCHEDULERS = "SELECT FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'"
# What a test can't wait for as long as an operator can.
QUICKER = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30"}


def until(is_so: Callable[[], Any]) -> Any:
    """What it is, once it is something."""
    ends = time.monotonic() + MOST_S
    while not (found := is_so()):
        assert time.monotonic() < ends
        time.sleep(0.2)
    return found


def at_once(found: Iterable[processes.Marked]) -> None:
    """kill -9, and before it each of them stands still: none sees another go."""
    processes.end([each.process for each in found], 0, how=signal.SIGSTOP)


@dataclass(frozen=True)
class Machines:
    """The stack, and what stands beside it."""

    folder: Path
    stack: Stack
    bank: SandboxProcess
    api: AirflowApi  # the second server, with what the first has signed

    @property
    def ledger(self) -> URL:
        return make_url(self.stack.cluster.url("postgres", "ledger")).set(drivername="postgresql+psycopg2")

    def start(self, name: str, *words: str, **environ: str) -> None:
        """Start a machine with one of Airflow's programs."""
        settings, keys = self.stack.settings, self.stack.keys
        like = units.airflow(settings, keys, self.stack.cluster.url("airflow", "airflow"))
        (start,) = {program.command[:3] for program in like.programs}
        home = settings.state / name
        own = {"AIRFLOW_HOME": str(home), "AIRFLOW_CONFIG": str(home / "airflow.cfg"), processes.UNIT: name}
        machine = replace(
            like,
            name=name,
            programs=(Program(name=name, command=(*start, *words)),),
            environ={**like.environ, **own, **environ},
            directory=home,
        )
        units.start(machine, settings.state)

    def start_worker(self, name: str, ledger: str, api: int, logs: int) -> None:
        extra = {"token_url": f"{self.bank.url}/token"}
        bank = {"conn_type": "qbank", "host": self.bank.url, "login": CLIENT_ID, "password": self.bank.secret}
        self.start(
            name, "celery", "worker", "--celery-hostname", name,
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{api}/execution/",
            AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(logs),
            AIRFLOW_CONN_QBANK_DEFAULT=json.dumps({**bank, "extra": extra}),
            AIRFLOW_CONN_LEDGER_DEFAULT=ledger,
        )  # fmt: skip

    def kill(self, *names: str) -> None:
        """These machines are gone at once, with all that ran on them."""
        found = processes.find(self.stack.settings.state)
        assert {each.program for each in found} >= set(names)
        at_once(each for each in found if each.unit in names)

    def end(self) -> None:
        """Nothing is left but the databases."""
        at_once(each for each in processes.find(self.stack.settings.state) if each.unit != "postgres")

    def tasks(self, run_id: str, task_id: str) -> list[dict[str, Any]]:
        return [task for task in self.api.tasks(SYNC, run_id) if task["task_id"] == task_id]

    def kept(self) -> set[str]:
        """The accounts whose answers are written down."""
        return {row.account_id for row in rows(self.ledger, "SELECT account_id FROM sync.observation")}

    def asked(self) -> list[tuple[float, str]]:
        """When the bank was asked for which account."""
        lines = (line.split() for line in (self.folder / "asked").read_text().splitlines())
        return [(float(when), id_) for when, id_ in lines]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    file = tmp_path / "accounts.csv"
    write_accounts(file, IDS)
    second_api, survivors_logs = free_port(), free_port()
    with ExitStack() as stack_:
        bank = SandboxProcess(
            tmp_path / "bank.log", "--accounts", str(file), "--latency-ms", str(LATENCY_MS),
            module="tests.thirdparty.counting_bank", ASKED=str(tmp_path / "asked"),
        )  # fmt: skip
        stack_.callback(bank.stop)
        broker = stack_.enter_context(redis(free_port(), tmp_path / "redis"))
        settings = {
            **dict(line.split("=", 1) for line in DEPLOYED.splitlines()),
            **QUICKER,
            "AIRFLOW__CELERY__BROKER_URL": broker,
            # One task a worker: of two fetch tasks at once each worker has one.
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
            # The one whose logs are looked at: here no two machines can have the same port.
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(survivors_logs),
            "QBANK_SCHEDULE": "@once",
            "QBANK_ACCOUNTS_FILE": str(file),
            "QBANK_DOCS": "",
        }
        commands: Commands = stack_.enter_context(own_stack(tmp_path / "state", **settings))
        stack = Stack.open(Settings.read(commands.environ))
        stack.start()
        api = stack.api
        api.unfinished_runs(SYNC)  # logs in
        machines = Machines(tmp_path, stack, bank, replace(api, url=f"http://127.0.0.1:{second_api}"))

        stack_.callback(machines.end)

        pooled = free_port()
        (tmp_path / "pgbouncer").mkdir()
        logins = {"ledger_loader": stack.keys["ledger_loader"]}
        server = stack.settings.postgres_port
        stack_.enter_context(
            pgbouncer(tmp_path / "pgbouncer", server=server, port=pooled, logins=logins, more=POOLER)
        )
        ledger = f"postgres://ledger_loader:{logins['ledger_loader']}@127.0.0.1:{pooled}/ledger"

        machines.start("second-api-server", "api-server", AIRFLOW__API__PORT=str(second_api))
        machines.start("second-scheduler", "scheduler", "--skip-serve-logs")
        machines.start_worker("worker-1", ledger, stack.settings.ui_port, free_port())
        machines.start_worker("worker-2", ledger, second_api, survivors_logs)
        yield machines


@pytest.mark.timeout(900)
def test_an_hour_is_whole_though_a_worker_and_a_scheduler_are_killed_in_mid_fetch(machines: Machines) -> None:
    (run_id,) = until(lambda: machines.api.unfinished_runs(SYNC))

    def both_are_in_mid_fetch() -> bool:
        running = [
            task["map_index"] for task in machines.tasks(run_id, "fetch") if task["state"] == "running"
        ]
        share = {row.batch_no: row.share for row in rows(machines.ledger, SHARES)}
        return len(running) == 2 and all(0.1 < share[batch_no] < 0.7 for batch_no in running)

    until(both_are_in_mid_fetch)
    assert len(rows(machines.ledger.set(database="airflow"), SCHEDULERS)) == 2
    machines.kill("worker-1", "second-scheduler")
    kept, killed = machines.kept(), time.monotonic()

    until(lambda: machines.api.run_state(SYNC, run_id) in ("success", "failed"))
    assert machines.api.run_state(SYNC, run_id) == "success"
    must_be_whole(machines.ledger, IDS)

    asked = machines.asked()
    times = Counter(id_ for _, id_ in asked)
    assert [id_ for when, id_ in asked if when > killed and id_ in kept] == []
    assert 0 < len(asked) - len(times) <= LOST
    assert max(times.values()) == 2

    fetches = machines.tasks(run_id, "fetch")
    (again,) = (task for task in fetches if task["try_number"] == 2)
    assert {task["try_number"] for task in fetches} == {1, 2}
    # The log comes from the worker that has it, over HTTP: no folder is shared.
    said = " ".join(str(event.get("event")) for event in machines.api.log(SYNC, run_id, again))
    assert re.search(rf"fetch: run 1 batch {again['map_index']} asks for \d+ accounts", said), said
    assert "db=ledger user=ledger_loader" in (machines.folder / "pgbouncer/pgbouncer.log").read_text()
