"""The registry of faults: what can be made to go wrong, by name, and how its options are read.

A fault is a function from what the bank would do (a Reply, or the Grant behind a token) to what it
does instead. Its docstring, name and options are its documentation: docs/sandbox.md is made of them.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qbank_sandbox.reply import Reply
from qbank_sandbox.tokens import Grant

Endpoint = Literal["balances", "token"]


class FaultError(ValueError):
    """A fault is named or given options that don't fit; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as registered: ``options`` are the function's keywords, the first the main one."""

    name: str
    endpoints: tuple[Endpoint, ...]
    changes: type
    options: Mapping[str, inspect.Parameter]
    text: str
    change: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ChosenFault:
    """A fault with the options it was chosen with."""

    fault: Fault
    options: Mapping[str, Any]

    def change_reply(self, reply: Reply) -> Reply:
        """The reply as this fault makes it; unchanged by a fault of grants."""
        return self.fault.change(reply, **self.options) if self.fault.changes is Reply else reply

    def change_grant(self, grant: Grant) -> Grant:
        """The grant as this fault makes it; unchanged by a fault of replies."""
        return self.fault.change(grant, **self.options) if self.fault.changes is Grant else grant


FAULTS: dict[str, Fault] = {}


def fault(*endpoints: Endpoint) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function ``(reply or grant, *, options) -> reply or grant`` under its own name."""

    def register(change: Callable[..., Any]) -> Callable[..., Any]:
        subject, *options = inspect.signature(change).parameters.values()
        FAULTS[change.__name__] = Fault(
            name=change.__name__,
            endpoints=endpoints,
            changes=subject.annotation,
            options={option.name: option for option in options},
            text=inspect.cleandoc(change.__doc__ or "").replace("\n", " "),
            change=change,
        )
        return change

    return register


def choose(name: str, given: Any, endpoint: Endpoint | None) -> ChosenFault:
    """The fault of that name with its options, every value as text: none, the main one, or several.

    Raises FaultError for an unknown name, one that the endpoint doesn't have (None: any endpoint),
    an unknown option, a missing one, or a value that doesn't read as what it must be.
    """
    known = {n for n, f in FAULTS.items() if endpoint is None or endpoint in f.endpoints}
    if name not in known:
        raise FaultError(f"there is no fault {name!r} here; known are {', '.join(sorted(known))}")
    options = FAULTS[name].options
    main = next(iter(options), None)
    if given in (None, ""):
        given = {}
    elif not isinstance(given, Mapping) or (main and options[main].annotation == Mapping[str, str]):
        given = {main or "": given}
    for option in given:
        if option not in options:
            raise FaultError(f"{name} has no option {option!r}; it has {', '.join(options) or 'none'}")
    for option, parameter in options.items():
        if parameter.default is parameter.empty and option not in given:
            raise FaultError(f"{name} needs a value for {option}")
    return ChosenFault(
        FAULTS[name], {option: _value(name, options[option], given[option]) for option in given}
    )


def _value(name: str, option: inspect.Parameter, given: Any) -> Any:
    kind = option.annotation
    if kind == Mapping[str, str]:
        if isinstance(given, Mapping) and all(isinstance(value, str) for value in given.values()):
            return dict(given)
        raise FaultError(f"{name}: {option.name} must be a mapping of names to text")
    if not isinstance(given, str):
        raise FaultError(f"{name}: {option.name} must be a single value")
    try:
        value = kind(given)
    except ValueError:
        raise FaultError(f"{name}: {option.name} is {given!r}, which is no {kind.__name__}") from None
    if kind is not str and not 0 <= value <= 10**9:
        raise FaultError(f"{name}: {option.name} is {given}, which is out of range")
    return value
