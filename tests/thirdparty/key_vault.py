"""The worker, with a folder in place of Azure's SecretClient: a secret is a file of its name.

All else of the backend is Airflow's own. Key Vault has no server that could run here.
"""

import os
import runpy
from dataclasses import dataclass
from pathlib import Path

from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend
from azure.core.exceptions import ResourceNotFoundError  # type: ignore[import-not-found]  # in vaults.txt only


@dataclass
class Secret:
    value: str


class Folder:
    def get_secret(self, name: str) -> Secret:
        file = Path(os.environ["KEY_VAULT_FOLDER"], name)
        if not file.exists():
            raise ResourceNotFoundError(name)
        return Secret(file.read_text())


AzureKeyVaultBackend.client = Folder()
runpy.run_path(str(Path(__file__).parent / "worker.py"))
