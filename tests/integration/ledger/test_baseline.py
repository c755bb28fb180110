"""The baseline has all that the twelve revisions before it made; where it differs, it is meant to."""

import re

from qbank_ledger.db.migrate import migrate

from .bare_server import Server, database
from .before_baseline import REVISIONS, migrate_to

# Gone on purpose. What was a grant to each of five roles is one to qbank_analyst, which the others are as well …
INHERITED = re.compile(r"qbank_(loader|operator|preparer|approver) (SELECT|USAGE|EXECUTE) f")
# … the hash of a seal takes the form that it was made in, and what an account, a currency, an amount or a hash may be
# is said once, by a domain; what sync has for each account is partitioned by runs, and bodies have a table of their own.
# What has a plainer name now.
RENAMED = {
    "take_turn": "acquire_lock", "take_back": "revoke_sign_off", "make_way": "cancel_blocking_readers",
    "note_otherwise": "track_changed", r"note_(?=balance|account|gl_balance|item|new|loaded|inserted|updated|deleted)": "track_",
    "keep_(?=updated|deleted)": "archive_", "sync.fate": "sync.current_outcome", "recon.act(?=[(])": "recon.record_sign_off",
    "(?<=ledger.)gap|gap(?=_)": "missing_hour_reason", "(?<=recon.)gl_load(?![a-z_])": "file_load",
    "gl_load_pkey": "file_load_pkey", "gl_load_kind_check": "file_load_kind_check",
}  # fmt: skip
OTHERWISE = re.compile(
    r"ledger\.seal_sha256\(.*time zone\)"
    r"|constraint .*_(account_id|currency|fingerprint|sha256|balance|amount|difference|items|unexplained)_check"
    r"|constraint sync\.batch batch_fetch_started_at_not_null"  # a batch is written down before it begins
    r"|constraint sync\.verdict verdict_run_no_fkey"  # docs/adr/0029
    r"|.* sync\.observation_\d{4}_\d\d(_pkey)?\b|.* sync\.observation (run_started_at|payload|observation_run_started_at_not_null)"
    r"|.*sync\.drop_payloads\(interval\)|(index|relation) sync\.run_payloads"
    r"|.*function ledger\.closing\(text,text,time without time zone,date\)"  # it has the grace now
    r"|grant relation ledger\.accepted_host qbank_loader INSERT f"  # by a function: the first, and no other
    r"|grant relation \S+_\d+ qbank_analyst SELECT f"  # a partition: read through its table alone
)


def renamed(name: str) -> str:
    """The name that a thing of before has now."""
    for before, now in RENAMED.items():
        name = re.sub(before, now, name)
    return name


def test_nothing_of_the_twelve_revisions_is_lost(bare_server: Server) -> None:
    """Relations, columns in their order, constraints, indexes, triggers, functions, grants: by their names."""
    migrate_to(REVISIONS[-1], database(bare_server, "old"))
    migrate(database(bare_server, "new"))
    old, new = (
        {
            # A column is its place and name, a grant what it says; of anything else what it says may differ.
            (
                kind,
                re.sub(r"^(sync\.observation) \d+$", r"\1", renamed(str(name))),
                *([str(says).partition(" | ")[0]] if kind in ("column", "grant") else []),
            )
            for kind, name, says in bare_server.catalogue(database)
        }
        for database in ("old", "new")
    )
    lost = {" ".join(map(str, thing)) for thing in old - new}
    assert {thing for thing in lost if not (INHERITED.search(thing) or OTHERWISE.search(thing))} == set()
