"""docker-compose.yml holds what docs/deployment.md promises of it."""

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest
from local.settings import MASKING
from tests.unit.deployment.compose import ROOT, SECRETS, VARIABLE, MissingError, interpolated

DIGEST = re.compile(r"[\w./-]+:\d+(\.\d+)+[\w.-]*@sha256:[0-9a-f]{64}")
ONE_SHOTS = {"logins", "init"}


def test_the_file_is_valid_by_the_compose_specification(compose: dict[str, Any]) -> None:
    schemas = resources.files("check_jsonschema").joinpath("builtin_schemas/vendor")
    schema = json.loads(schemas.joinpath("compose-spec.json").read_text("utf-8"))
    problems = jsonschema.Draft202012Validator(schema).iter_errors(compose)
    assert [f"{list(each.path)}: {each.message}" for each in problems] == []


def test_it_has_the_services_of_a_server(services: dict[str, Any]) -> None:
    assert set(services) == {
        *("postgres", "redis", "logins", "init", "api-server", "scheduler"),
        *("dag-processor", "triggerer", "worker", "watch", "sandbox"),
    }
    assert {name for name, each in services.items() if each.get("profiles")} == {"sandbox"}


def test_every_service_that_stays_has_a_health_check_and_starts_again(services: dict[str, Any]) -> None:
    for name in services.keys() - ONE_SHOTS:
        assert services[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert services[name]["restart"] == "unless-stopped", name


def test_a_service_that_ends_is_waited_for_by_its_success(services: dict[str, Any]) -> None:
    done = {"condition": "service_completed_successfully"}
    assert services["init"]["depends_on"]["logins"] == done
    for name in ONE_SHOTS:
        assert services[name]["restart"] == "no", name
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker"):
        assert services[name]["depends_on"]["init"] == done, name


def test_what_is_waited_for_exists_and_can_say_that_it_is_healthy(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], name


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_nothing_starts_without_a_secret(
    name: str, compose: dict[str, Any], environment: dict[str, str]
) -> None:
    for empty in ({}, {name: ""}):
        partial = {key: value for key, value in environment.items() if key != name} | empty
        with pytest.raises(MissingError, match=rf"^{name}: set it in \.env, as \.env\.example says$"):
            interpolated(compose, partial)


def test_no_secret_has_a_default(compose_text: str) -> None:
    for name, operator, argument, _, _ in VARIABLE.findall(compose_text):
        if re.search("PASSWORD|SECRET|KEY|CLIENT", name):
            # The bank's two may be absent: then they are entered in the UI.
            assert operator == ":?" or (name.startswith("QBANK_CLIENT_") and not argument), name


def test_no_value_that_should_be_a_secret_is_written_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|AUTH$", key) and key not in MASKING:
                assert re.fullmatch(r"\$\{\w+:[-?][^}]*\}", value), (name, key)
            assert not re.search(r"://[^/$]*:[^/$@]+@", str(value)), (name, key)


def test_no_secret_is_on_a_command_line(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        check = service.get("healthcheck", {}).get("test", [])
        assert "${" not in json.dumps([service.get("command", []), check]), name


def test_the_example_names_exactly_the_variables_of_the_file(compose_text: str) -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    named = re.findall(r"^(\w+)=", example, re.MULTILINE)
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", compose_text))
    assert sorted(named) == sorted(used)


def test_all_processes_share_one_key_and_one_signing_secret(services: dict[str, Any]) -> None:
    airflow = [
        each["environment"] for each in services.values() if "AIRFLOW__CORE__EXECUTOR" in each["environment"]
    ]
    assert len(airflow) == 6
    for key in ("CORE__FERNET_KEY", "API_AUTH__JWT_SECRET", "API__SECRET_KEY", "DATABASE__SQL_ALCHEMY_CONN"):
        assert len({each[f"AIRFLOW__{key}"] for each in airflow}) == 1, key


def test_secrets_are_masked_in_logs_as_in_the_local_stack(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if "AIRFLOW__CORE__EXECUTOR" in service["environment"]:
            assert MASKING.items() <= service["environment"].items(), name


def test_only_init_holds_the_migrating_login(services: dict[str, Any], environment: dict[str, str]) -> None:
    def holders(secret: str) -> set[str]:
        return {name for name, each in services.items() if environment[secret] in json.dumps(each)}

    assert holders("LEDGER_MIGRATE_PASSWORD") == {"logins", "init"}
    assert holders("POSTGRES_PASSWORD") == {"postgres", "logins"}
    assert holders("LEDGER_DESK_PASSWORD") == {"logins", "api-server"}
    assert "sandbox" not in holders("AIRFLOW_DB_PASSWORD") | holders("LEDGER_RUN_PASSWORD")


def test_where_the_ledger_is_stands_in_one_place(
    compose: dict[str, Any], environment: dict[str, str]
) -> None:
    elsewhere = "db.example.com:6432/books?sslmode=verify-full"
    services = interpolated(compose["services"], {**environment, "QBANK_LEDGER_PLACE": elsewhere})
    ledgers = [
        value
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if name.startswith("AIRFLOW_CONN_LEDGER_D")
    ]
    assert len(ledgers) == 8
    assert {each.rpartition("@")[2] for each in ledgers} == {elsewhere}


def test_only_the_ui_has_a_port_and_only_on_loopback_unless_told(
    services: dict[str, Any], compose: dict[str, Any], environment: dict[str, str]
) -> None:
    assert {name for name, each in services.items() if "ports" in each} == {"api-server"}
    assert services["api-server"]["ports"] == ["127.0.0.1:8080:8080"]
    told = {**environment, "QBANK_UI_ADDRESS": "192.0.2.1", "QBANK_UI_PORT": "80"}
    assert interpolated(compose, told)["services"]["api-server"]["ports"] == ["192.0.2.1:80:8080"]


def test_the_stores_have_no_way_out(services: dict[str, Any], compose: dict[str, Any]) -> None:
    assert compose["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "logins"):
        assert services[name]["networks"] == ["data"], name


def test_every_process_is_confined(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert "privileged" not in service, name
        # Compose refuses an inline config in a read-only container.
        assert service["read_only"] is ("configs" not in service), name
        # The image built here says its own user (test_dockerfile.py).
        assert ("build" in service) != (service.get("user") in {"postgres", "redis"}), name


def test_foreign_images_are_pinned_by_version_and_digest(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert "build" in service or DIGEST.fullmatch(service["image"]), name
    assert services["postgres"]["image"].startswith("postgres:18.")


def test_code_comes_with_the_image_and_data_lies_in_volumes(
    services: dict[str, Any], compose: dict[str, Any]
) -> None:
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if source in compose["volumes"]:
                continue
            assert (target, volume.endswith(":ro")) == ("/opt/airflow/include/config", True), name
            assert (ROOT / source).is_dir(), name
    assert "logs:/opt/airflow/logs" in services["worker"]["volumes"]
    assert "state:/opt/airflow/state" in services["worker"]["volumes"]
    # Where the image of PostgreSQL 18 keeps its data; below it, an anonymous volume would take over.
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_the_sandbox_is_on_the_workers_loopback(services: dict[str, Any]) -> None:
    assert services["sandbox"]["network_mode"] == "service:worker"
    assert "networks" not in services["sandbox"]
