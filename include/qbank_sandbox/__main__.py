"""`python -m qbank_sandbox`: the command line of the sandbox."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from qbank_sandbox.accounts import AccountsError, read_currencies
from qbank_sandbox.app import create_app
from qbank_sandbox.scenario import ScenarioError, ScenarioFile
from qbank_sandbox.server import listen, serve
from qbank_sandbox.token_endpoint import Client

log = logging.getLogger("qbank_sandbox")

_CLIENT_ID, _CLIENT_SECRET = "QBANK_SANDBOX_CLIENT_ID", "QBANK_SANDBOX_CLIENT_SECRET"
_ACCOUNTS = Path(__file__).resolve().parents[1] / "config" / "accounts.yaml"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until ended. Exit code 2 for what must be set right first, 1 where the port can't be had."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    missing = [name for name in (_CLIENT_ID, _CLIENT_SECRET) if not environment.get(name)]
    if missing:
        return _refuse(2, f"Set {' and '.join(missing)}: the sandbox knows one client, and has no default.")
    try:
        currencies = read_currencies(asked.accounts)
        scenario = ScenarioFile(asked.scenario)
        app = create_app(
            currencies,
            Client(environment[_CLIENT_ID], environment[_CLIENT_SECRET]),
            scenario=scenario,
            token_lifetime_s=asked.token_lifetime_s,
            latency_s=asked.latency_ms / 1000,
        )
    except (AccountsError, ScenarioError) as error:
        return _refuse(2, str(error))
    try:
        sock = listen(asked.host, asked.port)
    except OSError as error:
        return _refuse(1, f"Can't listen on {asked.host}:{asked.port}: {error.strerror}.")
    port = sock.getsockname()[1]
    log.info("QBank sandbox on http://%s:%d, %d accounts", asked.host, port, len(currencies))
    serve(app, sock)
    return 0


def _refuse(code: int, sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qbank_sandbox",
        description="A stand-in for the bank: POST /token, GET /v1/balances/{accountId} and GET /healthz.",
        epilog=f"The one client's credentials come from the environment: {_CLIENT_ID} and {_CLIENT_SECRET}.",
    )
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--accounts",
        type=Path,
        default=_ACCOUNTS,
        metavar="FILE",
        help="the accounts it holds, .yaml or .csv",
    )
    parser.add_argument(
        "--scenario", type=Path, metavar="FILE", help="faults, in YAML; read again when it changes"
    )
    parser.add_argument("--latency-ms", type=float, default=0, metavar="N", help="delay of every answer")
    parser.add_argument(
        "--token-lifetime-s", type=float, default=3600, metavar="S", help="life of a token (default: 3600)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
