"""What a secret looks like where it was written, and what of a server's words may be shown."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from qbank.masking import escaped, forms, shown

SECRETS = ["s3cret-token_value", "a\"b's/+=%& c\\d", "pässwörd-ünd-mehr", "0123456"]


@pytest.mark.parametrize("secret", SECRETS)
def test_each_form_stands_in_what_was_made_of_the_secret(secret: str) -> None:
    found = forms(secret)
    assert {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)} <= found
    assert escaped(secret) <= found
    for around in ("", "x", "xy", "id:"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            assert any(form in encode(f"{around}{secret}{around}".encode()).decode() for form in found)
    for text in (repr({"value": secret}), json.dumps(secret), json.dumps(repr([secret]))):
        assert any(form in text for form in escaped(secret))


def test_a_secret_without_odd_characters_has_one_escaped_form() -> None:
    assert escaped("s3cret-token_value") == {"s3cret-token_value"}


@pytest.mark.parametrize("word", ["MAC", "DPoP", "client_locked", "N_A", "x" * 32])
def test_a_short_word_is_shown(word: str) -> None:
    assert shown(word, ["another-secret"]) == word


@pytest.mark.parametrize("word", ["", "two words", "a.b", "a\n", "x" * 33, "é", None, 5, ["MAC"]])
def test_what_is_no_short_word_is_not(word: object) -> None:
    assert shown(word, ["another-secret"]) is None


@pytest.mark.parametrize(
    "word", ["secret-of-ours", "secret", "of-ours", "x-secret-of-ourz", "c2VjcmV0LW9mLW91cn"]
)
def test_a_part_of_a_secret_is_not(word: str) -> None:
    assert shown(word, ["another-one", "secret-of-ours"]) is None
    assert shown(word, ["another-one"]) == word
