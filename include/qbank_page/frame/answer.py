"""How the page answers: a page, a table as CSV, or after an action the way back, with what it did."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from qbank_page.frame.desk import desk_of
from qbank_page.frame.host import Visitor
from qbank_page.frame.security import new_token
from qbank_page.frame.table import Table
from qbank_page.frame.view import SAID, render

_LONGEST = 1_500


def show(
    request: Request, visitor: Visitor, template: str, *, tables: Sequence[Table] = (), **values: Any
) -> Response:
    """The page; at an address that ends with .csv, its first table, or the one that ``?table=`` names."""
    if request.url.path.endswith(".csv"):
        return _csv(tables, request.query_params.get("table"))
    desk = desk_of(request)
    return render(
        request,
        template,
        visitor=visitor,
        tables={table.name: table for table in tables},
        new_token=lambda: new_token(desk.host.secret(), visitor),
        **values,
    )


def _csv(tables: Sequence[Table], name: str | None) -> Response:
    found = next((table for table in tables if name in (None, table.name)), None)
    if found is None:
        raise HTTPException(404, f"There is no such table; name one of {', '.join(t.name for t in tables)}.")
    named = {"Content-Disposition": f'attachment; filename="{found.name}.csv"'}
    return Response(found.as_csv(), media_type="text/csv; charset=utf-8", headers=named)


def back(request: Request, path: str, said: str, *, tone: str = "good") -> Response:
    """To a page below ours, after an action, with what it did."""
    response = RedirectResponse(f"{request.scope['root_path']}/{path}", status_code=303)
    message = base64.urlsafe_b64encode(json.dumps([tone, said[:_LONGEST]]).encode()).decode()
    response.set_cookie(
        SAID, message, max_age=60, path=request.scope["root_path"], httponly=True, samesite="strict"
    )
    return response
