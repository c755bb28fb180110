"""docs/existing-airflow.md, followed as it stands: from a wheel and a bare environment to a reconciled hour.

With the oldest of each direct dependency that is allowed, on Debian's PostgreSQL with JIT, through PgBouncer by the transaction,
with a home that can't be written, and accounts, GL file, reports and packs in a bucket.
"""

import json
import os
import re
import secrets
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
import requests
from local.postgres import Cluster
from packaging.version import Version

from qbank_ledger.config import package_version
from qbank_ledger.db.migrate import newest_revision
from tests.conftest import REPOSITORY, free_port, throwaway
from tests.thirdparty.program import from_debian, from_wheels, moto, pgbouncer
from tests.thirdparty.test_older_postgres import oldest
from tests.words.bank import CLIENT_ID, SandboxProcess

HERE = Path(__file__).parent
STEPS = (
    (REPOSITORY / "docs" / "existing-airflow.md")
    .read_text()
    .split("## From nothing to the first green hour")[1]
    .split("\n## ")[0]
)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
# The oldest of each that pyproject.toml allows.
PINS = dict(re.fullmatch(r"([\w-]+)>=([\w.]+).*", each).groups() for each in PROJECT["dependencies"])
S3 = ["apache-airflow-providers-amazon[s3fs]==9.39.0", "s3fs==2026.9.0", "aiobotocore==3.10.0"]
LINEAGE = "apache-airflow-providers-openlineage==2.20.3"
ACCOUNTS = 40
CONSTRAINTS = "constraints.txt"
LOGINS = {name: secrets.token_urlsafe(12) for name in ("ledger_migrate", "ledger_run")}


