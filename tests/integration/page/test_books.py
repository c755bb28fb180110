"""Books: what was loaded and refused, and loading a file in the browser, as it was previewed and not otherwise."""

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import requests
from sqlalchemy import Connection

from qbank_ledger.db import transaction
from qbank_ledger.errors import LedgerUnavailableError
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.outcome import Outcome
from qbank_ledger.recon.reading import Reading
from qbank_page.frame.host import Visitor
from qbank_page.frame.security import MOST_MIB, new_token
from tests.integration.page.conftest import Grant
from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day
from tests.words.erp import DATA
from tests.words.ledger import Ledger
from tests.words.page import PREFIX, Site, read

FILE = f"{GL_HEADER}\nQB01,1100,EUR,2024-10-01,100.00\nQB01,9,EUR,2024-10-01,7.00\n".encode()


@pytest.fixture
def books(ledger: Ledger, grant: Grant) -> Books:
    """An account of QB01 with a balance on the first day; ann may load for QB01, zoe for QB02."""
    books = Books(ledger)
    books.account("x")
    books.bank(day(1), "100.00")
    grant("ann", "load", entity="QB01")
    grant("zoe", "load", entity="QB02")
    return books


class Sender:
    """A browser without JavaScript."""

    def __init__(self, site: Site, user: str) -> None:
        self.site, self.user = site, user
        self.browser = requests.Session()

    def send(
        self, verb: str, content: bytes | None = FILE, name: str = "oct.csv", **fields: str
    ) -> tuple[int, str]:
        """What the page says of a file that is sent, or of the fields alone."""
        self.browser.cookies.update({"user": self.user, "session": "one"})
        answer = self.browser.post(
            f"{self.site.url}/books/{verb}",
            data={"token": self.site.token("books", self.user), "name": name, **fields},
            files={"file": (name, content)} if content is not None else {"file": (None, "")},
            headers={"Origin": self.site.url.rsplit(PREFIX, 1)[0], "Accept": "text/html"},
            timeout=60,
        )
        self.fingerprint = next(iter(re.findall(r'name="previewed" value="(\w+)"', answer.text)), "")
        self.page = answer.text
        return answer.status_code, read(answer.text)


@pytest.fixture
def ann(site: Site, books: Books) -> Sender:
    return Sender(site, "ann")


def loads(books: Books) -> int:
    return int(books.value("SELECT count(*) FROM recon.file_load"))


def test_a_file_is_previewed_loaded_and_compared(ann: Sender, site: Site, books: Books) -> None:
    status, said = ann.send("preview")
    assert status == 200
    assert "Rows: 2. Skipped: 0." in said
    assert "2 balance QB01 1100 EUR 2024-10-01 100.00 1100 | 100.00" in said
    assert "1 of the 2 rows match no account of the accounts file" in said
    assert "It would load: 2 rows." in said
    assert loads(books) == 0
    status, said = ann.send("load", previewed=ann.fingerprint)
    assert "oct.csv is load 1, 2 rows. The reconciliation has started." in said
    assert site.host.reconciled_by == ["ann"]
    (line,) = site.csv("books.csv")[1:]
    assert line.startswith("oct.csv,1,gl,plain,,2,0,")
    assert ",airflow:ann," in line
    books.reconcile()
    assert "Operating" not in said
    assert "matched" in site.text("reconciliation?date=2024-10-01")


