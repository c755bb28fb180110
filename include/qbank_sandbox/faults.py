"""A fault: what can be made to go wrong, by name, and how its options are read.

A fault is a function from what the bank would do (a Reply, or the Grant behind a token) to what it
does instead. Its name, options and docstring are its documentation: see catalogue.py.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qbank_sandbox.reply import Reply
from qbank_sandbox.tokens import Grant

Endpoint = Literal["balances", "token"]
ENDPOINTS: tuple[Endpoint, ...] = ("balances", "token")
MOST = 100_000  # of any number that an option gives: seconds, kilobytes, digits


class FaultError(ValueError):
    """A fault is named or given options that don't fit; the text says what, without a full stop."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the named endpoints; ``options`` are the function's keywords, the first the main one."""

    name: str
    endpoints: tuple[Endpoint, ...]
    changes: type
    options: Mapping[str, inspect.Parameter]
    text: str
    change: Callable[..., Any]

    def choose(self, given: Any) -> "ChosenFault":
        """This fault with options, every value as text: None or "", the main option's value, or several.

        Raises FaultError for an option that is unknown, missing, or no such value as it must be.
        """
        values = self._by_name(given)
        for option in values:
            if option not in self.options:
                raise FaultError(f"{self.name} has no option {option!r}; it has {', '.join(self.options)}")
        for option, parameter in self.options.items():
            if parameter.default is parameter.empty and option not in values:
                raise FaultError(f"{self.name} needs a value for {option}")
        chosen = ChosenFault(
            self, {option: self._value(self.options[option], value) for option, value in values.items()}
        )
        try:
            chosen.change_reply(Reply())
        except ValueError as error:
            raise FaultError(f"{self.name}: {error}") from None
        return chosen

    def _by_name(self, given: Any) -> Mapping[str, Any]:
        main = next(iter(self.options.values()), None)
        if given in (None, ""):
            return {}
        if main is None:
            raise FaultError(f"{self.name} has no options")
        if isinstance(given, Mapping) and main.annotation != Mapping[str, str]:
            return given
        return {main.name: given}

    def _value(self, option: inspect.Parameter, given: Any) -> Any:
        kind = option.annotation
        if kind == Mapping[str, str]:
            if isinstance(given, Mapping) and all(isinstance(value, str) for value in given.values()):
                return dict(given)
            raise FaultError(f"{self.name}: {option.name} must be a mapping of names to text")
        if not isinstance(given, str):
            raise FaultError(f"{self.name}: {option.name} must be a single value")
        try:
            value = kind(given)
        except ValueError:
            raise FaultError(
                f"{self.name}: {option.name} is {given!r}, which is no {kind.__name__}"
            ) from None
        if kind is not str and not 0 <= value <= MOST:
            raise FaultError(f"{self.name}: {option.name} is {given}, which is not between 0 and {MOST}")
        return value


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


def fault(*endpoints: Endpoint) -> Callable[[Callable[..., Any]], Fault]:
    """Make a Fault of a function ``(reply or grant, *, options) -> reply or grant``, under its name."""

    def make(change: Callable[..., Any]) -> Fault:
        subject, *options = inspect.signature(change).parameters.values()
        return Fault(
            name=change.__name__,
            endpoints=endpoints,
            changes=subject.annotation,
            options={option.name: option for option in options},
            text=" ".join((change.__doc__ or "").split()),
            change=change,
        )

    return make
