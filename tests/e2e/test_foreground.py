"""`make sync`: one run in the foreground, with nothing of the stack up but PostgreSQL."""

import json
import os
import re
import signal
import time

import pytest

from tests.words.stack import Commands

OF_TODAY = """SELECT entity, gl_account, ((max(observed_at) - interval '301 seconds') AT TIME ZONE max(time_zone))::date
                FROM ledger.account JOIN ledger.balance USING (account_id)
               WHERE cut_off IS NULL AND account.currency = 'EUR'
               GROUP BY entity, gl_account HAVING count(*) = 1 ORDER BY 1, 2"""


WHOLE = "of 30 accounts 30 published, 0 quarantined, 0 failed."


@pytest.mark.slow
def test_a_run_that_was_killed_holds_up_nothing_and_the_next_one_is_whole(commands: Commands) -> None:
    killed = commands.start("sync")
    while "fetch" not in (killed.stdout.readline() if killed.stdout else "fetch"):
        assert killed.poll() is None
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()

    done = commands.run("sync")
    assert done.returncode == 0, done.stdout + done.stderr
    assert WHOLE in done.stdout
    assert commands.query("SELECT account_id FROM ledger.balance GROUP BY 1 HAVING count(*) > 1") == []
    assert [path.name[:9] for path in (commands.state / "sync").iterdir()] == ["metadata-"]

    # The trigger's configuration gets there: Airflow itself finds this one wrong.
    wrong = commands.run("sync", CONF='{"dry_run": "maybe"}')
    assert wrong.returncode == 1
    assert wrong.stderr == "Invalid input for param dry_run: 'maybe' is not of type 'boolean'\n"


def test_a_run_is_compared_with_books_and_goes_on_to_an_erp(commands: Commands) -> None:
    done = commands.run("sync")
    assert done.returncode == 0, done.stdout + done.stderr
    assert WHOLE in done.stdout

    # Beside books of one's own: what is open is shown. Of an account whose day has no end before its date's.
    gl = commands.state / "gl.csv"
    account = commands.query(OF_TODAY)[0]
    entity, gl_account, day = account.split(",")
    gl.write_text(f"entity,gl_account,currency,as_of_date,balance\n{entity},{gl_account},EUR,{day},5\n")
    compared = commands.run("reconcile", CONF=json.dumps({"gl_file": str(gl), "as_of_date": str(day)}))
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert re.search(
        rf" {entity} {gl_account} +EUR +{day} .* break +unexplained +0 d",
        compared.stdout,
    )

    # What landed goes on to an ERP; nothing but the file is on standard output, also when PostgreSQL has to start.
    commands.run("stop")
    exported = commands.run("export", FORMAT="csv")
    assert (exported.returncode, len(exported.stdout.splitlines())) == (0, 31), exported.stderr
    assert exported.stderr == "The embedded PostgreSQL was started and stays up: `make stop` stops it.\n"
    out = commands.state / "balances.xml"
    exported = commands.run("export", FORMAT="camt052", VERSION="001.08", OUT=str(out))
    assert (exported.returncode, exported.stdout) == (0, ""), exported.stderr
    assert "camt.052.001.08" in out.read_text()


def test_what_keeps_a_run_from_succeeding_is_one_sentence(commands: Commands) -> None:
    began = time.monotonic()
    for conf in ('{"dry_run": tru}', "[]"):
        refused = commands.run("sync", CONF=conf)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("CONF must be a JSON object")
    down = commands.run("sync", AIRFLOW_CONN_LEDGER_DEFAULT="postgres://nobody@127.0.0.1:1/ledger")
    assert (down.returncode, len(down.stderr.splitlines())) == (1, 1)
    assert time.monotonic() - began < 60, "nothing was started for it"
    assert commands.marked() == []