def blocks(step: int) -> list[tuple[str, str]]:
    """The language and text of each block of a step, as the page has them."""
    text = re.split(r"^\*\*\d+\. ", STEPS, flags=re.MULTILINE)[step]
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@dataclass
class Reader:
    """Somebody who follows the page: a shell that remembers what was exported, and a folder of DAGs."""

    folder: Path
    environment: dict[str, str]
    replaced: dict[str, str]

    def types(self, command: str) -> str:
        """Run it; what it said on both streams. Fails where the command does."""
        for theirs, mine in self.replaced.items():
            command = command.replace(theirs, mine)
        after = self.folder / "environment"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{command}\nenv -0 >{after}"],
            env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
        self.environment = dict(pair.split("=", 1) for pair in after.read_text().split("\0") if "=" in pair)
        return done.stdout

    def follows(self, step: int) -> str:
        """Every shell block of a step."""
        return "".join(self.types(text) for language, text in blocks(step) if language == "sh")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Debian's PostgreSQL, as a provider manages it: with JIT."""
    program, _ = from_debian("postgres", f"postgresql-{oldest()}")
    with throwaway(programs=Path(program).parent) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def pooled(server: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a PgBouncer before it."""
    folder = tmp_path_factory.mktemp("pooled")
    port = free_port()
    with pgbouncer(folder, server=server.port, port=port, logins=LOGINS):
        yield port


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bucket of S3, by moto."""
    folder = tmp_path_factory.mktemp("bucket")
    packages = from_wheels(HERE / "vaults.txt", folder / "moto")
    with moto(packages, free_port(), folder) as aws:
        url = f"{aws}/treasury"
        assert requests.put(url, timeout=10).ok
        yield url


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("bank")
    (folder / "bank.csv").write_text(accounts())
    process = SandboxProcess(folder / "bank.log", "--accounts", str(folder / "bank.csv"))
    yield process
    process.stop()


def accounts() -> str:
    rows = "".join(f"acc-{n:02},EUR,QB01,11{n:02}\n" for n in range(ACCOUNTS))
    return f"account_id,currency,entity,gl_account\n{rows}"


def uv(*arguments: str) -> None:
    program = Path(sys.executable).with_name("uv")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin of somebody's Airflow, as its constraints make it; ``pip`` there is uv's."""
    folder = tmp_path_factory.mktemp("theirs")
    constraints = folder / CONSTRAINTS
    locked = (REPOSITORY / "requirements.lock").read_text().splitlines()
    kept = [
        line.removesuffix(" \\") for line in locked if line[:1].isalpha() and line.split("==")[0] not in PINS
    ]
    constraints.write_text("\n".join([*kept, *(f"{name}=={version}" for name, version in PINS.items())]))
    bin_ = folder / "venv" / "bin"
    uv("venv", "--python", sys.executable, str(bin_.parent))
    chosen = ["apache-airflow==3.3.2", *S3, LINEAGE, "--constraint", str(constraints)]
    uv("pip", "install", "--python", str(bin_ / "python"), *chosen)
    pip = bin_ / "pip"
    pip.write_text(
        f'#!/bin/sh\nexec env UV_NO_CACHE=1 {Path(sys.executable).with_name("uv")} pip "$@" --python {bin_}/python\n'
    )
    pip.chmod(0o755)
    return bin_


def wheel(tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "wheel")]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = (tmp_path / "wheel").glob("*.whl")
    return built


@pytest.fixture
def reader(tmp_path: Path, airflow: Path, pooled: int, bucket: str, bank: SandboxProcess) -> Reader:
    home = tmp_path / "airflow"
    (home / "dags").mkdir(parents=True)
    aws = {
        "conn_type": "aws",
        "login": "a",
        "password": "b",
        "extra": {"endpoint_url": bucket.rpartition("/")[0]},
    }
    token = json.dumps({"token_url": f"{bank.url}/token"}).replace('"', '\\"')
    return Reader(
        home,
        environment={
            "PATH": f"{airflow}:/usr/bin:/bin",
            "HOME": "/proc/nowhere",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
                {"type": "file", "log_file_path": str(home / "lineage.json"), "append": True}
            ),
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
            "MIGRATE_PASSWORD": LOGINS["ledger_migrate"],
            "RUN_PASSWORD": LOGINS["ledger_run"],
            "QBANK_CLIENT_ID": CLIENT_ID,
            "QBANK_CLIENT_SECRET": bank.secret,
            "NO_PROXY": "127.0.0.1",
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))},
        },
        replaced={
            f"airflow_provider_qbank_ledger-{package_version()}-py3-none-any.whl": str(wheel(tmp_path)),
            "https://raw.githubusercontent.com/apache/airflow/constraints-3.3.2/constraints-3.11.txt": str(
                airflow.parents[1] / CONSTRAINTS
            ),
            "ledger.example.com:5432": f"127.0.0.1:{pooled}",
            '\\"https://api.qbankconnect.com\\"': f'\\"{bank.url}\\", \\"extra\\": {token}',
        },
    )


def as_(server: Cluster, login: str, database: str) -> Callable[[str], list[tuple[object, ...]]]:
    def execute(statement: str) -> list[tuple[object, ...]]:
        url = server.url("postgres", database)
        if login in LOGINS:
            url = f"postgres://{login}:{LOGINS[login]}@127.0.0.1:{server.port}/{database}"
        with closing(psycopg2.connect(url.replace("postgres://", "postgresql://"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return execute


def sql_of(step: int) -> list[str]:
    (text,) = [text for language, text in blocks(step) if language == "sql"]
    return [line.partition(" --")[0] for line in text.splitlines() if not line.startswith("\\")]


def keys(bucket: str) -> set[str]:
    return set(
        re.findall("<Key>(.*?)</Key>", requests.get(f"{bucket}?list-type=2&max-keys=1000", timeout=10).text)
    )


def lineage(file: Path) -> dict[str, tuple[set[str], set[str]]]:
    """By task, what OpenLineage's events say that it read and wrote.

    All tasks of a foreground run share a process, and Airflow's collector with it: a task's own is what it adds.
    """
    found: dict[str, tuple[set[str], set[str]]] = {}
    for event in map(json.loads, file.read_text().splitlines()):
        sides = tuple(
            {f"{d['namespace']} {d['name']}" for d in event[side]} for side in ("inputs", "outputs")
        )
        name = event["job"]["name"].partition(".")[2]
        if event["eventType"] == "START":
            found[name] = sides[0], sides[1]
        elif name:
            found[name] = sides[0] - found[name][0], sides[1] - found[name][1]
    return found


@pytest.mark.timeout(600)
def test_the_page_leads_from_nothing_to_a_reconciled_hour(
    reader: Reader, server: Cluster, bucket: str, tmp_path: Path
) -> None:
    dba = as_(server, "postgres", "postgres")
    assert dba("SELECT pg_jit_available(), current_setting('jit')") == [(True, "on")]
    before = set(reader.types("pip freeze").splitlines())

    assert reader.follows(1).strip().endswith(f"schema {newest_revision()}")
    after = set(reader.types("pip freeze").splitlines())
    assert before - after == set(), "no package that was there has changed"
    installed = dict(line.split("==") for line in after if "==" in line)
    assert {name: Version(installed[name]) for name in PINS} == {
        name: Version(version) for name, version in PINS.items()
    }

    for statement in sql_of(2):
        dba(statement)
    for login, password in LOGINS.items():
        dba(f"ALTER ROLE {login} PASSWORD '{password}'")
    assert "went from nothing to" in reader.follows(3)
    as_(server, "ledger_migrate", "ledger")(*sql_of(3))

    assert requests.put(f"{bucket}/accounts.csv", accounts(), timeout=10).ok
    reader.follows(4)
    reader.follows(5)
    (dags,) = [text for language, text in blocks(6) if language == "python"]
    (reader.folder / "dags" / "ledger.py").write_text(dags)

    reader.types("airflow db migrate")
    said = reader.follows(7)
    assert "The ledger is intact: 1 seals cover its 40 rows." in said
    assert "is not kept in" not in said
    run = as_(server, "ledger_run", "ledger")
    assert run("SET ROLE qbank_loader; SELECT state, published FROM sync.run") == [("complete", ACCOUNTS)]
    assert "docs/run_1/index.html" in keys(bucket)

    port = reader.replaced["ledger.example.com:5432"].partition(":")[2]
    bank = reader.environment["AIRFLOW_CONN_QBANK_DEFAULT"]
    host = json.loads(bank)["host"].removeprefix("http://")
    table = f"postgres://127.0.0.1:{port} ledger."
    events = lineage(reader.folder / "lineage.json")
    assert events["plan"][0] == {"s3://aws_default@treasury accounts.csv"}
    assert events["fetch"] == ({f"qbank://{host} v1/balances"}, {f"{table}sync.observation"})
    assert events["publish"][1] == {f"{table}ledger.balance"}
    said = (reader.folder / "lineage.json").read_text()
    secret = reader.environment["QBANK_CLIENT_SECRET"]
    assert not [hidden for hidden in (*LOGINS.values(), secret) if hidden in said]

    today = datetime.now(UTC).date()
    gl = f"entity,gl_account,currency,as_of_date,balance\nQB01,1100,EUR,{today},1.00\n"
    assert requests.put(f"{bucket}/gl.csv", gl, timeout=10).ok
    reader.follows(8)
    compared = lineage(reader.folder / "lineage.json")["compare"]
    assert f"{table}ledger.balance" in compared[0]
    assert compared[1] == {f"{table}recon.reconciliation"}
    assert run("SET ROLE qbank_loader; SELECT count(*) FROM recon.gl_balance") == [(1,)]
    # What is dropped in a bucket is loaded by the next run; dropped twice it is one load.
    sources = reader.folder / "gl_sources.yaml"
    sources.write_text("sources:\n  - {name: erp, files: 's3://aws_default@treasury/tb/*.csv'}\n")
    reader.environment["QBANK_GL_SOURCES_FILE"] = str(sources)
    for name in ("one", "two"):
        assert requests.put(f"{bucket}/tb/{name}.csv", gl.replace("1.00", "2.00"), timeout=10).ok
    reader.types(f"""airflow dags test qbank_reconciliation --conf '{{"close_month": "{today:%Y-%m}"}}'""")
    assert run("SET ROLE qbank_loader; SELECT name FROM recon.file_load WHERE source = 'erp'") == [
        ("s3://aws_default@treasury/tb/one.csv",)
    ]
    assert {f"packs/{today:%Y-%m}.{kind}" for kind in ("xlsx", "html")} <= keys(bucket)
    assert {path.name for path in reader.folder.rglob("run_*") if "docs" in str(path)} == set()


class AsksInClear(socketserver.BaseRequestHandler):
    """So much of a PostgreSQL that asks for the password itself, as a cloud's does for its tokens."""

    def handle(self) -> None:
        self._message()
        self.request.sendall(b"R" + struct.pack("!ii", 8, 3))
        assert self.request.recv(1) == b"p"
        self.server.passwords.append(self._message().rstrip(b"\0").decode())  # type: ignore[attr-defined]

    def _message(self) -> bytes:
        (length,) = struct.unpack("!i", self.request.recv(4, socket.MSG_WAITALL))
        return bytes(self.request.recv(length - 4, socket.MSG_WAITALL))


CONNECTS_TWICE = """
import contextlib, time
from qbank_airflow.boundary import ledger
engine = ledger()
for _ in range(2):
    with contextlib.suppress(Exception):
        engine.connect()
    time.sleep(1.1)  # a token is of its second
"""


def test_a_token_of_aws_is_new_for_each_connection(reader: Reader) -> None:
    """By Airflow's own hook and boto3, which signs it without asking anybody."""
    reader.follows(1)
    with socketserver.TCPServer(("127.0.0.1", 0), AsksInClear) as server:
        server.passwords = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        reader.environment |= {
            "AWS_DEFAULT_REGION": "eu-central-1",
            "QBANK_LEDGER_AUTH": "password",
            "AIRFLOW_CONN_LEDGER_DEFAULT": f"postgres://ledger_run@127.0.0.1:{port}/ledger?iam=true&sslmode=disable",
        }
        (reader.folder / "twice.py").write_text(CONNECTS_TWICE)
        said = reader.types("python twice.py")
        server.shutdown()
    first, second = server.passwords  # type: ignore[attr-defined]
    for token in (first, second):
        assert token.startswith(f"127.0.0.1:{port}/?Action=connect&DBUser=ledger_run&")
        assert "X-Amz-Signature=" in token
        assert token not in said
    assert first != second
