"""How a page is made of its template, and how each kind of value looks."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from qbank_ledger.month_end.table import Amount
from qbank_ledger.terminal import visible
from qbank_page.frame.table import Cell, Column, Cut, Link, Local, Mark

SAID = "qbank_said"  # the cookie that carries what an action did to the page after it
HTMX = "HX-Request"  # the header of a request for a part of a page
PAGES = (
    ("position", "Position"),
    ("coverage", "Coverage"),
    ("runs", "Runs"),
    ("books", "Books"),
    ("reconciliation", "Reconciliation"),
    ("close", "Close"),
)
# A text above this many characters may be broken into lines; of it, a date, a time or an amount stays whole.
_SHORT = 24
_FIGURE = re.compile(r"(?<![A-Za-z0-9])[-+]?\d+(?:[-+:.,T]\d+)+Z?(?![A-Za-z0-9])")
_LONGEST_FIGURE = 32
# An id, or whatever else a machine has named: it has digits and no space.
_ID = re.compile(r"(?=\D*\d)[\w.:+-]{1,40}")


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page as HTML, with what the action before it said."""
    said = _said(request.cookies.get(SAID))
    html = (
        _environment()
        .get_template(template)
        .render(base=request.scope["root_path"], pages=PAGES, path=request.url.path, said=said, **values)
    )
    response = HTMLResponse(html, status_code=status)
    if said:
        response.delete_cookie(SAID, path=request.scope["root_path"])
    return response


def _said(cookie: str | None) -> tuple[str, str] | None:
    """The tone and the message; None where there is none that can be read."""
    try:
        tone, message = json.loads(base64.urlsafe_b64decode(cookie or ""))
    except (ValueError, TypeError, RecursionError):  # whoever sets a cookie may write anything into it
        return None
    return (("good" if tone == "good" else "bad"), message) if isinstance(message, str) else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qbank_page", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "kind": kind, "visible": visible, "whole": whole}
    environment.globals |= {"static": _static, "cells": cells}
    return environment


@cache
def _static(name: str) -> str:
    """A file's path below ours, which changes with what it holds."""
    content = resources.files("qbank_page").joinpath("static", name).read_bytes()
    return f"static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


def cells(row: Mapping[str, Any], columns: Iterable[Column]) -> Markup:
    """A row's cells as HTML, the first of which is its head. Made here: a macro takes thrice as long."""
    parts = []
    for place, column in enumerate(columns):
        cell = row[column.key]
        tag, end = ("td", "td") if place else ("th scope=row", "th")
        parts.append(f"<{tag}{_about(cell, column)}>{_inner(cell)}</{end}>")
    return Markup("".join(parts))  # noqa: S704 - what is in it is escaped


def _about(cell: Cell, column: Column) -> str:
    if isinstance(cell, Amount):
        return f' class="{kind(cell)}" title="{cell.plain()}"'
    return f' class="{"number" if column.number and isinstance(cell, Link) else kind(cell)}"'


def _inner(cell: Cell) -> str:
    looks = escape(shown(cell))
    match cell:
        case Link():
            leaves = ' target="_top"' if cell.leaves else ""
            return f'<a href="{escape(cell.href)}"{leaves}>{looks}</a>'
        case Mark():
            return f"<span>{looks}</span>"
        case Cut():
            return f'<span class="cut" tabindex="0" title="{escape(visible(cell.whole))}">{looks}</span>'
    return looks


def shown(cell: Cell) -> str:  # noqa: PLR0911 - one for each kind
    """A cell as people read it; what is beside it stands in ``title``."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case Amount():
            return cell.grouped()
        case int():
            return f"{cell:,}"
        case Local():
            local = cell.at.astimezone(ZoneInfo(cell.zone))
            return Markup("{}<small> {}</small>").format(
                f"{local:%Y-%m-%d %H:%M}", f"{cell.at.astimezone(UTC):%H:%M} UTC"
            )
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
        case timedelta():
            return duration(cell)
        case Link() | Mark() | Cut():
            return whole(visible(cell.text))
        case Markup():
            return cell
    return whole(visible(cell, keep="\n"))


def whole(text: str) -> str:
    """The text as HTML, where it is long enough to be broken into lines: none of them breaks a figure."""
    if len(text) <= _SHORT or not _FIGURE.search(text):
        return text
    return Markup(_FIGURE.sub(_together, escape(text)))  # noqa: S704 - it is escaped


def _together(figure: re.Match[str]) -> str:
    return figure[0] if len(figure[0]) > _LONGEST_FIGURE else f'<span class="whole">{figure[0]}</span>'


def kind(cell: Cell) -> str:  # noqa: PLR0911 - one for each kind
    """The class of a cell."""
    match cell:
        case Amount():
            return "number negative" if cell.value < 0 else "number"
        case bool():
            return "short"
        case int():
            return "number"
        case Mark():
            return f"mark {cell.tone}"
        case Link() | Cut() if len(cell.text) > _SHORT:
            return "id" if _ID.fullmatch(cell.text) else "name"
        case str() if len(cell) > _SHORT and not isinstance(cell, Markup):
            return "id" if _ID.fullmatch(cell) else "long"
    return "short"


def duration(length: timedelta) -> str:
    """Such as 42 s, 7 min, 3 h 05 min, 2 d 4 h."""
    seconds = round(length.total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60:02} min"
    return f"{days:,} d {hours % 24} h"