def test_a_ledger_that_is_away_is_not_waited_for_while_somebody_waits_for_the_page(
    ann: Sender, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.send("preview")
    seen, tries = ann.fingerprint, list[float]()

    def away(_connection: Connection) -> None:
        tries.append(time.monotonic())
        raise LedgerUnavailableError("The ledger database did not answer: check that it is up.")

    monkeypatch.setattr(transaction, "PATIENCE_S", 30.0)
    with monkeypatch.context() as patch:
        patch.setattr("qbank_ledger.recon.load.require_newest", away)
        began = time.monotonic()
        status, said = ann.send("load", previewed=seen)
    assert (status, len(tries)) == (503, 1)
    assert "The ledger database did not answer" in said
    assert time.monotonic() - began < 15
    assert loads(books) == 0
    status, said = ann.send("load", previewed=seen)
    assert (status, "oct.csv is load 1, 2 rows." in said) == (200, True)


def test_a_file_may_take_longer_to_read_than_a_transaction_may_stand_idle(
    ann: Sender, site: Site, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = site.host.url
    site.host.url = here.update_query_dict({"options": "-c idle_in_transaction_session_timeout=300ms"})
    outcomes = Reading.outcomes

    def slowly(reading: Reading) -> Iterator[Outcome]:
        time.sleep(0.8)
        return outcomes(reading)

    monkeypatch.setattr(Reading, "outcomes", slowly)
    try:
        status, said = ann.send("preview")
        assert (status, "It would load: 2 rows." in said) == (200, True), said
        status, said = ann.send("load", previewed=ann.fingerprint)
        assert (status, "oct.csv is load 1, 2 rows." in said) == (200, True), said
    finally:
        site.host.url = here


def test_the_page_has_a_files_name_and_the_csv_where_it_came_from(site: Site, books: Books) -> None:
    file = books.file(FILE)
    load_file(books.ledger.engine, file, "gl")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    page = site.get("books").text
    assert f'title="{file}">{file.name}</span>' in page
    assert f'title="{sha256}">{sha256[:12]}</span>' in page
    (line,) = site.csv("books.csv")[1:]
    assert line.startswith(f"{file},")
    assert line.endswith(f",{sha256}")


def test_what_was_not_previewed_is_not_loaded(ann: Sender, site: Site, books: Books) -> None:
    ann.send("preview")
    seen = ann.fingerprint
    for fields in ({"date": "2024-10-01"}, {"entity": "QB02"}):
        status, said = ann.send("load", previewed=seen, **fields)
        assert (status, "Nothing was loaded" in said) == (409, True)
    status, said = ann.send("load", FILE.replace(b"100.00", b"100.01"), previewed=seen)
    assert (status, "have changed since the preview" in said) == (409, True)
    assert ann.send("load")[0] == 409
    assert loads(books) == 0


def test_a_profile_that_changed_since_is_previewed_again(
    ann: Sender, site: Site, tmp_path: Path, books: Books
) -> None:
    site.host.gl_sources_file = tmp_path / "gl_sources.yaml"
    site.host.gl_sources_file.write_text("profiles: {ours: {like: plain}}")
    ann.send("preview", profile="ours")
    site.host.gl_sources_file.write_text("profiles: {ours: {like: plain, absent_means: zero}}")
    assert ann.send("load", profile="ours", previewed=ann.fingerprint)[0] == 409
    assert "ours,closing balances,QBANK_GL_SOURCES_FILE," in "\n".join(site.csv("books.csv?table=profiles"))


def test_a_file_that_would_be_refused_says_why_by_line(ann: Sender, books: Books) -> None:
    wrong = FILE.replace(b"100.00", b"100,00")
    status, said = ann.send("preview", wrong)
    assert status == 200
    assert "The file oct.csv has 1 problem(s), and nothing of it would be loaded: line 2:" in said
    assert not ann.fingerprint
    assert ann.send("load", wrong, previewed="x")[0] == 409


def test_a_file_may_be_of_other_entities_than_who_loads_it(site: Site, books: Books) -> None:
    zoe = Sender(site, "zoe")
    zoe.send("preview")
    status, said = zoe.send("load", previewed=zoe.fingerprint)
    assert status == 403
    assert "The file can't be loaded: airflow:zoe may not load for entity QB01" in said
    assert loads(books) == 0
    assert site.host.reconciled_by == []


def test_a_viewer_has_no_form_and_sends_nothing(site: Site, books: Books) -> None:
    assert 'type="file"' not in site.get("books").text
    token = site.token("books", "ann")
    for verb in ("preview", "draft", "load"):
        answer = site.post(f"books/{verb}", "bob", token=token, files={"file": ("a.csv", FILE)})
        assert answer.status_code == 403


def test_who_may_no_more_is_refused(ann: Sender, site: Site, books: Books) -> None:
    ann.send("preview")
    token, seen = site.token("books", "ann"), ann.fingerprint
    books.rows("SELECT recon.revoke_signatory('ann', 'airflow:ann', 'load', 'QB01')")
    for verb in ("preview", "draft", "load"):
        data = {"previewed": seen}
        answer = site.post(f"books/{verb}", "ann", token=token, data=data, files={"file": ("oct.csv", FILE)})
        assert answer.status_code == 403
        assert "may not load for any entity" in read(answer.text)
    assert loads(books) == 0


def test_no_file_is_read_for_who_may_load_none(
    site: Site, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_files: list[object] = []
    monkeypatch.setattr("qbank_page.books.upload.received", read_files.append)
    token = new_token(site.host.secret(), Visitor("viewer", "one"))
    for verb in ("preview", "draft", "load"):
        answer = site.post(f"books/{verb}", "viewer", token=token, files={"file": ("oct.csv", FILE)})
        assert (answer.status_code, "may not load for any entity" in read(answer.text)) == (403, True)
    assert read_files == []


@pytest.mark.parametrize("verb", ["preview", "draft", "load"])
def test_nothing_is_taken_from_another_site(ann: Sender, site: Site, books: Books, verb: str) -> None:
    ann.send("preview")
    token, path = site.token("books", "ann"), f"books/{verb}"
    data, files = {"previewed": ann.fingerprint}, {"file": ("oct.csv", FILE)}
    assert site.get(path, "ann").status_code == 405
    assert site.post(path, None, token=token, data=data, files=files).status_code == 401
    for options in (
        {"token": ""},
        {"token": token, "session": "two"},
        {"token": token, "headers": {"Origin": "https://evil.example"}},
    ):
        assert site.post(path, "ann", data=data, files=files, **options).status_code == 403
    assert loads(books) == 0


def test_the_same_file_again_is_the_load_that_it_was(ann: Sender, site: Site) -> None:
    ann.send("preview")
    seen = ann.fingerprint
    ann.send("load", previewed=seen)
    assert "oct.csv was loaded before, as load 1: nothing is new." in ann.send("load", previewed=seen)[1]
    assert site.host.reconciled_by == ["ann"]


def test_a_file_that_another_has_followed_says_that_the_others_figures_stay(
    ann: Sender, books: Books
) -> None:
    ann.send("preview")
    seen = ann.fingerprint
    ann.send("load", previewed=seen)
    books.rows(
        "INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('1', 64), 1);"
        "INSERT INTO recon.gl_balance SELECT (SELECT max(load_no) FROM recon.file_load), entity, gl_account, currency,"
        " as_of_date, balance + 1 FROM recon.gl_balance LIMIT 1"
    )
    said = ann.send("load", previewed=seen)[1]
    assert "was loaded before, as load 1: nothing is new. Later files replaced 1 of its figures" in said


def test_a_form_that_loaded_a_file_loads_no_other(ann: Sender, site: Site, books: Books) -> None:
    ann.send("preview")
    token, seen = site.token("books", "ann"), {"previewed": ann.fingerprint}
    send = partial(site.post, "books/load", "ann", token=token, files={"file": ("oct.csv", FILE)})
    assert send(data={"previewed": "0" * 64}).status_code == 409  # which uses nothing up
    assert send(data=seen).status_code == 303
    again = send(data=seen)
    assert (again.status_code, "This form was sent before" in again.text) == (403, True)
    assert loads(books) == 1
    assert site.host.reconciled_by == ["ann"]


def test_items_are_previewed_and_loaded(ann: Sender, books: Books) -> None:
    items = f"{ITEM_HEADER}\nQB01,1100,EUR,2024-10-01,,bank,cheque,-5.00,r\n".encode()
    assert "It would load: 1" in ann.send("preview", items, profile="plain-items")[1]
    assert (
        "is load 1, 1 rows." in ann.send("load", items, profile="plain-items", previewed=ann.fingerprint)[1]
    )
    assert "line 1" in ann.send("preview", profile="plain-items")[1]


def test_rates_are_loaded_by_who_may_load_for_all_and_nothing_is_compared(
    ann: Sender, site: Site, books: Books, grant: Grant
) -> None:
    rates = {"content": b"from_currency,to_currency,as_of_date,rate\nUSD,EUR,2024-10-01,0.9\n"}
    assert "It would load: 1" in ann.send("preview", **rates, profile="plain-rates")[1]
    seen = {"profile": "plain-rates", "previewed": ann.fingerprint}
    status, said = ann.send("load", **rates, **seen)
    assert (status, "exchange rates are every entity's" in said) == (403, True)
    grant("ann", "load")
    assert "1 rows. The Position page now converts with these rates." in ann.send("load", **rates, **seen)[1]
    assert site.host.reconciled_by == []


def test_the_ecbs_file_is_loaded_as_it_comes(ann: Sender, books: Books, grant: Grant) -> None:
    grant("ann", "load")
    rates = (DATA / "ecb-eurofxref.csv").read_bytes()
    said = ann.send("preview", rates, "eurofxref.csv", profile="ecb-eurofxref")[1]
    assert "from, of every row: EUR" in said
    assert " 2 rate EUR JPY 2025-10-31 177.84 " in said
    seen = {"profile": "ecb-eurofxref", "previewed": ann.fingerprint}
    assert (
        "29 rows. The Position page now converts with these rates."
        in ann.send("load", rates, "eurofxref.csv", **seen)[1]
    )
    of_yen = "SELECT from_currency, rate FROM ledger.current_fx_rate WHERE to_currency = 'JPY'"
    assert [tuple(row) for row in books.rows(of_yen)] == [("EUR", Decimal("177.84"))]


def test_without_javascript_a_small_file_is_loaded_from_the_page_that_previewed_it(
    ann: Sender, books: Books
) -> None:
    given = {"profile": "erpnext-trial-balance", "date": "2024-10-01", "entity": "QB01", "currency": "EUR"}
    ann.send("preview", b"Account,Closing (Dr),Closing (Cr)\n1100 - Bank,7.00,\n", "tb.csv", **given)
    form = ann.page.partition('aria-label="Load what was previewed"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert fields.items() >= {**given, "name": "tb.csv"}.items()
    assert "Nothing was loaded" in ann.send("load", None, **fields | {"carried": "QQ=="})[1]
    assert "is load 1, 1 rows." in ann.send("load", None, **fields)[1]
    assert [row.name for row in books.rows("SELECT name FROM recon.file_load")] == ["tb.csv"]


def test_a_page_carries_no_file_that_is_large_refused_or_still_in_the_form(ann: Sender) -> None:
    rows = b"".join(b"QB01,x%d,EUR,2024-10-01,1.00\n" % n for n in range(20_000))
    ann.send("preview", FILE + rows)
    assert ('name="carried"' in ann.page, ann.fingerprint != "") == (False, True)
    assert "to choose a file above 512 KiB again" in ann.page
    ann.send("preview", b"nothing")
    assert 'name="carried"' not in ann.page
    ann.browser.headers["HX-Request"] = "true"
    ann.send("preview")
    assert ('name="carried"' in ann.page, ann.fingerprint != "") == (False, True)


@pytest.mark.parametrize(("carried", "why"), [("", "No file was chosen"), ("x", "arrived incomplete")])
def test_what_is_no_file_that_a_page_carried_is_one_sentence(ann: Sender, carried: str, why: str) -> None:
    status, said = ann.send("load", None, carried=carried, name="tb.csv")
    assert (status, why in said) == (422, True)


def test_what_the_profile_asks_for_is_given(ann: Sender, site: Site) -> None:
    content = (DATA / "netsuite-trial-balance.csv").read_bytes()
    said = ann.send("preview", content, profile="netsuite-trial-balance")[1]
    assert "The profile netsuite-trial-balance needs entity, currency: fill them in." in said
    given = {"entity": "QB01", "currency": "USD"}
    said = ann.send("preview", content, profile="netsuite-trial-balance", **given)[1]
    assert "It would load: 6 rows." in said
    asked = {line.split(",")[0]: line for line in site.csv("books.csv?table=profiles")}
    assert '"entity, currency"' in asked["netsuite-trial-balance"]


def test_a_profile_is_proposed(ann: Sender) -> None:
    status, said = ann.send("draft", b"Account;Saldo\n1100;1.234,50\n")
    assert status == 200
    assert "profiles: our-books:" in said
    assert "No profile can be proposed" in ann.send("draft", b"nothing")[1]


def test_a_preview_is_a_table_that_says_of_each_row_what_it_became_and_why(ann: Sender) -> None:
    content = (DATA / "netsuite-trial-balance.csv").read_bytes()
    given = {"profile": "netsuite-trial-balance", "entity": "QB01", "currency": "USD"}
    said = ann.send("preview", content, **given)[1]
    assert "Line Read as Entity GL account Currency Date Balance Why In the file" in said
    assert "<li>entity of every row: QB01</li><li>currency of every row: USD</li>" in ann.page
    assert " 9 balance QB01 10010 USD 2025-10-31 165,289.63 10010 - Checking Account | $165,289.63" in said
    assert " 10 skipped empty, and the account stands in another row (line 9) 10010 - Checking" in said
    assert " 18 skipped the total row matches ^Total$ Total" in said
    wrong = FILE.replace(b"100.00", b"100,00") + b"QB01,7,EUR,2024-10-01,<b>1\n"
    said = ann.send("preview", wrong)[1]
    assert " 2 refused " in said
    assert " 3 balance QB01 9 EUR 2024-10-01 7.00 " in said
    assert re.search(r" 4 refused .* 2024-10-01\W+<b>1", said)


def test_items_and_rates_are_previewed_by_their_own_columns(ann: Sender) -> None:
    items = f"{ITEM_HEADER}\nQB01,1100,EUR,2024-10-01,2024-10-02,bank,cheque,-5.00,r\n".encode()
    said = ann.send("preview", items, profile="plain-items")[1]
    assert "Item date Side Kind Reference Amount Cleared Why" in said
    assert " 2 item QB01 1100 EUR 2024-10-01 bank cheque r -5.00 2024-10-02 " in said
    rates = b"from_currency,to_currency,as_of_date,rate\nJPY,EUR,2024-10-01,0.006131\n"
    assert " 2 rate JPY EUR 2024-10-01 0.006131 " in ann.send("preview", rates, profile="plain-rates")[1]


def test_of_a_large_file_the_first_rows_are_shown_and_what_was_left_out_wherever_it_stands(
    ann: Sender,
) -> None:
    rows = b"".join(b"QB01,x%d,EUR,2024-10-01,1.00\n" % n for n in range(2000))
    said = ann.send("preview", GL_HEADER.encode() + b"\n" + rows)[1]
    assert "Showing the first 500 of 2,000 balances." in said
    assert "It would load: 2000 rows." in said
    assert " 501 balance " in said
    assert " 502 balance " not in said
    said = ann.send("preview", GL_HEADER.encode() + b"\n" + rows + b"QB01,x,EUR,2024-10-01,1.005\n")[1]
    assert " 2,002 refused " in said


ODOO = {"profile": "odoo-trial-balance", "entity": "QB01", "currency": "EUR"}


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 40 * 1024 * 1024)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04 nothing", "workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (b"", "oct.csv"),
        (b"\0\0", "UTF"),
    ],
)
@pytest.mark.parametrize("verb", ["preview", "draft"])
def test_a_file_that_is_none_is_one_sentence(ann: Sender, verb: str, content: bytes, why: str) -> None:
    status, said = ann.send(verb, content)
    assert status == 200
    assert why in said
    assert "Traceback" not in said


def test_a_damaged_workbook_is_one_sentence(ann: Sender) -> None:
    said = ann.send("preview", b"PK\x03\x04 nothing", "b.xlsx", **ODOO)[1]
    assert "The file b.xlsx can't be read: it is a damaged workbook" in said


def test_a_bomb_is_one_sentence(ann: Sender) -> None:
    assert "it unpacks to 40 MiB" in ann.send("preview", bomb(), "bomb.xlsx", **ODOO)[1]


def test_a_file_too_large_is_not_taken(ann: Sender) -> None:
    status, said = ann.send("preview", b"x" * (MOST_MIB * 1024 * 1024 + 100 * 1024))
    assert (status, "larger than 20 MiB, the largest that can be uploaded" in said) == (413, True), said
    status, said = ann.send("preview", b"x" * (MOST_MIB * 1024 * 1024 + 1))
    assert (status, "larger than 20 MiB: export fewer rows" in said) == (413, True), said


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", r"C:\\files\\passwd", "<script>passwd", "a\u202epasswd"]
)
def test_a_files_name_is_only_a_name(ann: Sender, site: Site, name: str) -> None:
    assert ann.send("preview", name=name)[0] == 200
    ann.send("load", name=name, previewed=ann.fingerprint)
    loaded = site.csv("books.csv")[1].split(",")[0]
    assert loaded.endswith("passwd")
    assert "/" not in loaded
    assert "<script>passwd" not in site.get("books").text


