"""Write the dump of the version that pyproject.toml names, as this code makes it: part of releasing it."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from qbank_ledger.config import package_version
from tests.conftest import throwaway
from tests.integration.ledger.bare_server import Server
from tests.integration.ledger.lived_in import lived_in
from tests.released import DUMPED_BY, dump_of

# What differs each time: a word that keeps psql from obeying a hostile dump.
RESTRICT = re.compile(r"^\\(un)?restrict .*\n", re.MULTILINE)


def main() -> None:
    """A server of its own, a ledger in it, its dump."""
    with TemporaryDirectory() as folder, throwaway(DUMPED_BY) as cluster:
        server = Server(cluster)
        lived_in(server, Path(folder))
        file = dump_of(package_version())
        file.write_text(RESTRICT.sub("", server.dump("lived_in")))
        print(file)


if __name__ == "__main__":
    main()
