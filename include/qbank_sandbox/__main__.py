"""`python -m qbank_sandbox`: the command line of the sandbox."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from qbank_sandbox.accounts import read_currencies
from qbank_sandbox.app import create_app
from qbank_sandbox.catalogue import markdown
from qbank_sandbox.faults import MOST
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.server import listen, serve
from qbank_sandbox.token_endpoint import Client

log = logging.getLogger("qbank_sandbox")

_CLIENT_ID, _CLIENT_SECRET = "QBANK_SANDBOX_CLIENT_ID", "QBANK_SANDBOX_CLIENT_SECRET"
_ACCOUNTS = Path(__file__).resolve().parents[1] / "config" / "accounts.yaml"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until ended. Exit code 2 for what must be set right first, 1 where the port is in use."""
    asked = _parser().parse_args(arguments)
    if asked.list_faults:
        sys.stdout.write(markdown())
        return 0
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
    except ValueError as error:  # AccountsError, ScenarioError, or a currency that isn't one
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
    parser.add_argument(
        "--port", type=_port, default=8090, help="port to listen on; 0 takes a free one (default: 8090)"
    )
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
    parser.add_argument("--latency-ms", type=_duration, default=0, metavar="N", help="delay of every answer")
    parser.add_argument(
        "--token-lifetime-s",
        type=_duration,
        default=3600,
        metavar="S",
        help="life of a token (default: 3600)",
    )
    parser.add_argument("--list-faults", action="store_true", help="print every fault that can be asked for")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def _duration(text: str) -> float:
    try:
        duration = float(text)
    except ValueError:
        duration = -1
    if not 0 <= duration <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {MOST}")
    return duration


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