def test_what_a_source_had_refused_is_told(site: Site, books: Books) -> None:
    books.rows(
        "INSERT INTO recon.source_file (source, name, version, refused)"
        " VALUES ('netsuite', 's3://erp/tb.csv', repeat('0', 64), 'The file has 1 problem(s): <b>')"
    )
    (line,) = site.csv("books.csv?table=source_files")[1:]
    assert line.startswith("s3://erp/tb.csv,netsuite,")
    assert ",refused,,The file has 1 problem(s)" in line
    assert "&lt;b&gt;" in site.get("books").text


def test_loads_come_in_pages_and_one_alone(site: Site, books: Books) -> None:
    books.rows(
        "INSERT INTO recon.file_load (kind, sha256, rows, name)"
        " SELECT 'gl', encode(sha256(n::text::bytea), 'hex'), n, n || '.csv' FROM generate_series(1, 60) AS n"
    )
    assert "Page 1 of 2, 60 loads" in site.text("books")
    assert ">10.csv<" in site.get("books?page=2").text
    books.rows(
        "INSERT INTO recon.source_file (source, name, version, refused)"
        " SELECT 'netsuite', n || '.xlsx', encode(sha256(n::text::bytea), 'hex'), 'no' FROM generate_series(1, 60) AS n"
    )
    past = site.get("books?page=9&files_page=9").text
    assert ">10.csv<" in past
    assert past.count(".xlsx<") == 10
    assert "Page 2 of 2, 60 loads" in past
    assert "Page 2 of 2, 60 files" in past
    # The one table is turned, the other stays.
    assert 'books?page=1&amp;files_page=2#loads" rel="prev"' in past
    assert 'books?page=2&amp;files_page=1#source_files" rel="prev"' in past
    assert len(site.csv("books.csv")) == 61
    assert [line.split(",")[0] for line in site.csv("books.csv?load=7")[1:]] == ["7.csv"]
    assert site.get("books?load=99999999999999999999").status_code == 422


def test_profiles_that_can_not_be_read_leave_the_built_in_ones(
    site: Site, books: Books, tmp_path: Path
) -> None:
    site.host.gl_sources_file = tmp_path / "gl_sources.yaml"
    site.host.gl_sources_file.write_text("profiles: {ours: {likes: plain}}")
    said = site.text("books")
    assert "likes" in said
    assert "netsuite-trial-balance" in said


def test_empty_books_say_what_to_do(site: Site, ledger: Ledger) -> None:
    assert "load a file, or add a source to the file that QBANK_GL_SOURCES_FILE names" in site.text("books")
