"""Who sees the page, and what keeps other sites from it."""

import base64

import pytest
import requests

from qbank_page.frame.view import SAID
from tests.words.ledger import Ledger
from tests.words.page import PREFIX, Site

PAGES = [
    *("position", "position.csv", "reconciliation", "reconciliation.csv", "books", "close", "accounts/a"),
    *("accounts/a.csv", "coverage", "coverage.csv", "runs", "runs.csv", "runs/1", "runs/1.csv"),
]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_nothing(site: Site, ledger: Ledger, page: str) -> None:
    ledger.listed([{"id": "a", "name": "Secret account"}])
    answer = site.get(page, user=None)
    wants_html = not page.endswith(".csv")
    assert answer.status_code == (302 if wants_html else 401)
    assert "Secret account" not in answer.text
    if wants_html:
        assert answer.headers["Location"] == f"/login?next={PREFIX}/{page}"


def test_a_part_of_a_page_that_a_stranger_asks_for_has_the_page_asked_for_anew(
    site: Site, ledger: Ledger
) -> None:
    answer = site.get("position", user=None, headers={"HX-Request": "true", "Accept": "*/*"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")


def test_a_part_of_a_page_that_can_not_be_shown_is_a_page_that_says_why(site: Site, ledger: Ledger) -> None:
    answer = site.get("position?page=x", headers={"HX-Request": "true", "Accept": "*/*"})
    assert (answer.status_code, '<main id="main"' in answer.text) == (422, True)


def test_who_may_not_see_the_dag_is_told_so(site: Site, ledger: Ledger) -> None:
    answer = site.get("position", user="outsider")
    assert answer.status_code == 403
    assert "You may not see the ledger." in answer.text


@pytest.mark.parametrize("path", ["position", "position.csv", "static/page.css", "nothing"])
def test_every_answer_has_the_headers(site: Site, ledger: Ledger, path: str) -> None:
    headers = site.get(path).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert ("no-store" in headers["Cache-Control"]) is not path.startswith("static/")


def test_what_is_not_there_is_said(site: Site, ledger: Ledger) -> None:
    assert site.get("nothing").status_code == 404
    assert site.get("position?page=x").status_code == 422
    assert site.get("position.csv?table=x").status_code == 404


def test_a_page_is_not_filled_in_by_its_address(site: Site, ledger: Ledger) -> None:
    page = site.get("position?account=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page


def test_a_ledger_that_is_away_is_one_sentence_without_its_address(site: Site, ledger: Ledger) -> None:
    here, site.host.url = site.host.url, site.host.url.set(port=1)
    try:
        answer = site.get("position")
    finally:
        site.host.url = here
    assert answer.status_code == 503
    assert "The ledger database did not answer" in answer.text
    assert "of-this-test-only" not in answer.text


def test_the_page_asks_nothing_of_other_servers(site: Site, ledger: Ledger) -> None:
    page = site.get("position").text
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    styles = requests.get(f"{site.url}/static/page.css", timeout=10).text
    assert "url(" not in styles


@pytest.mark.parametrize(
    "said",
    [
        "[" * 2_900,
        "[1",
        f'["good", {"[" * 700}{"]" * 700}]',
        "1",
        '["good"]',
        '{"a": 1, "b": 2}',
        "\udcff",
        "[" + "9" * 2_900 + ",1]",
    ],
)
def test_a_cookie_that_says_nothing_of_ours_costs_no_page(site: Site, ledger: Ledger, said: str) -> None:
    cookie = base64.urlsafe_b64encode(said.encode("utf-8", "surrogateescape")).decode()
    answer = requests.get(
        f"{site.url}/position", cookies={"user": "viewer", "session": "one", SAID: cookie}, timeout=10
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["health", "metrics", "position", "books.csv", "static/page.css", "nothing", ""]
)
def test_head_is_answered_as_get_is_without_a_body(site: Site, ledger: Ledger, path: str) -> None:
    got, head = site.get(path), site.head(path)
    assert head.status_code == got.status_code
    assert head.headers["Content-Type"] == got.headers["Content-Type"] if path else "Location" in head.headers
    assert (head.content, head.headers["Cache-Control"]) == (b"", got.headers["Cache-Control"])


@pytest.mark.parametrize(("path", "allowed"), [("position", "GET, HEAD"), ("books/load", "POST")])
def test_another_method_is_told_which_are_taken(site: Site, ledger: Ledger, path: str, allowed: str) -> None:
    answer = requests.put(f"{site.url}/{path}", timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert site.head("books/load").status_code == 405
