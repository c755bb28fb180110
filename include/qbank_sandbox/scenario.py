"""The scenario: which faults apply to which calls."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from qbank_sandbox.faults import ChosenFault, Endpoint

BUCKETS = 1000


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Faults for the accounts that match, for their first ``times`` calls (None: for all).

    ``share`` is a band of the BUCKETS into which account ids fall.
    """

    faults: tuple[ChosenFault, ...]
    matches: re.Pattern[str]
    share: range
    times: int | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is wrong with the bank; by default nothing. The first rule that fits a call is applied."""

    outage: tuple[ChosenFault, ...] = ()
    rate_limit: int | None = None
    rules: Mapping[Endpoint, tuple[FaultRule, ...]] = field(default_factory=dict)
    _calls: Counter[tuple[Endpoint, int, str]] = field(default_factory=Counter)

    def faults_for(self, endpoint: Endpoint, account_id: str = "") -> tuple[ChosenFault, ...]:
        """The faults of this call, which is counted where a rule has ``times`` (per account)."""
        for number, rule in enumerate(self.rules.get(endpoint, ())):
            if not rule.matches.fullmatch(account_id) or bucket(account_id) not in rule.share:
                continue
            if rule.times is not None:
                call = (endpoint, number, account_id)
                if self._calls[call] >= rule.times:
                    continue
                self._calls[call] += 1
            return rule.faults
        return ()


def bucket(account_id: str) -> int:
    """The account's place among the buckets: the same in every run and on every machine."""
    return int.from_bytes(hashlib.sha256(account_id.encode()).digest()[-8:]) % BUCKETS
