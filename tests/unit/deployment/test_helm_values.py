"""deploy/helm/values.yaml: values that the chart takes, settings that the product reads, and no secret."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from tests.unit.deployment.compose import ROOT

from qbank_ledger.config import LEDGER_CONNECTION, accounts_place, break_limits, docs_place, packs_place

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
AIRFLOW = re.findall(r"^apache-airflow==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[0]
# Of what an entry is made, by the chart's values.schema.json.
ENTRY = {"env": {"name", "value"}, "secret": {"envName", "secretName", "secretKey"}}


@pytest.fixture
def values() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy/helm/values.yaml").read_text("utf-8")))


@pytest.fixture
def env(values: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in values["env"]}


def test_it_has_the_charts_keys(values: dict[str, Any]) -> None:
    assert set(values) == {"images", *ENTRY}
    assert set(values["images"]["airflow"]) == {"repository", "tag"}
    assert {key: set().union(*values[key]) for key in ENTRY} == ENTRY
    assert all(isinstance(text, str) for key in ENTRY for entry in values[key] for text in entry.values())


def test_the_image_is_of_this_version(values: dict[str, Any]) -> None:
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
