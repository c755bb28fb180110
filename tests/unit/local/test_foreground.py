"""What a run in the foreground said, for people."""

import json

import pytest
from local.foreground import _warnings_and_errors
from local.report import Progress


def task(ident: str) -> dict[str, object]:
    return {"event": "Task started", "ti_id": ident, "level": "info"}


def error(sentence: str) -> dict[str, object]:
    return {
        "event": "Task failed with exception",
        "level": "error",
        "exception": [{"exc_type": "AirflowFailException", "exc_value": sentence}, {"exc_value": "a cause"}],
    }


def said(*events: dict[str, object] | str, failed: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    return _warnings_and_errors(
        (each if isinstance(each, str) else json.dumps(each) for each in events), failed
    )


def test_each_stage_is_a_line_when_it_changes_and_a_mapped_one_counts_its_tasks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress()

    def shown(plan: str, *fetch: str | None) -> list[str]:
        tasks = [{"task_id": "plan", "map_index": -1, "state": plan}]
        tasks += [{"task_id": "fetch", "map_index": n, "state": state} for n, state in enumerate(fetch)]
        changed = progress.show(tasks)
        lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
        assert changed == bool(lines)
        return lines

    assert shown("queued") == []
    assert shown("success", None, "running") == ["plan success", "fetch running 1/2"]
    assert shown("success", None, "running") == []
    assert shown("success", "failed", "success") == ["fetch failed 1/2, success 1/2"]


def test_a_failed_task_is_its_own_sentence_without_the_causes() -> None:
    _, errors = said(task("plan"), error("The file is bad."), failed=("plan",))
    assert errors == ["The file is bad."]


def test_what_the_ledger_warns_of_is_shown_and_what_others_warn_of_is_not() -> None:
    def warning(logger: str) -> dict[str, object]:
        return {"event": f"{logger} warns", "level": "warning", "logger": logger}

    warnings, errors = said(task("load"), warning("qbank_ledger.recon.match"), warning("airflow.models"))
    assert warnings == ["qbank_ledger.recon.match warns"]
    assert errors == []


def test_what_a_retry_put_right_is_no_error() -> None:
    _, errors = said(
        *(task("fetch, try 1"), error("The bank is slow."), task("fetch, try 2")),
        *(task("settle"), error("One account is missing.")),
        failed=("settle",),
    )
    assert errors == ["One account is missing."]


def test_the_same_sentence_of_many_tasks_is_said_once() -> None:
    _, errors = said(
        *(task("fetch 0"), error("Wrong secret."), task("fetch 1"), error("Wrong secret.")),
        failed=("fetch 0", "fetch 1"),
    )
    assert errors == ["Wrong secret."]


def test_what_kept_a_run_from_starting_is_said_in_its_first_paragraph() -> None:
    _, errors = said("no JSON", "[1]", error("Invalid input for param dry_run.\n\nOn instance:\n    'x'"))
    assert errors == ["Invalid input for param dry_run."]
