"""The deployment's files, as written and as they run."""

import secrets
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from tests.unit.deployment.compose import ROOT, SECRETS, interpolated


@pytest.fixture
def compose_text() -> str:
    """docker-compose.yml as written."""
    return (ROOT / "docker-compose.yml").read_text("utf-8")


@pytest.fixture
def compose(compose_text: str) -> dict[str, Any]:
    """docker-compose.yml, parsed, with its variables in it."""
    return dict(yaml.safe_load(compose_text))


@pytest.fixture
def environment() -> dict[str, str]:
    """A .env with every secret, made now."""
    made = {name: secrets.token_hex(32) for name in SECRETS}
    return {**made, "AIRFLOW_FERNET_KEY": Fernet.generate_key().decode()}


@pytest.fixture
def services(compose: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    """The services as they run, by name."""
    return dict(interpolated(compose["services"], environment))
