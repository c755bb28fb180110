"""The image: small, pinned, without root, compiler or secret."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.unit.deployment.compose import ROOT

from qbank_ledger.config import files_dirs

FROM = re.compile(r"^FROM (\S+)(?: AS (\w+))?$", re.MULTILINE)


@pytest.fixture
def dockerfile() -> str:
    """The Dockerfile, with its continued lines joined."""
    return (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    said = subprocess.run(
        [linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_the_one_base_is_pinned_by_version_and_digest(dockerfile: str) -> None:
    stages = FROM.findall(dockerfile)
    names = {name for _, name in stages if name}
    [base] = [image for image, _ in stages if image not in names]
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    # COPY --from may bring in an image too.
    assert set(re.findall(r"--from=(\S+)", dockerfile)) <= names


def test_the_image_runs_as_a_user_that_is_not_root(dockerfile: str) -> None:
    final = dockerfile.rsplit("FROM ", maxsplit=1)[-1]
    *_, user = re.findall(r"^USER (.+)$", final, re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert f"--uid {user.split(':')[0]} " in final
    assert "chown" not in final.lower()  # the code stays root's


def test_the_images_user_reads_the_code_whatever_umask_the_checkout_was_made_under(
    dockerfile: str, tmp_path: Path
) -> None:
    *_, build, final = dockerfile.split("FROM ")
    copied = re.findall(r"^COPY (.+) (\S+)$", final, re.MULTILINE)
    assert {source for source, _ in copied} == {
        "--from=build /opt/venv", *(f"--from=build /src/{folder}" for folder in ("dags", "plugins", "include")),
    }  # fmt: skip
    [command] = re.findall(r"^RUN (chmod .*?) +&&", build, re.MULTILINE)
    assert build.index("COPY dags dags") < build.index(command) < build.index("--no-build-isolation")
    files = [tmp_path / folder / "room" / "module.py" for folder in ("dags", "plugins", "include")]
    for file in files:
        file.parent.mkdir(mode=0o700, parents=True)
        file.touch(mode=0o600)
        file.parents[1].chmod(0o700)
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
    for file in files:
        modes = [each.stat().st_mode & 0o777 for each in (file, file.parent, file.parents[1])]
        assert modes == [0o644, 0o755, 0o755]


def test_the_folder_that_runs_read_files_from_is_in_it(dockerfile: str) -> None:
    [state] = re.findall(r"QBANK_STATE_DIR=(\S+)", dockerfile)
    [made] = re.findall(r"install --directory --owner airflow .*", dockerfile)
    assert files_dirs({"QBANK_STATE_DIR": state}) == [Path(state, "files")]
    assert f"{state}/files" in made.split()


def test_the_image_has_no_compiler_and_no_installer_ran_in_it(dockerfile: str) -> None:
    final = dockerfile.rsplit("FROM ", maxsplit=1)[-1]
    assert not re.search(r"\bapt|\bpip\b|\buv\b|gcc|build-essential|curl|wget", final)
    assert len(FROM.findall(dockerfile)) > 1


def test_packages_are_wheels_with_hashes_and_the_project_comes_without_any(dockerfile: str) -> None:
    lock, project = re.findall(r"pip .*? install (.*)$", dockerfile, re.MULTILINE)
    assert {"--require-hashes", "--only-binary", ":all:", "requirements.lock"} <= set(lock.split())
    assert {"--no-deps", "--no-index", "--no-build-isolation", "."} <= set(project.split())


def test_the_lock_has_hashes_and_all_that_the_build_and_the_server_need() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    entries = [each for each in re.split(r"\n(?=\S)", lock) if each[:1].isalnum()]
    unhashed = [each.split()[0] for each in entries if "--hash=sha256:" not in each]
    names = {re.split(r"[\s=\[]", each)[0] for each in entries}
    assert (unhashed, [line for line in lock.splitlines() if line.startswith((".", "-e"))]) == ([], [])
    with (ROOT / "pyproject.toml").open("rb") as file:
        build = tomllib.load(file)["build-system"]["requires"]
    wanted = {
        *build,
        "apache-airflow",
        "apache-airflow-providers-celery",
        "apache-airflow-providers-fab",
        "redis",
    }
    assert wanted - names == set()


def test_no_secret_can_get_into_a_layer(dockerfile: str) -> None:
    assert not re.search(r"^ARG|PASSWORD|SECRET|TOKEN|FERNET", dockerfile, re.MULTILINE)


def test_only_what_is_copied_is_sent_to_the_build(dockerfile: str) -> None:
    rules = [
        line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"
    ]
    assert rules[0] == "*"
    allowed = {line[1:] for line in rules if line.startswith("!")}
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE):
        copied |= set(line.split()[:-1])
    assert copied == allowed
    assert [path for path in copied if not (ROOT / path).exists()] == []


def test_health_is_asked_by_compose_alone(dockerfile: str) -> None:
    assert "HEALTHCHECK" not in dockerfile
