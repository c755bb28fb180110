"""Every fault there is, by name: for the scenario, the request header and docs/sandbox.md."""

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from qbank_sandbox import balance_faults, reply_faults, token_faults
from qbank_sandbox.faults import ENDPOINTS, ChosenFault, Endpoint, Fault, FaultError


def _faults_of(*modules: ModuleType) -> Iterator[Fault]:
    for module in modules:
        yield from (found for found in vars(module).values() if isinstance(found, Fault))


FAULTS: Mapping[str, Fault] = {
    fault.name: fault for fault in _faults_of(reply_faults, balance_faults, token_faults)
}


def choose(name: str, given: Any, *endpoints: Endpoint) -> ChosenFault:
    """The fault of that name with its options (see Fault.choose), at every one of the endpoints.

    Raises FaultError for a name that is unknown there, or options that don't fit.
    """
    known = {fault.name: fault for fault in FAULTS.values() if set(endpoints) <= set(fault.endpoints)}
    if name not in known:
        raise FaultError(f"there is no fault {name!r} here; known are {', '.join(sorted(known))}")
    return known[name].choose(given)


def markdown() -> str:
    """The faults as a table in Markdown, a line each."""
    lines = ["| fault | options | what the bank does |", "| --- | --- | --- |"]
    for fault in FAULTS.values():
        only = "" if fault.endpoints == ENDPOINTS else f" ({' and '.join(fault.endpoints)} only)"
        options = ", ".join(_shown(option) for option in fault.options.values())
        lines.append(f"| `{fault.name}` | {options} | {fault.text}{only} |")
    return "\n".join(lines) + "\n"


def _shown(option: inspect.Parameter) -> str:
    default = {option.empty: "required", "": "none"}.get(option.default, option.default)
    return f"`{option.name}` ({default})"
