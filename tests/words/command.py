"""A command line, called in this process: nothing is imported anew."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch


def called(
    main: Callable[[], int], *arguments: str, environ: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """What ``main`` ended with and said, in an environment of its own; line ends are those that were written."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    argv = ["command", *arguments]
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "argv", argv),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code: Any = main()
        except SystemExit as exit_:
            code = exit_.code
    said = [stream.buffer.getvalue().decode() for stream in (out, err) if not stream.flush()]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(argv, code, *said)
