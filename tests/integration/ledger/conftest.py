"""Servers that have never seen the ledger."""

from collections.abc import Iterator

import pytest

from tests.conftest import POSTGRES, throwaway

from .bare_server import Server


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), POSTGRES])
def _bare_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with throwaway(request.param) as cluster:
        yield Server(cluster)


@pytest.fixture
def bare_server(_bare_server: Server) -> Server:
    """A server that has never seen the ledger."""
    _bare_server.forget()
    return _bare_server
