"""The DAG qbank_reconciliation, on a ledger of its own: everything real but the scheduler."""

import os
import re
from copy import copy
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import ParamValidationError
from sqlalchemy.engine import URL

from tests.conftest import REPOSITORY
from tests.words.books import GL_HEADER, ITEM_HEADER, RATE_HEADER, Books, day
from tests.words.ledger import Ledger
from tests.words.sync import Ended


@pytest.fixture
def books(ledger_url: URL, tmp_path: Path, metadata: None, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Account x with 100 at the bank on one day, in the ledger that Airflow's connection names."""
    books = Books(Ledger(ledger_url, tmp_path))
    books.account()
    books.bank(day(1), "100")
    connection = ledger_url.set(drivername="postgres").render_as_string(False)
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER_DEFAULT", connection)
    monkeypatch.setenv("QBANK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("QBANK_FILES_DIRS", str(tmp_path))
    return books


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(REPOSITORY / "dags")
    import qbank_reconciliation  # noqa: PLC0415 - needs Airflow's settings and the folder of the DAGs

    return qbank_reconciliation


def run(module: ModuleType, **conf: str) -> Ended:
    return Ended(module.qbank_reconciliation().test(run_conf=conf))


def test_it_runs_after_the_ledger_is_updated_with_these_params(module: ModuleType) -> None:
    dag = module.qbank_reconciliation()
    assert dag.timetable.asset_condition == Asset("ledger://balance")
    assert set(dag.params) == {
        "as_of_date", "gl_file", "gl_profile", "gl_date", "gl_entity", "gl_currency", "items_file", "items_profile",
        "rates_file", "rates_profile", "close_month",
    }  # fmt: skip


def test_what_may_be_empty_may_be_given_as_an_empty_text(module: ModuleType) -> None:
    for name, param in module.PARAMS.items():
        assert [copy(param).resolve(empty) for empty in ("", None)] == ["", None], name


@pytest.mark.parametrize("name", ["as_of_date", "gl_date"])
def test_a_date_is_one_that_there_is_and_the_form_shows_a_calendar(module: ModuleType, name: str) -> None:
    param = copy(module.PARAMS[name])
    assert param.resolve("2026-02-28") == "2026-02-28"
    for wrong, said in (
        ("2026-02-30", "'2026-02-30' is not a 'date'"),
        (5, "5 is not of type"),
        (" ", "not a"),
    ):
        with pytest.raises(ParamValidationError, match=said):
            param.resolve(wrong)
    assert (param.schema["type"], param.schema["format"]) == (["null", "string"], "date")


def test_a_run_with_empty_texts_is_one_without_them(books: Books, module: ModuleType) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    empty = dict.fromkeys(set(module.PARAMS) - {"gl_file"}, "")
    assert run(module, gl_file=str(gl), **empty).state == "success"
    assert books.found() == ("break", "unexplained")


def test_a_run_loads_the_files_and_compares(books: Books, module: ModuleType) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    items = books.file(f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,payment,-5,r\n")
    conf = {"gl_file": str(gl), "items_file": str(items), "as_of_date": str(day(1))}
    assert run(module, **conf).state == "success"
    assert books.found() == ("break", "unexplained")
    assert books.newest().unexplained == 2
    assert run(module, **conf).state == "success"
    assert books.value("SELECT count(*) FROM recon.reconciliation") == 1


def test_a_run_reads_the_erps_own_file_by_a_profile_of_the_users(
    books: Books,
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sources = tmp_path / "gl_sources.yaml"
    sources.write_text("profiles:\n  susa: {like: datev-susa, currency: EUR}\n")
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(sources))
    gl = books.file("Konto;Saldo\n1100;93,00 S\n1200;1.093,00 H\n")
    conf = {"gl_file": str(gl), "gl_profile": "susa", "gl_entity": "QB01"}
    ended = run(module, **conf)
    assert (ended.state, ended.of("load"), ended.tries["load", -1]) == ("failed", "failed", 1)
    assert "The profile susa takes the date from the run: give gl_date" in "".join(capfd.readouterr())
    assert run(module, **conf, gl_date=str(day(1))).state == "success"
    assert [tuple(row) for row in books.rows("SELECT gl_account, balance::text, line_no FROM recon.gl_balance")] == [
        ("1100", "93.00", 2), ("1200", "-1093.00", 3),
    ]  # fmt: skip
    assert (books.newest().difference, books.value("SELECT profile FROM recon.file_load")) == (7, "susa")
    items = books.file(f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,payment,-5,r\n")
    assert run(module, items_file=str(items), gl_profile="susa").state == "success"
    assert (
        books.value("SELECT profile FROM recon.file_load WHERE kind = 'items' AND read_as IS NULL") == "plain"
    )


def test_a_run_reads_a_list_of_outstanding_items_by_a_profile_of_its_own(
    books: Books,
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What the run gives for the balances is the list's only where its profile takes it from the run."""
    sources = tmp_path / "gl_sources.yaml"
    sources.write_text(
        "profiles:\n  susa: {like: datev-susa, currency: EUR}\n"
        "  cheques: {kind: items, account: '1100', currency: EUR, date: {column: Issued}, side: bank, item_kind: cheque,"
        " amount: {column: Amount, negate: true}, reference: numbered}\n"
    )
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(sources))
    gl = books.file("Konto;Saldo\n1100;93,00 S\n")
    items = books.file(f"Bank\nIssued,Payee,Amount\n{day(1)},A,10\n{day(1)},B,-1.50\n{day(1)},C,-1.50\n")
    conf = {"items_file": str(items), "items_profile": "cheques", "gl_entity": "QB01", "gl_date": str(day(1))}
    assert run(module, gl_file=str(gl), gl_profile="susa", **conf).state == "success"
    assert books.found() == ("matched", None)
    assert [tuple(row) for row in books.rows("SELECT profile, rows FROM recon.file_load ORDER BY load_no")] == [
        ("susa", 1), ("cheques", 3),
    ]  # fmt: skip
    assert run(module, items_file=str(items), items_profile="cheques", gl_entity="QB01").state == "success"
    assert books.value("SELECT count(*) FROM recon.file_load") == 2, (
        "its date is its rows', whatever gl_date is"
    )
    capfd.readouterr()
    for wrong in (
        {"items_file": str(gl), "items_profile": "susa"},
        {"gl_file": str(items), "gl_profile": "cheques"},
    ):
        ended = run(module, **wrong)
        assert (ended.of("load"), ended.tries["load", -1]) == ("failed", 1)
    said = "".join(capfd.readouterr())
    assert (
        "The profile susa reads closing balances (kind: gl), and the file is to hold outstanding items"
        in said
    )
    assert (
        "The profile cheques reads outstanding items (kind: items), and the file is to hold closing bal"
        in said
    )


def test_a_refused_file_does_not_hide_that_what_the_sources_loaded_matches_no_account(
    books: Books,
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sources = tmp_path / "gl_sources.yaml"
    sources.write_text(f"sources:\n  - {{name: tb, files: '{tmp_path}/tb*.csv'}}\n")
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(sources))
    (tmp_path / "tb.csv").write_text(f"{GL_HEADER}\nQB-01,1100,EUR,{day(1)},93\n")
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93-\n")
    ended = run(module, gl_file=str(gl))
    assert (ended.of("load"), ended.tries["load", -1]) == ("failed", 1)
    said = "".join(capfd.readouterr())
    assert "line 2: balance is '93-'" in said
    assert (
        "None of the 1 row(s) of entity QB-01 in load 1 matches an account: line 2 (QB-01 / 1100 / EUR"
        in said
    )


def test_lineage_names_what_was_written_and_nothing_else(
    books: Books, module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qbank_airflow import lineage  # noqa: PLC0415 - needs Airflow's settings

    told: list[list[str]] = []
    monkeypatch.setattr(lineage, "report", lambda _url, _reads=(), writes=(): told.append([*writes]))
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    items = books.file(f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,payment,-5,r\n")
    bad = books.file(f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,payment,5-,r\n")
    for conf, written in (
        ({}, []),
        ({"gl_file": str(gl), "items_file": str(bad)}, ["recon.gl_balance"]),
        ({"gl_file": str(gl), "items_file": str(items)}, ["recon.item"]),
    ):
        told.clear()
        run(module, **conf)
        assert [name for names in told for name in names if name != "recon.reconciliation"] == written


def test_a_break_above_its_limit_is_red_and_what_was_compared_stands(
    books: Books, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    assert run(module, gl_file=str(gl)).state == "success"
    monkeypatch.setenv("QBANK_BREAK_LIMITS", "EUR=6.99")
    ended = run(module)
    assert (ended.state, ended.of("compare"), ended.of("judge")) == ("failed", "success", "failed")
    assert ended.tries["judge", -1] == 1
    assert books.found() == ("break", "unexplained")


def test_a_misspelt_key_of_the_configuration_loads_and_compares_nothing(
    books: Books, module: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    ended = run(module, gl_file=str(gl), as_of=str(day(1)))
    assert (ended.state, ended.of("load"), ended.tries["load", -1]) == ("failed", "failed", 1)
    assert "unknown key 'as_of'. Did you mean as_of_date?" in "".join(capfd.readouterr())
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_a_run_without_anything_to_compare_is_green(books: Books, module: ModuleType) -> None:
    assert run(module).state == "success"
    assert books.rows("SELECT * FROM recon.reconciliation") == []


def test_a_refused_file_is_red_at_once_names_its_line_and_nothing_is_compared(
    books: Books, module: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93-\n")
    ended = run(module, gl_file=str(gl))
    assert (ended.state, ended.of("load"), ended.of("compare")) == ("failed", "failed", "upstream_failed")
    assert ended.tries["load", -1] == 1
    said = "".join(capfd.readouterr())
    assert "line 2: balance is '93-'" in said
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_a_file_that_runs_may_not_read_is_red_at_once_without_a_word_of_what_is_in_it(
    books: Books,
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QBANK_FILES_DIRS", str(tmp_path / "files"))
    others = books.file("hunter2\n")
    for param in ("gl_file", "items_file"):
        ended = run(module, **{param: str(others)})
        assert (ended.state, ended.of("load"), ended.tries["load", -1]) == ("failed", "failed", 1)
        said = "".join(capfd.readouterr())
        assert f"The file {others} is not read: " in said
        assert "hunter2" not in said
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_a_file_of_an_entity_that_nobody_has_is_red_says_who_is_meant_and_the_rest_is_compared(
    books: Books, module: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\nQB09,1100.0,EUR,{day(1)},93\n")
    ended = run(module, gl_file=str(gl))
    assert (ended.state, ended.of("load"), ended.of("match"), ended.of("judge")) == (
        "failed", "success", "failed", "success",
    )  # fmt: skip
    said = "".join(capfd.readouterr())
    assert "None of the 1 row(s) of entity QB09" in said
    assert "line 3 (QB09 / 1100.0 / EUR, likely QB01 / 1100 / EUR)" in said
    assert books.found() == ("break", "unexplained")


def test_a_date_to_come_is_refused_in_a_sentence(
    books: Books, module: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = run(module, as_of_date="2062-10-31")
    assert (ended.state, ended.tries["compare", -1]) == ("failed", 1)
    assert "2062-10-31 is ahead of today" in "".join(capfd.readouterr())


def test_a_run_that_names_a_month_makes_its_close_pack_of_what_it_compared(
    books: Books, module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBANK_STATE_DIR", str(tmp_path / "state"))
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(31)},93\n")
    books.bank(day(31), "100")
    ended = run(module, gl_file=str(gl), close_month="2024-10")
    assert (ended.state, ended.of("close")) == ("success", "success")
    balances = openpyxl.load_workbook(tmp_path / "state" / "close" / "2024-10.xlsx")["Balances"]
    head, row = balances.iter_rows(values_only=True)
    assert dict(zip(head, row, strict=True))["Unexplained"] == 7
    assert (tmp_path / "state" / "close" / "2024-10.html").exists()


def test_a_run_that_names_no_month_skips_the_close_pack_and_is_green(
    books: Books, module: ModuleType
) -> None:
    ended = run(module)
    assert (ended.state, ended.of("compare"), ended.of("close")) == ("success", "success", "skipped")


def test_a_month_that_cant_be_closed_is_red_at_once_and_what_was_compared_stands(
    books: Books, module: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    ended = run(module, gl_file=str(gl), close_month="2023-01")
    assert (ended.state, ended.of("compare"), ended.of("close")) == ("failed", "success", "failed")
    assert ended.tries["close", -1] == 1
    assert "The ledger has no balance and no reconciliation of 2023-01" in "".join(capfd.readouterr())
    assert books.found() == ("break", "unexplained")


def test_a_close_pack_goes_to_object_storage(
    books: Books, module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By Airflow's own path for a folder: tests/thirdparty has a bucket."""
    (tmp_path / "packs").mkdir()
    monkeypatch.setenv("QBANK_PACKS", f"file://{tmp_path}/packs")
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    ended = run(module, gl_file=str(gl), close_month="2024-10")
    assert (ended.state, ended.of("close")) == ("success", "success")
    assert openpyxl.load_workbook(tmp_path / "packs" / "2024-10.xlsx").sheetnames


@pytest.mark.parametrize("place", ["", "/proc/packs"])
def test_a_close_pack_that_can_not_be_written_is_a_warning_and_costs_the_run_nothing(
    books: Books,
    module: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    place: str,
) -> None:
    monkeypatch.setenv("QBANK_PACKS", place)
    gl = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    ended = run(module, gl_file=str(gl), close_month="2024-10")
    assert (ended.state, ended.of("close")) == ("success", "skipped")
    said = f"The close pack can't be written to {place}" if place else "The close pack has nowhere to go"
    assert said in "".join(capfd.readouterr())


def test_what_is_new_in_the_sources_is_reconciled_and_a_refused_file_is_red_once(
    books: Books,
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Two files of a folder, the older first, one that is refused, a query of another database, a storage that is away."""
    folder = tmp_path / "of the ERP, 50 %"
    folder.mkdir()
    monkeypatch.setenv(
        "AIRFLOW_CONN_ERP", books.ledger.url.set(drivername="postgres").render_as_string(False)
    )
    sources = tmp_path / "gl_sources.yaml"
    sources.write_text(
        f"sources:\n  - {{name: away, files: 'nofs://bucket/*.csv'}}\n  - {{name: tb, files: '{folder}/*.csv'}}\n"
        "  - name: odoo\n    connection: erp\n    sql: SELECT 'QB01' AS entity, '1200' AS gl_account, 'EUR' AS currency,"
        f" DATE '{day(1)}' AS as_of_date, 7.50 AS balance\n"
    )
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(sources))
    for age, (name, balance) in enumerate({"b": "100", "a": "93", "bad": "1-"}.items()):
        (folder / f"{name}.csv").write_text(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},{balance}\n")
        os.utime(folder / f"{name}.csv", (1_700_000_000 + age, 1_700_000_000 + age))
    ended = run(module)
    assert (ended.state, ended.of("load"), ended.of("compare")) == ("failed", "success", "success")
    assert (ended.of("sources"), ended.tries["sources", -1]) == ("failed", 1)
    said = "".join(capfd.readouterr())
    assert "source away: it can't be reached" in said
    assert re.search(r"source tb: The file file://.*/bad\.csv has 1 problem", said)
    assert books.newest().gl_balance == 93, "the newer of the two goes on top"
    assert [tuple(row) for row in books.rows("SELECT source, rows FROM recon.file_load ORDER BY load_no")] == [
        ("tb", 1), ("tb", 1), ("odoo", 1),
    ]  # fmt: skip
    (folder / "cheques.txt").write_text(f"Issued,Amount\n{day(1)},7\n")
    sources.write_text(
        sources.read_text()
        + f"  - {{name: cheques, profile: cheques, files: '{folder}/*.txt'}}\n"
        + "profiles: {cheques: {kind: items, entity: QB01, account: '1100', currency: EUR, date: {column: Issued},"
        " side: bank, item_kind: cheque, amount: {column: Amount, negate: true}, reference: numbered}}\n"
    )
    sources.write_text(sources.read_text().replace("- {name: away, files: 'nofs://bucket/*.csv'}", ""))
    assert run(module).state == "success"
    assert books.rows("SELECT kind, source, rows FROM recon.file_load WHERE load_no > 3") == [
        ("items", "cheques", 1)
    ]
    assert books.found() == ("matched", None)


def test_rates_come_from_a_file_and_from_a_source_once_and_a_refused_one_is_named(
    books: Books, module: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = books.ledger.folder / "rates"
    folder.mkdir()
    (folder / "good.csv").write_text(f"{RATE_HEADER}\nEUR,USD,{day(1)},1.0850\n")
    (folder / "bad.csv").write_text(f"{RATE_HEADER}\nEUR,USD,{day(1)},-1\n")
    sources = books.ledger.folder / "gl_sources.yaml"
    sources.write_text(f"sources:\n  - {{name: fx, profile: plain-rates, files: '{folder}/*.csv'}}\n")
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(sources))
    named = books.file(f"{RATE_HEADER}\nJPY,EUR,{day(1)},0.0061\n")
    ended = run(module, rates_file=str(named))
    assert (ended.of("load"), ended.of("match"), ended.of("sources")) == ("success", "success", "failed")
    assert "line 2: rate is '-1': write a rate above 0" in "".join(capfd.readouterr())
    assert run(module, rates_file=str(named)).state == "success"
    assert [tuple(row) for row in books.rows("SELECT source, rate::text FROM ledger.current_fx_rate ORDER BY 2")] == [
        (None, "0.0061"), ("fx", "1.0850"),
    ]  # fmt: skip
