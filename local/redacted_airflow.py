"""The ``airflow`` command, with every line that it writes redacted: what foreground.py starts.

Airflow takes secrets out of the texts of its log. At DEBUG it writes objects, too, by their repr: among
them the message that tells its supervisor a secret, with the secret in it. So each line is redacted once
more here, when it is nothing but text.
"""

import atexit
import gc
import io
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO


class RedactedStream(io.RawIOBase):
    """Bytes go to ``target`` in whole lines, and each line as ``redact`` leaves it.

    Without a file descriptor, so that nobody writes past it.
    """

    def __init__(self, target: BinaryIO, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._target, self._redact = target, redact
        self._begun = b""
        self._lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = bytes(data)
        with self._lock:
            *lines, self._begun = (self._begun + written).split(b"\n")
            for line in lines:
                self._put(line + b"\n")
        return len(written)

    def close(self) -> None:
        with self._lock:
            self._put(self._begun)
            self._begun = b""
        super().close()

    def _put(self, line: bytes) -> None:
        self._target.write(self._redact(line.decode("utf-8", "replace")).encode())
        self._target.flush()


def main() -> None:
    """Run ``airflow`` with the arguments of this process, which ends with it."""
    status = 1

    def leave() -> None:
        # To take down all that Airflow has made, piece by piece, is a tenth of a run's time.
        logging.shutdown()
        os._exit(status)

    atexit.register(leave)  # first in, last out
    # What it imports stays: the garbage collector went through it for a tenth of a run's time.
    gc.set_threshold(50_000, 20, 20)
    for name in ("stdout", "stderr"):
        stream = RedactedStream(getattr(sys, name).buffer, _redact)
        setattr(sys, name, io.TextIOWrapper(stream, "utf-8", "backslashreplace", write_through=True))
        atexit.register(stream.close)
    # It logs the answer of a vault before Airflow knows it for a secret.
    logging.getLogger("botocore").setLevel(logging.INFO)
    # Now: its log keeps the streams that it finds.
    from airflow.__main__ import main as airflow  # noqa: PLC0415

    leave_out_old_apis()
    sys.argv[0] = "airflow"
    try:
        airflow()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise


def leave_out_old_apis() -> None:
    """Have the API that tasks ask in its newest version alone: to make all nine takes some four seconds.

    Older ones are for workers of an older Airflow, and here the tasks are of this process.
    """
    from airflow.api_fastapi.execution_api import routes, versions  # noqa: PLC0415
    from cadwyn import HeadVersion, Version, VersionBundle  # noqa: PLC0415
    from cadwyn.route_generation import _DELETED_ROUTE_TAG  # noqa: PLC0415

    versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
    known = routes.execution_api_router.routes
    known[:] = [route for route in known if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())]


def _redact(line: str) -> str:
    """As Airflow does: its core and its SDK are told of secrets apart."""
    from airflow._shared.secrets_masker import redact as by_core  # noqa: PLC0415
    from airflow.sdk._shared.secrets_masker import redact as by_sdk  # noqa: PLC0415

    return str(by_sdk(by_core(line)))


if __name__ == "__main__":
    main()
