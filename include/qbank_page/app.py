"""The page as an application: its rooms, who is let in, and how what goes wrong is said."""

from collections.abc import Awaitable, Callable
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from qbank_ledger.errors import LedgerError, RefusedError
from qbank_page.account import page as account
from qbank_page.books import page as books
from qbank_page.books import upload
from qbank_page.close import page as close
from qbank_page.coverage import page as coverage
from qbank_page.frame.desk import Desk
from qbank_page.frame.head import HeadAsGet
from qbank_page.frame.host import Host
from qbank_page.frame.ledger import Ledger
from qbank_page.frame.security import HEADERS, Bounded
from qbank_page.frame.threads import new_threads
from qbank_page.frame.view import HTMX, render
from qbank_page.monitors import health
from qbank_page.position import page as position
from qbank_page.reconciliation import comparison
from qbank_page.reconciliation import page as reconciliation
from qbank_page.runs import held, run
from qbank_page.runs import page as runs

_ROOMS = (
    position,
    account,
    coverage,
    runs,
    run,
    held,
    books,
    upload,
    reconciliation,
    comparison,
    close,
    health,
)
_HEADINGS = {401: "Not signed in", 403: "Not allowed", 404: "Not found"}


def page(host: Host) -> FastAPI:
    """The application, which its host mounts below a path of its own."""
    app = FastAPI(title="QBank ledger", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(host, Ledger(host))
    app.state.recent = health.Recent()
    app.state.threads = new_threads()
    app.mount("/static", StaticFiles(directory=str(resources.files("qbank_page") / "static")))
    for room in _ROOMS:
        app.include_router(room.router)

    @app.get("/")
    def first(request: Request) -> Response:
        return RedirectResponse(f"{request.scope['root_path']}/position")

    app.add_middleware(Bounded)  # within the other: who raises while it reads raises where it is read

    @app.middleware("http")
    async def guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        is_static = request.url.path.startswith(f"{request.scope['root_path']}/static/")
        response = await call_next(request)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = "public, max-age=86400" if is_static else "no-store"
        return response

    app.add_middleware(HeadAsGet)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(LedgerError, _failed)
    return app


def _refused(request: Request, error: Exception) -> Response:
    """A stranger who looks at a page is sent to the login, and anybody else is told why."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for no other
    if error.status_code == 401 and HTMX in request.headers:
        # Its page is asked for anew, and is sent to the login.
        return PlainTextResponse(f"{error.detail}\n", status_code=401, headers={"HX-Refresh": "true"})
    if error.status_code == 401 and request.method == "GET" and _wants_html(request):
        return RedirectResponse(request.app.state.desk.host.login(request), status_code=302)
    response = _said(request, error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    if response.headers.get("Allow") == "GET":
        response.headers["Allow"] = "GET, HEAD"
    return response


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    names = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
    return _said(request, 422, f"The request is not valid: look at {names}.")


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)  # noqa: S101
    # What can't be used is a ValueError too: a month that is none, a file.
    status = 403 if isinstance(error, RefusedError) else 422 if isinstance(error, ValueError) else 503
    return _said(request, status, str(error))


def _said(request: Request, status: int, sentence: str) -> Response:
    if not _wants_html(request):
        return PlainTextResponse(f"{sentence}\n", status_code=status)
    heading = _HEADINGS.get(status, "Not possible")
    return render(request, "frame/error.html.j2", status=status, heading=heading, sentence=sentence)


def _wants_html(request: Request) -> bool:
    is_page = "text/html" in request.headers.get("accept", "") or HTMX in request.headers
    return is_page and not request.url.path.endswith(".csv")
