"""Every schema that was ever released upgrades: a ledger of each version is restored, migrated, and goes on."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from qbank_ledger.config import package_version
from qbank_ledger.db.migrate import migrate, newest_revision
from qbank_ledger.seals.verify import verify
from tests.conftest import REPOSITORY
from tests.released import HERE, dump_of, schema_of
from tests.words.ledger import Ledger, Reply

from .bare_server import Server, database
from .lived_in import rows, tables

DUMPED = sorted(file.stem for file in HERE.glob("*.sql"))
# What is of the time at which it was made: the tables of a month, and of a block of runs.
OF_ITS_TIME = re.compile(r"\.\w+_(20\d\d_\d\d|\d+_\d+)\b")
COMPARED_AGAIN = re.compile(r"recon\.changed\b|recon\.changed_")  # a revision may ask for more
# What has another name since a version was released.
PLACES = {"recon.gl_load": "recon.file_load"}
HEADING = re.compile(r"^## \[(\d+\.\d+\.\d+)\] . (\S+)$", re.MULTILINE)


def timeless(server: Server, name: str) -> set[tuple[object, ...]]:
    """What PostgreSQL knows of a ledger's schemas, without what is of its time.

    Of a copy by pg_dump: PostgreSQL words a restored expression otherwise than one that was typed.
    """
    database(server, f"copy_of_{name}")
    server.psql(f"copy_of_{name}", server.dump(name))
    return {
        thing
        for thing in server.catalogue(f"copy_of_{name}")
        if not OF_ITS_TIME.search(" ".join(map(str, thing)))
    }


@pytest.mark.parametrize("version", DUMPED)
def test_a_ledger_of_a_released_version_keeps_every_row_and_goes_on(
    version: str, bare_server: Server, tmp_path: Path
) -> None:
    migrate(database(bare_server, "fresh"))  # makes the roles, which no dump has
    url = database(bare_server, "restored")
    bare_server.psql("restored", dump_of(version).read_text("utf-8"))
    there = tables(bare_server, "restored")
    before = rows(bare_server, "restored", there)
    assert all(before.values())

    assert migrate(url).endswith((f"to {newest_revision()}.", f"the newest schema ({newest_revision()})."))
    after = rows(bare_server, "restored", there, PLACES)
    assert set(before["recon.changed"]) <= set(after["recon.changed"])
    kept = [name for name in before if not COMPARED_AGAIN.match(name)]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    for table, actor in (
        ("recon.sign_off", "actor"), ("recon.file_load", "loaded_by"), ("sync.release", "released_by"),
    ):  # fmt: skip
        found = bare_server.run(f"SELECT DISTINCT via = {actor} FROM {table}", "restored")
        assert found == [(True,)], "who acted before the page was there, did so by a login"
    assert timeless(bare_server, "restored") ^ timeless(bare_server, "fresh") == set()

    ledger = Ledger(url, tmp_path)
    seals = ledger.value("SELECT count(*) FROM ledger.seal")
    assert verify(ledger.engine).startswith(f"The ledger is intact: {seals} seals cover its ")
    run_no = ledger.quick_run(lambda id_: Reply(account_id=id_))
    assert ledger.rows("SELECT state, published FROM sync.run WHERE run_no = :n", n=run_no) == [
        ("complete", 3)
    ]
    assert verify(ledger.engine).startswith(f"The ledger is intact: {seals + 1} seals cover its ")
    ledger.owner.dispose()


def problems_with_releases(changes: str, version: str, dumped: Mapping[str, str], newest: str) -> list[str]:
    """What a release has left undone, by the changelog, the package's version and each dump's schema."""
    versions = HEADING.findall(changes)
    released = [name for name, day in versions if day != "unreleased"]
    problems = [f"{name} was released, and has no dump" for name in released if name not in dumped]
    problems += [f"{name} was passed by, and has no day" for name, day in versions[1:] if day == "unreleased"]
    if versions[0][0] != version:
        problems.append(f"the package is {version}, the changelog begins with {versions[0][0]}")
    if version in released and dumped.get(version) != newest:
        problems.append(
            f"{version} was released, and its dump is not at {newest}: a new schema is a new version"
        )
    for (name, _), text in zip(versions, HEADING.split(changes)[3::3], strict=True):
        for said in ("Upgrading", "Deprecated"):
            problems += [f"{name} does not say {said}"] if f"### {said}\n" not in text else []
    return problems


def test_every_release_has_a_dump_a_day_and_notes_for_who_upgrades() -> None:
    dumped = {version: schema_of(version) for version in DUMPED}
    changes = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert problems_with_releases(changes, package_version(), dumped, newest_revision() or "") == []


@pytest.mark.parametrize(
    ("day", "version", "dumped", "problem"),
    [
        ("2027-01-31", "0.2.0", {}, "0.1.0 was released, and has no dump"),
        ("unreleased", "0.2.0", {"0.1.0": "0001"}, "0.1.0 was passed by, and has no day"),
        ("2027-01-31", "0.3.0", {"0.1.0": "0001"}, "the package is 0.3.0, the changelog begins with 0.2.0"),
    ],
)
def test_a_version_that_was_passed_by_is_found(
    day: str, version: str, dumped: dict[str, str], problem: str
) -> None:
    notes = "### Upgrading\n### Deprecated\n"
    changes = f"## [0.2.0] - unreleased\n{notes}## [0.1.0] - {day}\n{notes}"
    assert problems_with_releases(changes, version, dumped, "0002") == [problem]


def test_a_release_whose_dump_or_notes_are_of_before_is_found() -> None:
    changes = "## [0.1.0] - 2027-01-31\n### Upgrading\n"
    assert problems_with_releases(changes, "0.1.0", {"0.1.0": "0001"}, "0002") == [
        "0.1.0 was released, and its dump is not at 0002: a new schema is a new version",
        "0.1.0 does not say Deprecated",
    ]
