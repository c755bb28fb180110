"""A reply: what goes out, as it should be or as a fault has made it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Wire = Literal["whole", "drip", "drip_headers", "truncated", "drop", "reset", "hang"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status, headers and JSON members. ``members`` are pairs of a name and its value's JSON text,
    exactly as it will stand (a name may come twice); ``content`` stands instead of them where set.
    """

    status: int = 200
    members: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    content: bytes | None = None
    delay_s: float = 0.0
    wire: Wire = "whole"
    drip_s: float = 0.0

    def __post_init__(self) -> None:
        """ValueError for what can't be sent: another status, a header that is not one line of ASCII."""
        if not 200 <= self.status <= 599:
            raise ValueError(f"{self.status} is no status of an answer")
        for value in (self.content_type, *(value for _, value in self.headers)):
            if not (value.isascii() and value.isprintable()):
                raise ValueError("a header must be one line of ASCII")

    def body(self) -> bytes:
        """The bytes of the body."""
        if self.content is not None:
            return self.content
        inner = ",".join(f"{json.dumps(name)}:{value}" for name, value in self.members)
        return f"{{{inner}}}".encode("utf-8", "surrogatepass")


def json_members(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Members of text, whole numbers and the like, in JSON. Money is never given through here."""
    return tuple((name, json.dumps(value)) for name, value in values.items())


def error_reply(status: int, error: str, why: str, *headers: tuple[str, str]) -> Reply:
    """An error in the form of RFC 6749 (5.2), which both endpoints use."""
    return Reply(
        status=status, members=json_members({"error": error, "error_description": why}), headers=headers
    )
