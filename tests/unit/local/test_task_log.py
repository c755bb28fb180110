"""What a run in the foreground said, for people."""

import json

from local.task_log import TaskLog


def start(task: str, index: int = -1) -> dict[str, object]:
    return {"event": f"[DAG TEST] starting task_id={task} map_index={index}", "level": "info"}


def end(task: str, index: int = -1) -> dict[str, object]:
    return {"event": f"[DAG TEST] end task task_id={task} map_index={index}", "level": "info"}


def state(name: str) -> dict[str, object]:
    return {"event": "Task instance state updated", "new_state": name, "level": "info"}


def error(sentence: str) -> dict[str, object]:
    return {
        "event": "Task failed with exception",
        "level": "error",
        "exception": [{"exc_type": "AirflowFailException", "exc_value": sentence}, {"exc_value": "a cause"}],
    }


def read(*events: dict[str, object] | str) -> tuple[list[str], list[str]]:
    shown: list[str] = []
    log = TaskLog(show=lambda line: shown.append(" ".join(line.split())))
    for event in events:
        log.read(event if isinstance(event, str) else json.dumps(event))
    return shown, log.errors


def test_each_task_is_a_line_and_mapped_ones_have_their_number() -> None:
    shown, errors = read(
        *(start("plan"), state("success"), end("plan")),
        *(start("fetch", 1), state("success"), end("fetch", 1)),
    )
    assert shown == ["plan success", "fetch 1 success"]
    assert errors == []


def test_a_failed_task_is_its_own_sentence_without_the_causes() -> None:
    _, errors = read(start("plan"), error("The file is bad."), state("failed"), end("plan"))
    assert errors == ["The file is bad."]


def test_what_the_ledger_warns_of_is_shown_and_what_others_warn_of_is_not() -> None:
    def warning(logger: str) -> dict[str, object]:
        return {"event": f"{logger} warns", "level": "warning", "logger": logger}

    shown, errors = read(start("load"), warning("qbank_ledger.recon.match"), warning("airflow.models"))
    assert shown == ["qbank_ledger.recon.match warns"]
    assert errors == []


def test_what_a_retry_put_right_is_no_error() -> None:
    _, errors = read(
        *(start("fetch", 0), error("The bank is slow."), state("up_for_retry"), end("fetch", 0)),
        *(start("fetch", 0), state("success"), end("fetch", 0)),
        *(start("settle"), error("One account is missing."), state("failed"), end("settle")),
    )
    assert errors == ["One account is missing."]


def test_the_same_sentence_of_many_tasks_is_said_once() -> None:
    _, errors = read(
        *(start("fetch", 0), error("Wrong secret."), state("failed"), end("fetch", 0)),
        *(start("fetch", 1), error("Wrong secret."), state("failed"), end("fetch", 1)),
    )
    assert errors == ["Wrong secret."]


def test_what_kept_a_run_from_starting_is_said_in_its_first_paragraph() -> None:
    _, errors = read("no JSON", "[1]", error("Invalid input for param dry_run.\n\nOn instance:\n    'x'"))
    assert errors == ["Invalid input for param dry_run."]
