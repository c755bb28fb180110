"""What `airflow dags test` says while it runs, a JSON object a line, as progress and sentences."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_EDGE = re.compile(r"\[DAG TEST\] (starting|end task) task_id=(\S+) map_index=(-?\d+)")
_BAD = ("failed", "upstream_failed")


@dataclass(slots=True)
class TaskLog:
    """Reads line by line; ``show`` gets a line for people when a task has ended.

    ``errors`` are the sentences of the tasks that failed for good, or else of what kept the run
    from starting.
    """

    show: Callable[[str], None] = print
    _task: str = ""
    _state: str = ""
    _said: dict[str, str] = field(default_factory=dict)  # the newest error of each task, all those of none
    _failed: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in one line; what is no JSON is passed over."""
        try:
            event = json.loads(line)
            text = str(event.get("event", ""))
        except (ValueError, AttributeError):
            return
        if edge := _EDGE.match(text):
            name = edge[2] if edge[3] == "-1" else f"{edge[2]} {edge[3]}"
            if edge[1] == "starting":
                self._task, self._state = name, ""
            else:
                self._end()
        elif "new_state" in event:
            self._state = str(event["new_state"])
        elif event.get("level") == "warning" and str(event.get("logger")).startswith("qbank"):
            self.show(f"  {text}")
        elif event.get("exception") and event.get("level") in ("error", "critical"):
            exception = event["exception"][0]
            sentence = str(exception.get("exc_value") or exception.get("exc_type"))
            sentence = sentence.partition("\n\n")[0]  # a schema's error goes on for pages
            self._said[self._task or sentence] = sentence

    @property
    def errors(self) -> list[str]:
        """The sentences, each once, in the order in which the tasks failed."""
        said = [self._said[task] for task in self._failed if task in self._said]
        return list(dict.fromkeys(said or self._said.values()))

    def _end(self) -> None:
        self.show(f"  {self._task:<10} {self._state}")
        if self._task in self._failed:
            self._failed.remove(self._task)
        if self._state in _BAD:
            self._failed.append(self._task)
        self._task = ""
