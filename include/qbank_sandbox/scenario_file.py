"""The scenario's file: YAML that may change at any moment, read whole or not at all."""

import fnmatch
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from qbank_sandbox.catalogue import choose
from qbank_sandbox.faults import ENDPOINTS, ChosenFault, Endpoint, FaultError
from qbank_sandbox.scenario import BUCKETS, FaultRule, Scenario

log = logging.getLogger("qbank_sandbox")


class ScenarioError(ValueError):
    """The scenario file can't be used; the text is one sentence."""


class ScenarioFile:
    """A scenario kept in step with its file: a change counts from the next call on.

    A file that isn't there means no faults. One that can't be used is said once in the log, and the
    scenario before it stays.
    """

    def __init__(self, path: Path | None) -> None:
        """Raises ScenarioError when the file is there and can't be used."""
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._scenario = Scenario()
        if path is not None and path.exists():
            self._seen = self._stamp()
            self._scenario = read_scenario(path)

    def current(self) -> Scenario:
        """The scenario as the file has it now."""
        if self._path is None or (stamp := self._stamp()) == self._seen:
            return self._scenario
        self._seen = stamp
        try:
            self._scenario = Scenario() if stamp is None else read_scenario(self._path)
        except ScenarioError as error:
            log.error("%s The scenario before it stays.", error)  # noqa: TRY400 - the sentence is enough
        else:
            log.info("The scenario file %s was read again.", self._path)
        return self._scenario

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            stat = self._path.stat() if self._path else None
        except OSError:
            return None
        return stat and (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def read_scenario(path: Path) -> Scenario:
    """Read the file whole, every scalar as text. Raises ScenarioError, naming file and rule."""
    try:
        # BaseLoader makes nothing but text: 1.10 stays 1.10, and no date is guessed.
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        return _scenario(document or {})
    except OSError as error:
        raise ScenarioError(f"The scenario file {path} can't be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise ScenarioError(
            f"The scenario file {path} is not YAML: {' '.join(str(error).split())}."
        ) from None
    except (FaultError, UnicodeDecodeError) as error:
        raise ScenarioError(f"The scenario file {path}: {error}.") from None


def _scenario(document: Any) -> Scenario:
    known = {"outage", "rate_limit", "balances", "token"}
    sections = _mapping(document, "the file", known)
    limit = sections.get("rate_limit")
    return Scenario(
        outage=tuple(_faults(sections["outage"], *ENDPOINTS)) if sections.get("outage") else (),
        rate_limit=None if limit is None else _count(limit, "rate_limit"),
        rules={endpoint: tuple(_rules(sections.get(endpoint) or [], endpoint)) for endpoint in ENDPOINTS},
    )


def _rules(listed: Any, endpoint: Endpoint) -> Iterator[FaultRule]:
    if not isinstance(listed, list):
        raise FaultError(f"{endpoint} must be a list of rules")
    keys = {"faults", "times"} | ({"accounts", "percent"} if endpoint == "balances" else set())
    start = 0
    for number, entry in enumerate(listed, start=1):
        try:
            rule = _mapping(entry, "a rule", keys)
            share, start = _share(rule.get("percent"), start)
            yield FaultRule(
                faults=tuple(_faults(rule.get("faults"), endpoint)),
                matches=_patterns(rule.get("accounts", "*")),
                share=share,
                times=_count(rule["times"], "times") if "times" in rule else None,
            )
        except FaultError as error:
            raise FaultError(f"{endpoint}, rule {number}: {error}") from None


def _faults(given: Any, *endpoints: Endpoint) -> Iterator[ChosenFault]:
    for name, options in ({given: None} if isinstance(given, str) else _mapping(given, "faults")).items():
        yield choose(name, options, *endpoints)


def _share(percent: Any, start: int) -> tuple[range, int]:
    """The next band of buckets: shares of one file are of different accounts, as far as they go."""
    if percent is None:
        return range(BUCKETS), start
    try:
        stop = start + round(float(percent) * BUCKETS / 100)
    except (TypeError, ValueError, OverflowError):
        raise FaultError(f"percent is {percent!r}, which is no number") from None
    if not start < stop <= BUCKETS:
        raise FaultError("percent must be 0.1 or more, and all of them together at most 100")
    return range(start, stop), stop


def _patterns(given: Any) -> re.Pattern[str]:
    patterns = given if isinstance(given, list) else [given]
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise FaultError("accounts must be an id, a pattern such as 'acc-*', or a list of them")
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


def _count(given: Any, what: str) -> int:
    if isinstance(given, str) and re.fullmatch("[1-9][0-9]{0,8}", given, re.ASCII):
        return int(given)
    raise FaultError(f"{what} must be a whole number above 0")


def _mapping(given: Any, what: str, known: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise FaultError(f"{what} must be a mapping of names to values")
    for key in given:
        if known is not None and key not in known:
            raise FaultError(f"{what} has no {key!r}; known are {', '.join(sorted(known))}")
    return dict(given)
