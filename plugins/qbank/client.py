"""Balances of accounts from QBank Connect. Free of Airflow."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from requests import Request

from qbank.answer import BalanceAnswer
from qbank.auth import TokenSource
from qbank.batch import Batch
from qbank.budget import Budget
from qbank.calls import Calls
from qbank.errors import QBankConfigError
from qbank.pace import Pace
from qbank.settings import Settings
from qbank.transport import USER_AGENT, Transport

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class QBankClient:
    """Asks for balances with one token, one limiter and one set of connections for all calls.

    `on_token` is told each token as it comes, so that a log can mask it. Close it, or use it as a
    context manager.
    """

    def __init__(self, settings: Settings, *, on_token: Callable[[str], None] = lambda token: None) -> None:
        self._settings = settings
        self._transport = Transport(
            connections=settings.concurrency + 1,
            ca_bundle=settings.ca_bundle,
            proxy=settings.proxy,
        )
        self._tokens = TokenSource(settings, self._transport, on_token)
        self._pace = Pace(settings.concurrency, settings.requests_per_second)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # an answer has a hundred bytes
            "Cache-Control": "no-cache",  # a gateway on the way may keep answers: the bank is to be asked
            "User-Agent": USER_AGENT,
        }
        self._template = Request("GET", f"{settings.api_url}/v1/balances/", headers).prepare()

    def check(self) -> None:
        """Get a token. Raises QBankError, saying in a sentence what is wrong."""
        self._tokens.current(Budget())

    def get_balance(self, account_id: str) -> BalanceAnswer:
        """The balance of one account, or why there is none. Raises as `get_balances` does."""
        (answer,) = self.get_balances([account_id])
        return answer

    def get_balances(
        self, account_ids: Iterable[str], *, budget_s: float | None = None
    ) -> Iterator[BalanceAnswer]:
        """Each account's balance, or why there is none: each id once, as the answers come.

        `budget_s` bounds the whole call, from now on; what it leaves, or what a bank that is down
        leaves, is `not_attempted`. Raises QBankConfigError for an id that is none, before any
        request is made, and QBankError for what makes every account fail, after the answers that
        had come.
        """
        if isinstance(account_ids, str):  # whose letters would be asked for, each by itself
            raise QBankConfigError("get_balances takes ids, not one id: use get_balance.")
        ids = list(dict.fromkeys(account_ids))
        for account_id in ids:
            if not isinstance(account_id, str) or not _ACCOUNT_ID.fullmatch(account_id):
                raise QBankConfigError(
                    f"{account_id!r:.80} is not an account id: 1 to 64 of A-Z, a-z, 0-9, _ and -."
                )
        budget = Budget(budget_s)
        calls = Calls(
            self._settings,
            self._template,
            transport=self._transport,
            tokens=self._tokens,
            pace=self._pace,
            budget=budget,
        )
        return iter(Batch(ids, calls, at_once=self._settings.concurrency, budget=budget))

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
