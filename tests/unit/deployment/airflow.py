"""What Airflow itself says of settings and commands."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Run with the environment of a service: does Airflow know these settings, these commands?
ASK_AIRFLOW = """
import json, os, sys
from airflow.cli.cli_parser import get_parser
from airflow.configuration import conf
from airflow.executors.executor_loader import ExecutorLoader
from airflow.providers_manager import ProvidersManager

ProvidersManager().initialize_providers_configuration()
unknown = [
    name for name in os.environ
    if name.startswith("AIRFLOW__")
    and not conf.configuration_description.get(name.split("__")[1].lower(), {})
        .get("options", {}).get(name.split("__")[2].lower())
]
conf.getimport("core", "auth_manager")
ExecutorLoader.load_executor(ExecutorLoader.get_default_executor_name())
parser = get_parser()
for command in json.load(sys.stdin):
    parser.parse_args(command)
print(json.dumps(unknown))
"""


def unknown_to_airflow(
    settings: Mapping[str, str], home: Path, commands: Sequence[Sequence[str]] = ()
) -> list[str]:
    """The settings that Airflow does not have. Fails for an executor, an auth manager or a command that it does not."""
    own = {"AIRFLOW_HOME": str(home), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/a.db"}
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_AIRFLOW],
        env={"PATH": os.environ["PATH"], **settings, **own},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    unknown: list[str] = json.loads(asked.stdout.splitlines()[-1])
    return unknown
