"""A token is good for its scopes, its time and its calls, and for nothing after that."""

from qbank_sandbox.tokens import MAX_TOKENS, Grant, TokenStore

SCOPES = frozenset({"balances.read"})


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_good_until_its_lifetime_ends() -> None:
    clock = Clock()
    tokens = TokenStore(clock)
    token = tokens.issue(Grant(scopes=SCOPES, lifetime_s=30))
    clock.now += 29.999
    assert tokens.use(token) == SCOPES
    clock.now += 0.001
    assert tokens.use(token) is None


def test_a_token_with_a_number_of_calls_answers_just_those() -> None:
    tokens = TokenStore()
    token = tokens.issue(Grant(scopes=SCOPES, lifetime_s=30, calls=2))
    assert [tokens.use(token) for _ in range(4)] == [SCOPES, SCOPES, None, None]


def test_an_unknown_token_is_good_for_nothing() -> None:
    assert TokenStore().use("made-up") is None


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = TokenStore()
    issued = {tokens.issue(Grant(scopes=SCOPES, lifetime_s=30)) for _ in range(500)}
    assert len(issued) == 500
    assert min(map(len, issued)) >= 43


def test_the_store_is_bounded_and_keeps_the_newest() -> None:
    tokens = TokenStore()
    first = tokens.issue(Grant(scopes=SCOPES, lifetime_s=30))
    for _ in range(MAX_TOKENS):
        last = tokens.issue(Grant(scopes=SCOPES, lifetime_s=30))
    assert tokens.use(first) is None
    assert tokens.use(last) == SCOPES
