"""A connection's fields, checked when made: what the client needs to know, and its defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qbank import hosts
from qbank.errors import QBankConfigError
from qbank.masking import shown

API_URL = "https://api.qbankconnect.com"
TOKEN_URL = "https://auth.qbankconnect.com/token"  # noqa: S105 (an address)

# Field of the extra: smallest, greatest value. Whole numbers where both are.
_BOUNDS: dict[str, tuple[float, float]] = {
    "concurrency": (1, 256),
    "timeout_s": (0.05, 300.0),
    "max_attempts": (1, 20),
    "max_backoff_s": (0.0, 3600.0),
    "fetch_budget_s": (0.1, 86400.0),
    "requests_per_second": (0.01, 100000.0),
}
_TEXTS = ("token_url", "scope", "ca_bundle", "proxy")
_AIRFLOWS = ("__extra__",)  # where Airflow's URIs keep an extra that is nested
_API_PATH = re.compile(r"/v1(/balances)?$")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749 3.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a `QBankClient` is told. Raises QBankConfigError, naming the field."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = API_URL
    token_url: str = TOKEN_URL
    scope: str = "balances.read"
    concurrency: int = 16  # calls at once
    timeout_s: float = 10.0  # one request, in total
    max_attempts: int = 5  # requests for one account
    max_backoff_s: float = 60.0  # the longest wait between two of them
    fetch_budget_s: float = 1500.0  # all accounts of one call
    requests_per_second: float | None = None  # none: as fast as the bank takes it
    ca_bundle: str | None = None  # file or folder of PEM; none: certifi's
    proxy: str | None = None  # http://host:port

    def __post_init__(self) -> None:
        for name, label in (("client_id", "login"), ("client_secret", "password")):
            _check_credential(getattr(self, name), name, label)
        api_url = _API_PATH.sub("", hosts.check_url(self.api_url, "host"))  # the client appends it
        object.__setattr__(self, "api_url", api_url)
        object.__setattr__(self, "token_url", hosts.check_url(self.token_url, "token_url"))
        if not _SCOPE.fullmatch(self.scope):
            raise QBankConfigError("scope must be names separated by single spaces.")
        for name in _BOUNDS:
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        self._check_proxy()

    def _check_proxy(self) -> None:
        if self.proxy is None:
            return
        scheme, host, _, path = hosts.parse_url(self.proxy, "proxy")
        if scheme != "http" or path:
            raise QBankConfigError("proxy must be http://host:port: TLS to QBank runs through it.")
        plain = any(url.startswith("http:") for url in (self.api_url, self.token_url))
        if plain and not hosts.is_loopback(host):
            raise QBankConfigError("proxy can't be used with http URLs: it could read the secret.")

    @classmethod
    def from_fields(
        cls, *, host: str | None, login: str | None, password: str | None, extra: Any, port: int | None = None
    ) -> "Settings":
        """From the fields of an Airflow connection; absent and empty ones take their default.

        `extra` is what its JSON holds. Raises QBankConfigError, also for a field that is none of ours.
        """
        if not isinstance(extra, Mapping):
            raise QBankConfigError('extra must be a JSON object such as {"concurrency": 8}.')
        _check_names(extra, password or "")
        given = {name: value for name in (*_TEXTS, *_BOUNDS) if (value := extra.get(name)) not in (None, "")}
        for name in _TEXTS:
            if not isinstance(given.get(name, ""), str):
                raise QBankConfigError(f"{name} must be text.")
        if host:
            url = host if "://" in host else f"https://{host}"
            given["api_url"] = hosts.with_port(url, port, "host") if port else url
        return cls(client_id=login or "", client_secret=password or "", **given)


def _check_credential(value: str, name: str, label: str) -> None:
    if not value.strip():
        raise QBankConfigError(f"{label} is empty: enter the {name} that QBank gave you.")
    if value != value.strip():
        raise QBankConfigError(
            f"{label} begins or ends with a blank or a line break: enter the {name} again without it."
        )
    if not value.isprintable():
        raise QBankConfigError(
            f"{label} has a line break or another character that can't be seen: enter the {name} again."
        )


def _check_names(extra: Mapping[str, Any], secret: str) -> None:
    """A misspelt field would be passed over, and its default used."""
    known = [*_TEXTS, *_BOUNDS]
    unknown = [name for name in extra if name not in (*known, *_AIRFLOWS)]
    if unknown:
        names = sorted(word for name in unknown if (word := shown(name, [secret])))
        listed = ", ".join(names if len(names) == len(unknown) else [*names, "…"])
        raise QBankConfigError(
            f"extra has the unknown field{'s' if len(unknown) > 1 else ''} {listed}: "
            f"it may have {', '.join(known)}."
        )


def _number(name: str, value: Any) -> float | int | None:
    """A bounded number, also from text: a connection given as a URI has only text."""
    if value is None and name == "requests_per_second":
        return None
    low, high = _BOUNDS[name]
    whole = isinstance(low, int) and isinstance(high, int)
    try:
        number = value if type(value) in (int, float) else float(str(value))
        good = not isinstance(value, bool) and low <= number <= high
    except ValueError:
        good = False
    if not good or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise QBankConfigError(f"{name} must be {kind} from {low} to {high}.")
    return int(number) if whole else float(number)
