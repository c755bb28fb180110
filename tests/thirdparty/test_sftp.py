"""Books from an SFTP server, by Airflow's own provider: dropped there, loaded once."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from tests.conftest import free_port
from tests.thirdparty.program import from_wheels, running
from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day
from tests.words.ledger import Ledger

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder outside of .venv, with what sftp.txt pins: the path for PYTHONPATH."""
    return str(from_wheels(HERE / "sftp.txt", tmp_path_factory.mktemp("sftp")))


@pytest.fixture
def books(ledger_url: URL, tmp_path: Path) -> Books:
    books = Books(Ledger(ledger_url, tmp_path))
    books.account()
    books.bank(day(1), "100")
    return books


class Erp:
    """What the ERP sees: its outbox on the server; and the login that it gave us."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.folder, self.port, self.password = folder, port, password

    def drops(self, name: str, content: str, at: int) -> None:
        path = self.folder / "out" / name
        path.write_text(content)
        os.utime(path, (at, at))

    def connection(self, **fields: Any) -> str:
        known = {
            "conn_type": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "login": "erp",
            "password": self.password,
        }
        return json.dumps(known | fields)


@pytest.fixture
def erp(packages: str, tmp_path: Path) -> Iterator[Erp]:
    folder, port, password = tmp_path / "erp", free_port(), secrets.token_urlsafe(12)
    (folder / "out").mkdir(parents=True)
    command = [
        sys.executable,
        str(HERE / "sftp_server.py"),
        str(port),
        str(folder),
        str(tmp_path / "host_key"),
    ]
    environment = {**os.environ, "PYTHONPATH": packages, "SFTP_PASSWORD": password}
    with running(command, port=port, log=tmp_path / "sftp.log", env=environment):
        yield Erp(folder, port, password)


class Reconciler:
    """An Airflow process with the provider: each run is one of reconciler.py. All that it says is kept."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._stdin, self._stdout = process.stdin, process.stdout
        self.said = ""

    def run(self) -> str:
        """One run: its state, and those of its tasks load and sources."""
        self._stdin.write("now\n")
        self._stdin.flush()
        for line in self._stdout:
            self.said += line
            if line.startswith("outcome: "):
                return line.removeprefix("outcome: ").strip()
        pytest.fail(f"Airflow ended: {self.said[-3000:]}")


@pytest.fixture(scope="module")
def airflow_home(packages: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with Airflow's database in it, as it is made: each test has a copy."""
    home = tmp_path_factory.mktemp("airflow")
    environ = {**os.environ, "PYTHONPATH": packages, "AIRFLOW_HOME": str(home)}
    airflow = Path(sys.executable).with_name("airflow")
    subprocess.run([airflow, "db", "migrate"], env=environ, check=True, capture_output=True)
    return home


@pytest.fixture
def reconciler_by(
    books: Books, packages: str, airflow_home: Path, tmp_path: Path
) -> Iterator[Callable[[str], Reconciler]]:
    """Start an Airflow process whose sources lie behind a connection."""
    sources = tmp_path / "gl_sources.yaml"
    sources.write_text(
        "sources:\n  - {name: tb, files: 'sftp://erp_out@/out/*.csv'}\n"
        "  - {name: items, profile: plain-items, files: 'sftp://erp_out@/out/*.txt'}\n"
    )
    ledger = books.ledger.url.set(drivername="postgres").render_as_string(hide_password=False)
    ours = {
        "PYTHONPATH": packages,
        "AIRFLOW_HOME": str(shutil.copytree(airflow_home, tmp_path / "airflow")),
        "AIRFLOW_CONN_LEDGER_DEFAULT": ledger,
        "QBANK_GL_SOURCES_FILE": str(sources),
        "QBANK_STATE_DIR": str(tmp_path / "state"),
    }
    with ExitStack() as stack:

        def start(connection: str) -> Reconciler:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(HERE / "reconciler.py")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    env=os.environ | ours | {"AIRFLOW_CONN_ERP_OUT": connection},
                )
            )
            stack.callback(process.kill)
            return Reconciler(process)

        yield start


READ = "SELECT source, name, load_no FROM recon.source_file ORDER BY seen_at"


def test_what_is_dropped_on_an_sftp_server_is_reconciled_once(
    books: Books, erp: Erp, reconciler_by: Callable[[str], Reconciler]
) -> None:
    """Twice is one load, also of the same bytes in another file; a newer file goes on top, a refused one is said once."""
    airflow = reconciler_by(erp.connection())
    assert airflow.run() == "success success success", "nothing is there yet"
    erp.drops("b.csv", f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},90\n", at=1_700_000_000)
    erp.drops("a.csv", f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n", at=1_700_000_001)
    erp.drops(
        "cheques.txt", f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,cheque,-7,4711\n", at=1_700_000_002
    )
    for _ in range(2):
        assert airflow.run() == "success success success", airflow.said[-3000:]
        assert [tuple(row) for row in books.rows(READ)] == [
            ("tb", "sftp://erp_out@/out/b.csv", 1), ("tb", "sftp://erp_out@/out/a.csv", 2),
            ("items", "sftp://erp_out@/out/cheques.txt", 3),
        ]  # fmt: skip
    assert (books.newest().gl_balance, *books.found()) == (93, "matched", None)

    erp.drops("copy.csv", f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n", at=1_700_000_003)
    erp.drops("bad.csv", f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93-\n", at=1_700_000_004)
    assert airflow.run() == "failed success failed"
    assert (
        "source tb: The file sftp://erp_out@/out/bad.csv has 1 problem(s), and nothing of it was"
        in airflow.said
    )
    assert airflow.run() == "success success success"
    assert books.value("SELECT count(*) FROM recon.file_load") == 3
    assert erp.password not in airflow.said


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"password": "another"}, "Permission denied"), ({"port": 1}, "Connect call failed")],
    ids=["a wrong password", "nobody there"],
)
def test_a_server_that_lets_nobody_in_is_a_sentence(
    erp: Erp, reconciler_by: Callable[[str], Reconciler], fields: dict[str, Any], said: str
) -> None:
    airflow = reconciler_by(erp.connection(**fields))
    assert airflow.run() == "failed success failed"
    sentences = re.findall(r"source (?:tb|items): it can't be reached \((.*?)\)", airflow.said)
    assert len(sentences) >= 2
    assert said in sentences[0]
