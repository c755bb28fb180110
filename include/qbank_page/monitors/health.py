"""Health and metrics, for monitors: counts alone, without a login."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from qbank_ledger.errors import LedgerError
from qbank_ledger.watch.health import UNREACHABLE
from qbank_ledger.watch.health import health as health_of
from qbank_ledger.watch.metrics import CONTENT_TYPE, DOWN
from qbank_ledger.watch.metrics import metrics as metrics_of
from qbank_page.frame.desk import desk_of
from qbank_page.frame.threads import MonitorThreads

router = APIRouter(route_class=MonitorThreads)
T = TypeVar("T")
# Anybody may ask, and as often as they like: the ledger is asked once in this time.
_FRESH_S = 1.0


class Recent:
    """What was asked last, for as long as it is fresh; one asks, others wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[str, tuple[float, object]] = {}

    def answer(self, name: str, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, or gave just now."""
        with self._lock:
            at, answer = self._answers.get(name, (float("-inf"), None))
            if time.monotonic() - at >= _FRESH_S:
                answer = ask()
                self._answers[name] = time.monotonic(), answer
            return answer  # type: ignore[return-value]


def _asked(request: Request, name: str, of: Callable[[Connection], T], unreachable: T) -> T:
    """What the ledger says, or said just now; ``unreachable`` where it can't be asked."""

    def ask() -> T:
        try:
            with desk_of(request).ledger.reading() as connection:
                return of(connection)
        except LedgerError:
            return unreachable

    recent: Recent = request.app.state.recent
    return recent.answer(name, ask)


@router.get("/health")
def health(request: Request) -> Response:
    """200 when the ledger is well, 503 when it is not, or can't be asked."""
    found = _asked(request, "health", health_of, UNREACHABLE)
    return JSONResponse(found.as_json(), status_code=503 if found.problems else 200)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The same and more in Prometheus' text format; a ledger that can't be asked is down."""
    return Response(_asked(request, "metrics", metrics_of, DOWN), media_type=CONTENT_TYPE)
