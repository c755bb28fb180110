"""Where a form that acts may come from."""

import pytest
from fastapi import HTTPException, Request

from qbank_page.frame.security import require_own_origin


def asked(scheme: str, host: str, **headers: str) -> Request:
    """A request as it reaches the server."""
    sent = {"host": host, **headers}
    return Request(
        {
            "type": "http",
            "method": "POST",
            "scheme": scheme,
            "server": (host, 80),
            "path": "/qbank/x",
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        }
    )


@pytest.mark.parametrize(
    ("origins", "scheme", "host", "headers"),
    [
        ([], "http", "localhost:8080", {"origin": "http://localhost:8080"}),
        ([], "http", "localhost:8080", {"referer": "http://localhost:8080/qbank/close"}),
        (["https://ledger.example"], "http", "ledger.example", {"origin": "https://ledger.example"}),
        (["https://Ledger.example"], "http", "Ledger.example", {"origin": "https://ledger.example"}),
        (["https://ledger.example"], "http", "10.0.0.7:8080", {"origin": "https://ledger.example"}),
        (["https://ledger.example"], "http", "10.0.0.7:8080", {"origin": "http://10.0.0.7:8080"}),
        (["https://ledger.example:443"], "http", "ledger.example", {"origin": "https://ledger.example"}),
        (["http://ledger.example:80"], "http", "10.0.0.7", {"referer": "http://ledger.example/qbank/close"}),
        (["https://ledger.example"], "http", "ledger.example:443", {"origin": "https://ledger.example"}),
        ([], "http", "ledger.example:80", {"origin": "http://ledger.example"}),
        ([], "http", "[::1]:80", {"origin": "http://[::1]"}),
    ],
)
def test_a_form_of_the_pages_own_is_taken(
    origins: list[str], scheme: str, host: str, headers: dict[str, str]
) -> None:
    require_own_origin(asked(scheme, host, **headers), origins)


@pytest.mark.parametrize(
    ("origins", "host", "headers"),
    [
        ([], "localhost:8080", {}),
        ([], "localhost:8080", {"origin": "null"}),
        ([], "localhost:8080", {"origin": "http://localhost:8081"}),
        ([], "localhost:8080", {"origin": "http://localhost:8080", "sec_fetch_site": "cross-site"}),
        ([], "localhost:8080", {"origin": "http://localhost:8080", "sec_fetch_site": "same-site"}),
        # Behind a proxy that takes TLS off, the page that anybody on the way can write is not the page.
        (["https://ledger.example"], "ledger.example", {"origin": "http://ledger.example"}),
        (["https://ledger.example"], "LEDGER.example", {"origin": "http://ledger.example"}),
        (["https://ledger.example:443"], "ledger.example", {"origin": "http://ledger.example"}),
        (["https://ledger.example"], "ledger.example:80", {"origin": "http://ledger.example"}),
        (["https://ledger.example"], "ledger.example", {"origin": "https://ledger.example:8443"}),
        (["http://ledger.example"], "10.0.0.7", {"origin": "http://ledger.example:443"}),
        ([], "localhost:8080", {"origin": "http://["}),
        ([""], "localhost:8080", {"referer": "/qbank/close"}),
    ],
)
def test_a_foreign_form_is_refused(origins: list[str], host: str, headers: dict[str, str]) -> None:
    with pytest.raises(HTTPException, match="Another site sent this form"):
        require_own_origin(asked("http", host, **headers), origins)
