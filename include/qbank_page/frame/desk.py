"""Who asks the page, and what it asks of: its host and the ledger."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from qbank_page.frame.host import Host, Visitor
from qbank_page.frame.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Desk:
    """The host and its ledger; one for the app."""

    host: Host
    ledger: Ledger


def desk_of(request: Request) -> Desk:
    """The app's."""
    desk: Desk = request.app.state.desk
    return desk


async def _visitor(request: Request) -> Visitor:
    return await desk_of(request).host.visitor(request)


SignedIn = Annotated[Visitor, Depends(_visitor)]
