"""docs/watch.md: its line of crontab works as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.words.ledger import Ledger


def test_the_line_of_crontab_hands_the_variables_on(ledger: Ledger, tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "watch.md").read_text("utf-8")
    [line] = re.findall(r"^ +5-55/10 \* \* \* \*  (.*)$", page, re.MULTILINE)
    connection = ledger.url.set(drivername="postgres").render_as_string(hide_password=False)
    file = tmp_path / "qbank-ledger.env"
    file.write_text(f"AIRFLOW_CONN_LEDGER_DEFAULT='{connection}'\nQBANK_ALERT_REMIND_HOURS=12\n")
    command = line.replace("/etc/qbank-ledger.env", str(file)).replace(
        "/opt/qbank/bin", f"{Path(sys.executable).parent}"
    )
    # As cron runs it.
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SHELL": "/bin/sh"}
    environ |= {name: value for name, value in os.environ.items() if name == "TMPDIR"}
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Alerts: 0 opened, 0 cleared, 0 open. Messages sent: 0.\n"
