"""A folder to write in: gone at the end, and what a killed writer left goes with the next."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qbank_ledger.files.scratch import scratch

WRITER = """
import sys, time
from pathlib import Path
from qbank_ledger.files.scratch import scratch
with scratch(Path(sys.argv[1]), ".close-") as folder:
    (folder / "half.xlsx").write_text("half")
    print(folder, flush=True)
    time.sleep(60)
"""


def writer(folder: Path) -> tuple["subprocess.Popen[str]", Path]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_it_is_there_for_its_writer_alone_and_then_gone(tmp_path: Path) -> None:
    with scratch(tmp_path, ".a.csv.") as folder:
        assert folder.is_dir()
        assert oct(folder.stat().st_mode)[-3:] == "700"
        (folder / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch(tmp_path, ".close-") as folder:
            (folder / "file").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    killed, left = writer(tmp_path)
    living, kept = writer(tmp_path)
    assert left.exists()
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(10)
    with scratch(tmp_path, ".close-"):
        assert not left.exists()
        assert (kept / "half.xlsx").exists()
    living.kill()
    living.wait(10)


def test_what_is_somebody_elses_stays_whatever_it_is_called(tmp_path: Path) -> None:
    theirs = [
        ".env.production",
        ".env.d/keep",
        ".close-notes.txt",
        ".env.0123456789ab-old/keep",
        ".env.0123456789ab",
    ]
    for name in theirs:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("precious")
    for prefix in (".env.", ".close-"):
        with scratch(tmp_path, prefix):
            pass
    assert {name: (tmp_path / name).read_text() for name in theirs} == dict.fromkeys(theirs, "precious")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".close-0123456789ab").symlink_to(elsewhere)
    with scratch(folder, ".close-"):
        pass
    assert (elsewhere / "precious").exists()
