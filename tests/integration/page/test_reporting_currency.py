"""Position in a reporting currency: exact, rounded once, beside what was converted, and never silently partial."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.integration.page.conftest import Grant
from tests.integration.page.test_books import Sender
from tests.words.books import RATE_HEADER, Books
from tests.words.ledger import Ledger
from tests.words.page import Site

NOW = datetime.now(UTC)
TODAY = NOW.date()
LONGEST = "12345678901234567890123456789012345678"  # the 38 digits that an ERP's decimal holds


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def books(ledger: Ledger) -> Books:
    return Books(ledger)


def hold(books: Books, *accounts: tuple[str, str, str | None]) -> None:
    """Accounts of an entity, in a currency, with this balance."""
    named = [(f"{entity}-{currency}-{n}".lower(), entity, currency, amount)
             for n, (entity, currency, amount) in enumerate(accounts)]  # fmt: skip
    books.ledger.listed(
        [{"id": id_, "entity": entity, "currency": currency} for id_, entity, currency, _ in named]
    )
    at = NOW - timedelta(minutes=1)
    books.ledger.observed(
        [
            {"id": id_, "at": at, "amount": Decimal(amount), "available": amount, "currency": currency}
            for id_, _, currency, amount in named
            if amount is not None
        ]
    )  # fmt: skip


def converted(site: Site, into: str = "EUR", more: str = "") -> dict[str, str]:
    """The converted ledger balance of each total, such as ``QB01 USD`` and ``all all``."""
    head, *lines = [line.split(",") for line in site.csv(f"position.csv?table=converted&in={into}{more}")]
    return {
        f"{row['entity']} {row['currency']}": row["ledger_balance_converted"]
        for row in (dict(zip(head, line, strict=False)) for line in lines)
    }


def test_totals_are_converted_beside_their_own_currencies_with_the_rate_that_each_used(
    site: Site, books: Books
) -> None:
    hold(
        books,
        ("QB01", "EUR", "100.00"),
        ("QB01", "USD", "1085.00"),
        ("QB02", "JPY", "10000"),
        ("QB02", "USD", "-1.00"),
    )
    books.rates(f"EUR,USD,{ago(2)},1.0850", f"JPY,EUR,{ago(1)},0.0061")
    assert site.csv("position.csv?table=converted&in=EUR") == [
        "level,entity,currency,ledger_balance,available_balance,rate,quoted,rate_date,reporting_currency,"
        "ledger_balance_converted,available_balance_converted,state,lacks",
        "all,all,all,,,,,,EUR,1160.08,1160.08,complete,",
        "entity,QB01,all,,,,,,EUR,1100.00,1100.00,complete,",
        "currency,QB01,EUR,100.00,100.00,,,,EUR,100.00,100.00,complete,",
        f"currency,QB01,USD,1085.00,1085.00,1.085,USD for 1 EUR,{ago(2)},EUR,1000.00,1000.00,complete,",
        "entity,QB02,all,,,,,,EUR,60.08,60.08,complete,",
        f"currency,QB02,JPY,10000,10000,0.0061,EUR for 1 JPY,{ago(1)},EUR,61.00,61.00,complete,",
        f"currency,QB02,USD,-1.00,-1.00,1.085,USD for 1 EUR,{ago(2)},EUR,-0.92,-0.92,complete,",
    ]
    said = site.text("position?in=EUR")
    assert f"Converted at the loaded rates of {ago(2)} to {ago(1)}." in said
    assert "Ledger balance in EUR, converted" in said
    assert "currency QB01 USD 1,085.00 1,085.00 1.085 USD for 1 EUR" in said
    assert "rounded, once and half to even, to the 2 decimals of EUR" in said
    assert "incomplete" not in said
    plain = site.text("position")
    assert "converted" not in plain
    assert "Converted" not in plain


def test_each_rate_that_was_used_leads_to_its_file_and_line(site: Site, books: Books) -> None:
    hold(books, ("QB01", "USD", "1.00"), ("QB01", "JPY", "1"))
    first = books.rates(f"EUR,USD,{ago(3)},1.0850", f"EUR,USD,{ago(2)},1.0860", f"JPY,EUR,{ago(8)},0.0061")
    corrected = books.rates(f"GBP,EUR,{ago(1)},1.1", f"EUR,USD,{ago(2)},1.09")
    folder = books.ledger.folder
    assert site.csv("position.csv?table=rates&in=EUR") == [
        "currency,from_currency,to_currency,as_of_date,rate,use,age,file_name,line_no,load_no,source,loaded_by",
        f"JPY,JPY,EUR,{ago(8)},0.0061,multiplied by,8 d,{folder}/1.csv,4,{first.load_no},,postgres",
        f"USD,EUR,USD,{ago(2)},1.09,divided by,2 d,{folder}/2.csv,3,{corrected.load_no},,postgres",
    ]
    page = site.get("position?in=EUR").text
    assert f'href="/somewhere/qbank/books?load={corrected.load_no}"' in page
    assert "the rate for JPY is older than 7 days" in site.text("position?in=EUR")
    states = {
        line.split(",")[2]: line.split(",")[-2]
        for line in site.csv("position.csv?table=converted&in=EUR")[1:]
    }
    assert states == {"JPY": "old rate", "USD": "complete", "all": "old rate"}


def test_the_newest_rate_counts_in_whichever_direction_and_of_one_date_the_direct_one(
    site: Site, books: Books
) -> None:
    hold(books, ("QB01", "USD", "100.00"))
    books.rates(f"USD,EUR,{ago(3)},0.9")
    assert converted(site)["QB01 USD"] == "90.00"
    books.rates(f"EUR,USD,{ago(2)},2")
    assert converted(site)["QB01 USD"] == "50.00"
    books.rates(f"USD,EUR,{ago(2)},0.8")
    assert converted(site)["QB01 USD"] == "80.00"


def test_a_currency_without_a_rate_is_named_and_its_totals_are_called_incomplete(
    site: Site, books: Books
) -> None:
    hold(
        books,
        ("QB01", "EUR", "100.00"),
        ("QB01", "KES", "5.00"),
        ("QB02", "CHF", "1.00"),
        ("QB03", "EUR", "7.00"),
    )
    books.rates(f"EUR,USD,{ago(0)},1.085", f"USD,KES,{ago(1)},129")
    rows = [line.split(",") for line in site.csv("position.csv?table=converted&in=EUR")[1:]]
    assert [(*row[:3], row[9], ",".join(row[11:])) for row in rows] == [
        ("all", "all", "all", "107.00", 'incomplete,"a rate for CHF, KES"'),
        ("entity", "QB01", "all", "100.00", "incomplete,a rate for KES"),
        ("currency", "QB01", "EUR", "100.00", "complete,"),
        ("currency", "QB01", "KES", "", "incomplete,a rate for KES"),
        ("entity", "QB02", "all", "", "incomplete,a rate for CHF"),
        ("currency", "QB02", "CHF", "", "incomplete,a rate for CHF"),
        ("entity", "QB03", "all", "7.00", "complete,"),
        ("currency", "QB03", "EUR", "7.00", "complete,"),
    ]
    page = site.get("position?in=EUR").text
    assert '<p class="said bad" role="alert">The converted totals are incomplete.' in page
    assert "There is no rate between EUR and CHF, KES" in page


def test_a_pair_without_a_rate_goes_over_a_third_currency_and_says_by_which_two_rates(
    site: Site, books: Books
) -> None:
    hold(books, ("QB01", "USD", "108.50"), ("QB01", "JPY", "16000"), ("QB01", "GBP", "1.00"))
    books.rates(f"EUR,USD,{ago(1)},1.0850", f"EUR,GBP,{ago(1)},0.86", f"JPY,EUR,{ago(1)},0.00625")
    assert converted(site, "GBP") == {
        "QB01 GBP": "1.00",
        "QB01 JPY": "86.00",
        "QB01 USD": "86.00",
        "QB01 all": "173.00",
        "all all": "173.00",
    }
    rows = {line.split(",")[2]: line for line in site.csv("position.csv?table=converted&in=GBP")[1:]}
    assert f",,over EUR: 1.085 USD for 1 EUR and 0.86 GBP for 1 EUR,{ago(1)},GBP,86.00," in rows["USD"]
    assert f",,over EUR: 0.00625 EUR for 1 JPY and 0.86 GBP for 1 EUR,{ago(1)},GBP,86.00," in rows["JPY"]
    used = [line.split(",")[:6] for line in site.csv("position.csv?table=rates&in=GBP")[1:]]
    assert used == [
        ["JPY", "JPY", "EUR", f"{ago(1)}", "0.00625", "multiplied by"],
        ["JPY", "EUR", "GBP", f"{ago(1)}", "0.86", "multiplied by"],
        ["USD", "EUR", "USD", f"{ago(1)}", "1.085", "divided by"],
        ["USD", "EUR", "GBP", f"{ago(1)}", "0.86", "multiplied by"],
    ]
    said = site.text("position?in=GBP")
    assert "; JPY over EUR, USD over EUR through two rates of the same date." in said
    assert "incomplete" not in said
    books.rates(f"USD,GBP,{ago(20)},0.5")  # its own rate comes first
    assert converted(site, "GBP")["QB01 USD"] == "54.25"
    assert "JPY over EUR through two rates" in site.text("position?in=GBP")


def test_a_way_over_a_third_currency_is_of_one_date_one_source_and_what_the_ledger_has_now(
    site: Site, books: Books
) -> None:
    hold(books, ("QB01", "USD", "100.00"))
    books.rates(f"EUR,USD,{ago(3)},2", f"EUR,GBP,{ago(2)},1")
    assert "a rate for USD" in "".join(site.csv("position.csv?table=converted&in=GBP"))
    books.rates(f"EUR,USD,{ago(2)},4")
    assert converted(site, "GBP")["QB01 USD"] == "25.00"
    books.rates(f"EUR,USD,{ago(2)},5")  # corrected
    assert converted(site, "GBP")["QB01 USD"] == "20.00"
    books.rates(f"CHF,USD,{ago(1)},2", f"CHF,GBP,{ago(1)},1")  # a newer way
    assert converted(site, "GBP")["QB01 USD"] == "50.00"
    with books.ledger.owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE recon.file_load DISABLE TRIGGER append_only")
        connection.exec_driver_sql("UPDATE recon.file_load SET source = load_no::text")
        connection.exec_driver_sql("ALTER TABLE recon.file_load ENABLE TRIGGER append_only")
    assert converted(site, "GBP")["QB01 USD"] == "50.00"  # of one load, while euro's are of two sources now
    assert "CHF" in "".join(site.csv("position.csv?table=rates&in=GBP"))
    books.rates(f"CHF,GBP,{ago(1)},3")  # from nowhere: the older way is of two sources, too
    assert "a rate for USD" in "".join(site.csv("position.csv?table=converted&in=GBP"))


def test_a_total_that_lacks_a_balance_says_so_too(site: Site, books: Books) -> None:
    hold(books, ("QB01", "USD", "100.00"), ("QB01", "USD", None))
    books.rates(f"USD,EUR,{ago(0)},0.9")
    *_, line = site.csv("position.csv?table=converted&in=EUR")
    assert line.endswith(",90.00,90.00,incomplete,the balance of 1 account(s)")
    assert "The converted totals are incomplete. 1 account(s) have no balance." in site.text(
        "position?in=EUR"
    )


@pytest.mark.parametrize(
    ("amounts", "rate", "total"),
    [
        (["0.01"] * 3, "USD,EUR,{},0.5", "0.02"),  # 0.015; each by itself would be 0.00
        (["0.05"], "USD,EUR,{},0.1", "0.00"),  # 0.005: half, to even
        (["0.15"], "USD,EUR,{},0.1", "0.02"),  # 0.015: half, to even
        (["-0.25"], "USD,EUR,{},0.1", "-0.02"),
        (["1.00"], "EUR,USD,{},3", "0.33"),
        (["2.50"], "USD,JPY,{},1", "2"),
        (["3.50"], "USD,JPY,{},1", "4"),
        (["1.00"], "USD,BHD,{},0.3765", "0.376"),
        ([LONGEST], "USD,EUR,{},1.000000000000000000000000000000000001", "12345678901234567890123456789012345690.35"),
        ([LONGEST], "USD,EUR,{},99999999999999999999999999999999999999",
         "1234567890123456789012345678901234567787654321098765432109876543210987654322.00"),
    ],
)  # fmt: skip
def test_a_figure_is_exact_and_rounded_once_half_to_even(
    site: Site, books: Books, amounts: list[str], rate: str, total: str
) -> None:
    hold(books, *(("QB01", "USD", amount) for amount in amounts))
    books.rates(rate.format(TODAY))
    assert set(converted(site, rate.split(",")[rate.startswith("USD")]).values()) == {total}


def test_entities_are_rounded_by_themselves_and_the_grand_total_from_what_is_exact(
    site: Site, books: Books
) -> None:
    hold(books, *((f"QB0{n}", "USD", "0.01") for n in range(1, 4)))
    books.rates(f"USD,EUR,{TODAY},0.4")
    found = converted(site)
    assert [found[f"QB0{n} all"] for n in range(1, 4)] == ["0.00"] * 3
    assert found["all all"] == "0.01"


def test_what_is_filtered_out_is_in_no_converted_total(site: Site, books: Books) -> None:
    hold(books, ("QB01", "USD", "100.00"), ("QB02", "USD", "1.00"), ("QB02", "KES", "1.00"))
    books.rates(f"USD,EUR,{TODAY},0.5")
    assert converted(site, more="&entity=QB02&currency=USD") == {
        "QB02 USD": "0.50",
        "QB02 all": "0.50",
        "all all": "0.50",
    }
    page = site.get("position?in=EUR&entity=QB02").text
    assert (
        'entity=QB02&amp;currency=&amp;account=&amp;state=&amp;sort=&amp;down=false&amp;in=EUR&amp;table=converted"'
        in page
    )


def test_every_currency_with_a_rate_can_be_chosen(site: Site, books: Books) -> None:
    hold(books, ("QB01", "EUR", "1.00"))
    assert "none: no rates are loaded" in site.text("position")
    books.rates(
        f"EUR,USD,{ago(1)},1.1", f"EUR,USD,{ago(2)},1.1", f"GBP,EUR,{ago(1)},1.1", f"EUR,JPY,{ago(1)},160"
    )
    choices = site.get("position?in=USD").text.partition('<select name="in">')[2].partition("</select>")[0]
    assert choices == (
        '<option value="">none</option><option>EUR</option><option>GBP</option><option>JPY</option>'
        "<option selected>USD</option>"
    )


@pytest.mark.parametrize("asked", ["in=XAU", "in=CHF", "in=eur", "in=EURO", "in=%27", "in=EUR&in=1"])
def test_a_currency_without_any_rate_is_refused_in_a_sentence(site: Site, books: Books, asked: str) -> None:
    hold(books, ("QB01", "EUR", "1.00"))
    books.rates(f"EUR,USD,{TODAY},1.1")
    answer = site.get(f"position?{asked}")
    assert answer.status_code == 422
    assert "There is no exchange rate for" in answer.text or "look at in" in answer.text


def test_a_hostile_name_of_a_rates_file_is_shown_and_not_run(site: Site, books: Books) -> None:
    hold(books, ("QB01", "USD", "1.00"))
    books.rates(f"EUR,USD,{TODAY},1.1")
    with books.ledger.owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE recon.file_load DISABLE TRIGGER append_only")
        connection.exec_driver_sql("UPDATE recon.file_load SET name = '<script>alert(1)</script>'")
        connection.exec_driver_sql("ALTER TABLE recon.file_load ENABLE TRIGGER append_only")
    page = site.get("position?in=EUR").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_rates_are_previewed_and_loaded_in_the_browser_by_who_may_load_for_all(
    site: Site, books: Books, grant: Grant
) -> None:
    hold(books, ("QB01", "USD", "100.00"))
    grant("ann", "load", entity="QB01")
    grant("joe", "load")
    file = f"{RATE_HEADER}\nUSD,EUR,{TODAY},0.9\n".encode()
    ann, joe = Sender(site, "ann"), Sender(site, "joe")
    assert "It would load: 1 rows." in ann.send("preview", file, "fx.csv", profile="plain-rates")[1]
    status, said = ann.send("load", file, "fx.csv", profile="plain-rates", previewed=ann.fingerprint)
    assert (status, "airflow:ann may not load for all" in said) == (403, True)
    joe.send("preview", file, "fx.csv", profile="plain-rates")
    said = joe.send("load", file, "fx.csv", profile="plain-rates", previewed=joe.fingerprint)[1]
    assert "fx.csv is load" in said
    assert "1 rows. The Position page now converts with these rates." in said
    assert site.host.reconciled_by == []
    assert site.csv("position.csv?table=rates&in=EUR")[1].endswith("fx.csv,2,2,,airflow:joe")
    assert converted(site)["all all"] == "90.00"


def test_of_many_entities_the_page_has_the_first_and_the_csv_all(site: Site, books: Books) -> None:
    hold(books, *((f"E{n:03}", "USD", "1.00") for n in range(120)))
    books.rates(f"USD,EUR,{TODAY},0.5")
    said = site.text("position?in=EUR")
    assert "The first 100 of 241: the CSV has all." in said
    assert "all all all EUR 60.00 60.00 complete" in said
    assert len(site.csv("position.csv?table=converted&in=EUR")) == 242
