"""Start a program once what a killed one of the same name left behind has been ended.

``python local/successor.py COMMAND …``, run by a supervisor. A scheduler that is killed leaves its workers
and their tasks: the scheduler that comes after it does not know them, and starts the same tasks again.
"""

import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """End the predecessor's processes, then become the command."""
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # it was run as a file
    from local import processes  # noqa: PLC0415

    name = os.environ[processes.PROGRAM]
    # Killed at once: a task that is asked to end says that it failed, and that costs one of its tries.
    processes.end(
        [
            each.process
            for each in processes.find(Path(os.environ[processes.MARK]))
            if each.program == name and each.process.pid != os.getpid()
        ],
        5,
        how=signal.SIGKILL,
    )
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the supervisor's own configuration


if __name__ == "__main__":
    main()
