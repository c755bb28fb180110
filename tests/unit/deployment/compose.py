"""How Compose reads docker-compose.yml: its variables and what they resolve to."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SECRETS = {
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "LEDGER_MIGRATE_PASSWORD",
    "LEDGER_RUN_PASSWORD",
    "LEDGER_DESK_PASSWORD",
    "REDIS_PASSWORD",
    "AIRFLOW_FERNET_KEY",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_SECRET_KEY",
}

# ${NAME}, ${NAME:-default}, ${NAME:?sentence}; a default may hold one more of them.
VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])((?:[^{}$]|\$\{[^{}]*\})*))?\}|(\$\$)|(\$)")


class MissingError(Exception):
    """A required variable has no value; the message is the sentence that Compose shows."""


def interpolated(value: Any, environment: Mapping[str, str]) -> Any:
    """``value`` as Compose resolves it against the contents of .env."""
    if isinstance(value, dict):
        return {key: interpolated(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, environment) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name, operator, argument, escaped, bare = match.groups()
        if escaped:
            return "$"
        if bare:
            raise ValueError(f"a $ that is not a variable, in {value!r}")
        if environment.get(name):
            return environment[name]
        if operator == ":?":
            raise MissingError(f"{name}: {argument}")
        return str(interpolated(argument or "", environment))

    return VARIABLE.sub(replace, value)
