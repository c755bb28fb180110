"""Where the audit's reports go: no place, and none that can't be written, costs an hour."""

from pathlib import Path

import pytest

from tests.words.sync import Sync


@pytest.mark.parametrize("place", ["nofs://bucket/docs", "s3://nobody@bucket/docs"])
def test_a_place_that_can_not_be_written_is_a_warning(
    sync: Sync, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    sync.environment("QBANK_DOCS", place)
    ended = sync.run()
    assert (ended.state, ended.of("audit")) == ("success", "success")
    assert sync.ledger.value("SELECT count(*) FROM ledger.balance") == 12
    assert caplog.text.count(f"is not kept in {place}: ") == 1


def test_a_state_directory_that_can_not_be_written_costs_none_of_forty_accounts(
    sync: Sync, caplog: pytest.LogCaptureFixture
) -> None:
    sync.ledger.accounts(*(f"acc-{n:04}" for n in range(40)))
    sync.environment("QBANK_STATE_DIR", "/proc/nowhere")
    caplog.set_level("WARNING")
    ended = sync.run()
    assert (ended.state, set(ended.tasks.values())) == ("success", {"success"})
    assert sync.ledger.rows("SELECT state, expected, published FROM sync.run") == [("complete", 40, 40)]
    [warning] = [record.getMessage() for record in caplog.records if record.name.startswith("qbank")]
    assert "is not kept in /proc/nowhere/data_docs: " in warning


def test_reports_go_by_airflows_own_path(sync: Sync, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    sync.environment("QBANK_DOCS", f"file://{tmp_path}/docs")
    assert sync.run().state == "success"
    (site,) = (tmp_path / "docs").iterdir()
    assert (site / "index.html").is_file()


def test_with_nowhere_to_go_there_is_no_report(sync: Sync, caplog: pytest.LogCaptureFixture) -> None:
    sync.environment("QBANK_DOCS", "")
    assert sync.run().state == "success"
    assert "is not kept in" not in caplog.text
    assert not (sync.ledger.folder / "state").exists()
