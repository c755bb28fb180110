"""The page's own threads: where the ledger keeps some of them waiting, the rest of the server goes on."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ClassVar

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException
from fastapi.routing import APIRoute

# At once, and waiting for one of these; whoever comes then is told at once.
_PAGES = 16
_MONITORS = 2
_MOST_WAITING = 32


def new_threads() -> dict[str, CapacityLimiter]:
    """For an app's state: how many of its threads work at once for pages and for monitors."""
    return {"pages": CapacityLimiter(_PAGES), "monitors": CapacityLimiter(_MONITORS)}


class OwnThreads(APIRoute):
    """A route that takes none of the threads that the server's other answers need, static files among them.

    Its function takes ``request``.
    """

    whose: ClassVar[str] = "pages"

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, self._apart(endpoint), **options)

    @classmethod
    def _apart(cls, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(endpoint):  # it is this already: a router's that an app takes over
            return endpoint

        @wraps(endpoint)
        async def apart(**values: Any) -> Any:
            threads: CapacityLimiter = values["request"].app.state.threads[cls.whose]
            if threads.statistics().tasks_waiting >= _MOST_WAITING:
                raise HTTPException(
                    503, "Too many requests are waiting for the ledger: try again in a minute."
                )
            return await to_thread.run_sync(partial(endpoint, **values), limiter=threads)

        return apart


class MonitorThreads(OwnThreads):
    """The same for monitors, whom no page keeps waiting."""

    whose = "monitors"
