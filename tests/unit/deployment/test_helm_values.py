"""deploy/helm: values that the chart takes, settings that Airflow and the product read, and no secret."""

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from local.settings import MASKING, RECOVERY
from tests.unit.deployment.airflow import unknown_to_airflow
from tests.unit.deployment.compose import ROOT

from qbank_ledger.config import LEDGER_CONNECTION, accounts_place, break_limits, docs_place, packs_place

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
AIRFLOW = re.findall(r"^apache-airflow==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[0]
TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 1}


def only(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": keys, "required": sorted(keys), "additionalProperties": False}


def each(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


# What our files use of the chart's values. A list of our own: the chart's schema is not at hand where tests run offline.
CHART = {
    "airflowVersion": TEXT,
    "executor": {"enum": ["CeleryExecutor", "KubernetesExecutor"]},
    "images": only(airflow=only(repository=TEXT, tag=TEXT)),
    "env": each(only(name=TEXT, value=TEXT)),
    "secret": each(only(envName=TEXT, secretName=TEXT, secretKey=TEXT)),
    "scheduler": only(replicas=COUNT),
    "apiServer": only(replicas=COUNT),
    "workers": only(celery=only(replicas=COUNT)),
    "config": {"type": "object", "additionalProperties": {"type": "object"}},
}


def read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / f"deploy/helm/{name}.yaml").read_text("utf-8")))


def settings(values: dict[str, Any]) -> dict[str, str]:
    """What the chart's ``config`` comes to, as Airflow's variables."""
    return {
        f"AIRFLOW__{section}__{name}".upper(): str(value)
        for section, options in values["config"].items()
        for name, value in options.items()
    }


def on_the_page(block: int) -> dict[str, str]:
    """The settings of a block of docs/several-machines.md."""
    text = (ROOT / "docs/several-machines.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(line.split("=", 1) for line in blocks[block].splitlines())


@pytest.fixture
def values() -> dict[str, Any]:
    return read("values")


@pytest.fixture
def env(values: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in values["env"]}


@pytest.mark.parametrize("name", ["values", "celery", "kubernetes"])
def test_the_chart_has_every_key(name: str) -> None:
    schema = {"type": "object", "properties": CHART, "additionalProperties": False}
    problems = jsonschema.Draft202012Validator(schema).iter_errors(read(name))
    assert [f"{list(problem.path)}: {problem.message}" for problem in problems] == []


@pytest.mark.parametrize(
    ("name", "executor"), [("celery", "CeleryExecutor"), ("kubernetes", "KubernetesExecutor")]
)
def test_a_file_of_an_executor_leaves_the_others_values_alone(
    name: str, executor: str, values: dict[str, Any]
) -> None:
    own = read(name)
    assert own["executor"] == executor
    # Helm merges what is no list, key by key.
    assert own.keys() & values.keys() == {"config"}
    assert own["config"].keys() & values["config"].keys() == set()


def test_it_has_the_settings_of_the_page_and_so_have_the_stack_and_the_server(values: dict[str, Any]) -> None:
    celery = read("celery")
    page = on_the_page(0)
    assert settings(values) == RECOVERY | MASKING
    concurrency = {
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": on_the_page(1)["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    }
    assert {
        "AIRFLOW__CORE__EXECUTOR": celery["executor"],
        **settings(celery),
        **RECOVERY,
        **MASKING,
    } == page | concurrency
    server = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["x-airflow-environment"]
    assert page | concurrency == {name: server.get(name) for name in page | concurrency}


def test_airflow_knows_every_setting_of_the_page(tmp_path: Path) -> None:
    mistyped = "AIRFLOW__CELERY__OPERATIONS_TIMEOUT"
    assert unknown_to_airflow(on_the_page(0) | on_the_page(1) | {mistyped: "10"}, tmp_path) == [mistyped]


def test_the_image_is_of_this_version(values: dict[str, Any]) -> None:
    assert values["airflowVersion"] == AIRFLOW
    assert values["images"]["airflow"]["tag"] == f"{AIRFLOW}-{VERSION}"


def test_the_product_reads_every_setting(env: dict[str, str]) -> None:
    sources = [*(ROOT / "include").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    known = set(re.findall(r"\"(QBANK_[A-Z_]+)\"", "".join(file.read_text() for file in sources)))
    assert env.keys() <= known
    assert break_limits(env)
    assert {place(env).partition("://")[0] for place in (accounts_place, docs_place, packs_place)} == {"s3"}


def test_connections_come_from_a_secret(values: dict[str, Any]) -> None:
    assert [entry["envName"] for entry in values["secret"]] == [
        LEDGER_CONNECTION,
        "AIRFLOW_CONN_LEDGER_DESK",
        "AIRFLOW_CONN_QBANK_DEFAULT",
    ]
    page = (ROOT / "docs/existing-airflow.md").read_text("utf-8")
    for entry in values["secret"]:
        assert f"--from-literal={entry['secretKey']}=" in page or f"--from-file={entry['secretKey']}=" in page
        assert f"secret generic {entry['secretName']} " in page
