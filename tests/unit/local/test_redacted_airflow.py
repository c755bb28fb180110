"""Every line that Airflow writes is redacted on its way out."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from local.redacted_airflow import RedactedStream
from local.settings import MASKING, ROOT, Settings, foreground_environment


def of(secret: str, target: io.BytesIO) -> RedactedStream:
    return RedactedStream(target, lambda line: line.replace(secret, "***"))


def test_a_secret_is_taken_out_however_it_was_written() -> None:
    target = io.BytesIO()
    stream = of("planted", target)
    for part in (b"one planted\ntwo pl", b"ant", b"ed\n\nplan", b"ted"):
        assert stream.write(part) == len(part)
    assert target.getvalue() == b"one ***\ntwo ***\n\n"  # a line that is begun may hold half a secret
    stream.close()
    assert target.getvalue() == b"one ***\ntwo ***\n\n***"


def test_text_that_is_not_utf_8_is_written_all_the_same() -> None:
    target = io.BytesIO()
    of("planted", target).write(b"\xff planted\n")
    assert target.getvalue().decode() == "\ufffd ***\n"


def test_nobody_can_write_past_it() -> None:
    with pytest.raises(io.UnsupportedOperation):
        of("planted", io.BytesIO()).fileno()


def test_airflow_masks_secrets_as_json_and_repr_show_them_unless_the_user_has_an_adapter(
    tmp_path: Path,
) -> None:
    [name] = MASKING
    for given, set_to in (({}, "qbank.masking.escaped"), ({name: "mine.adapter"}, "mine.adapter")):
        settings = Settings.read({"QBANK_STATE_DIR": str(tmp_path), **given})
        assert foreground_environment(settings, tmp_path, {})[name] == set_to


def test_at_debug_masked_texts_and_a_vaults_answers_are_not_shown(tmp_path: Path) -> None:
    code = """
import logging
from local import redacted_airflow
redacted_airflow.main()
from airflow.sdk.log import mask_secret
mask_secret("planted-\\"one\\'")
class Message:
    def __repr__(self):
        return repr({"value": "planted-\\"one\\'"})
log = logging.getLogger("anybody")
log.debug("the control")
log.debug("told: %r", Message())
logging.getLogger("botocore.parsers").debug("Response body: planted-two")
print("said: planted-\\"one\\'")
raise ValueError("planted-\\"one\\'")
"""
    environ = {
        **foreground_environment(Settings.read({"QBANK_STATE_DIR": str(tmp_path)}), tmp_path, {}),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, "version"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "the control" in done.stdout
    assert "told: {'value': '***'}" in done.stdout
    assert "said: ***" in done.stdout
    assert "planted" not in done.stdout + done.stderr
    assert "ValueError" in done.stdout + done.stderr


@pytest.mark.parametrize(("arguments", "status"), [(["version"], 0), (["dags", "no-such-verb"], 2)])
def test_it_ends_as_airflow_does_and_takes_nothing_down_by_hand(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    code = """
from local import redacted_airflow
class Kept:
    def __del__(self):
        print("taken down", flush=True)
kept = Kept()
redacted_airflow.main()
"""
    environ = foreground_environment(Settings.read({"QBANK_STATE_DIR": str(tmp_path)}), tmp_path, {})
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "taken down" not in done.stdout


def test_tasks_ask_an_api_of_one_version(tmp_path: Path) -> None:
    code = """
import sys
from local import redacted_airflow
redacted_airflow.main()
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.sdk.api.datamodels._generated import API_VERSION
app = InProcessExecutionAPI().app
print("versions:", [version.value for version in app.versions.versions] == [API_VERSION])
"""
    environ = foreground_environment(Settings.read({"QBANK_STATE_DIR": str(tmp_path)}), tmp_path, {})
    done = subprocess.run(
        [sys.executable, "-c", code, "version"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "versions: True" in done.stdout, done.stderr
