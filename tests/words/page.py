"""The page, served over real HTTP by a host of the tests' own: who visits is a cookie."""

import html
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy.engine import URL

from qbank_ledger.recon.profile_file import GLSources, read_gl_sources
from qbank_page.app import page
from qbank_page.frame.host import Visitor

PREFIX = "/somewhere/qbank"  # below a path of the host's, too


class Cookies:
    """A host that takes a visitor's word for who they are: the cookies ``user`` and ``session``."""

    def __init__(self, ledger: URL) -> None:
        self.url = ledger
        self.reconciled_by: list[str] = []
        self.gl_sources_file: Path | None = None

    async def visitor(self, request: Request) -> Visitor:
        name = request.cookies.get("user")
        if not name:
            raise HTTPException(401, "Not authenticated")
        if name == "outsider":
            raise HTTPException(403, "You may not see the ledger.")
        return Visitor(name, request.cookies.get("session", ""))

    def login(self, request: Request) -> str:
        return f"/login?next={request.url.path}"

    def ledger(self) -> URL:
        return self.url

    def origins(self) -> list[str]:
        return ["https://airflow.example"]

    def secret(self) -> bytes:
        return b"of these tests only"

    def run_url(self, dag_id: str, dag_run_id: str) -> str:
        return f"/dags/{dag_id}/runs/{dag_run_id}"

    def reconcile(self, visitor: Visitor) -> str:
        self.reconciled_by.append(visitor.name)
        return "The reconciliation has started."

    def gl_sources(self) -> GLSources:
        return read_gl_sources(self.gl_sources_file)


class Site:
    """A page that is being served."""

    def __init__(self, url: str, host: Cookies) -> None:
        self.url = url
        self.host = host

    def get(
        self, path: str, user: str | None = "viewer", *, session: str = "one", **options: Any
    ) -> requests.Response:
        """What the address gives a browser of this user's."""
        return self._call("GET", path, user, session, **options)

    def head(self, path: str, user: str | None = "viewer") -> requests.Response:
        """What the address says of that, without giving it."""
        return self._call("HEAD", path, user, "one")

    def text(self, path: str, user: str = "viewer") -> str:
        """What a person reads there, without tags."""
        answer = self.get(path, user)
        assert answer.status_code == 200, answer.text
        return read(answer.text)

    def csv(self, path: str, user: str = "viewer") -> list[str]:
        """The lines of a table."""
        answer = self.get(path, user)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    def token(self, path: str, user: str, *, session: str = "one") -> str:
        """That of the first form on a page."""
        found = re.search(r'name="token" value="([^"]+)"', self.get(path, user, session=session).text)
        assert found, "no form that acts"
        return found[1]

    def post(
        self, path: str, user: str | None, *, token: str = "", session: str = "one", **options: Any
    ) -> requests.Response:
        """A form of the page's own, unless ``headers`` say otherwise."""
        data = {"token": token, **options.pop("data", {})}
        headers = {"Origin": self.url.rsplit(PREFIX, 1)[0], **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self._call("POST", path, user, session, data=data, headers=headers, **options)

    def act(self, form: str, path: str, user: str, **data: str | list[str]) -> str:
        """Fill in and send a form that is on a page; what the page says afterwards."""
        jar = requests.Session()
        jar.cookies.update({"user": user, "session": "one"})
        answer = jar.post(
            f"{self.url}/{path}",
            data={"token": self.token(form, user), **data},
            headers={"Origin": self.url.rsplit(PREFIX, 1)[0], "Accept": "text/html"},
            timeout=30,
        )
        found = re.search(r'<(p|div) class="said[^>]*>(.*?)</\1>', answer.text, re.DOTALL)
        assert found, answer.text
        return read(found[2]).strip()

    def _call(
        self, method: str, path: str, user: str | None, session: str, **options: Any
    ) -> requests.Response:
        headers = {"Accept": "text/html", **options.pop("headers", {})}
        cookies = {"user": user, "session": session} if user else {}
        return requests.request(
            method,
            f"{self.url}/{path}",
            headers=headers,
            cookies=cookies,
            timeout=30,
            allow_redirects=False,
            **options,
        )


def read(markup: str) -> str:
    """The text of some HTML: a space for each tag, but for those that only keep a figure on one line."""
    without = re.sub(r"<(script|style)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    without = re.sub(r'<span class="whole">(.*?)</span>', r"\1", without)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", without)))


@contextmanager
def served(ledger: URL) -> Iterator[Site]:
    """The page on a free port of loopback."""
    host = Cookies(ledger)
    outer = FastAPI()
    outer.mount(PREFIX, page(host))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(outer, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        end = time.monotonic() + 10
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}", host)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
