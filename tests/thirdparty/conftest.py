"""Somebody else's servers, each the real one, on loopback. What can't be had fails; nothing is skipped."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.thirdparty.program import found

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the tree, with what package-lock.json pins, and our scripts beside it."""
    folder = tmp_path_factory.mktemp("node")
    for file in (".npmrc", "package.json", "package-lock.json", "token_server.mjs"):
        shutil.copy(HERE / file, folder)
    npm = found("npm", todo="install Node.js 20 or newer, with npm")
    done = subprocess.run(
        [npm, "ci", "--prefer-offline"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.fail(
            f"npm could not install what package-lock.json pins: {done.stderr[-2000:]}", pytrace=False
        )
    return folder
