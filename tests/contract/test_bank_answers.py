"""Two hundred accounts that each answer something else, in one run: bar lines 12 to 15."""

import gzip
import time
from decimal import Decimal

from tests.contract.bank import Answer, Bank, Call
from tests.contract.conftest import ClientOf

JSON = {"Content-Type": "application/json"}


def body(available: str, more: str = "") -> Answer:
    return Answer(body=f'{{"available_balance":{available},"ledger_balance":1{more}}}')


# What an account answers, its reason, and the requests that it costs.
ODD: list[tuple[Answer, str, int]] = [
    (body("NaN"), "not_finite", 1),
    (body('"-Infinity"'), "not_finite", 1),
    (body("1e999999"), "too_large", 1),
    (body("9" * 5000), "too_large", 1),
    (body("1e-999999"), "too_precise", 1),
    (body("1", ',"ledger_balance":1'), "duplicate_key", 1),
    (body("true"), "not_a_number", 1),
    (body("[1]"), "not_a_number", 1),
    (body('"12_3.5"'), "not_a_number", 1),
    (body('"\uff11"'), "not_a_number", 1),
    (body("null"), "missing_field", 1),
    (Answer(body="{}"), "missing_field", 1),
    (Answer(body="[" * 60000), "not_json", 1),
    (Answer(body=b""), "not_json", 1),
    (Answer(body=b'{"a":"\xff"}'), "bad_encoding", 1),
    (Answer(body='{"a":1}'.encode("utf-16")), "bad_encoding", 1),
    (Answer(body=b'{"a":"\x00"}'), "bad_encoding", 1),
    (Answer(body=b'{"a":"\\ud800"}'), "bad_encoding", 1),
    (Answer(body="<html>", headers={"Content-Type": "text/html"}), "wrong_content_type", 1),
    (Answer(body=" " * 70000), "body_too_big", 1),
    (
        Answer(body=gzip.compress(b" " * 10**7), headers=JSON | {"Content-Encoding": "gzip"}),
        "body_too_big",
        1,
    ),
    (Answer(status=204, body=""), "http_204", 1),
    (Answer(status=403), "http_403", 1),
    (Answer(status=404), "http_404", 1),
    (Answer(status=307, headers={"Location": "/elsewhere"}), "redirect", 1),
    (Answer(status=503), "http_503", 3),
    (Answer(status=429), "rate_limited", 3),
    (Answer(status=401), "unauthorized", 2),
    (Answer(raw=b""), "connection", 3),
    (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "connection", 3),
    (Answer(delay_s=0.6), "timeout", 3),
    (Answer(drip_s=0.05), "timeout", 3),
]


def test_each_account_gets_its_reason_and_every_other_its_exact_balance(
    bank: Bank, client_of: ClientOf
) -> None:
    odd = {f"odd-{number}": case for number, case in enumerate(ODD)}
    good = {f"good-{number}": f"1{number}34567890123456.7{number}" for number in range(168)}

    def answer(call: Call) -> Answer:
        if call.account_id in odd:
            return odd[call.account_id][0]
        return body(good[call.account_id], f',"account_id":"{call.account_id}"')

    bank.balance = answer
    began = time.monotonic()
    client = client_of(timeout_s=0.4, max_attempts=3)
    answers = {a.account_id: a for a in client.get_balances([*good, *odd])}
    assert time.monotonic() - began < 15
    assert answers.keys() == odd.keys() | good.keys()
    for account_id, text in good.items():
        assert answers[account_id].available_balance == Decimal(text)
        assert answers[account_id].echoed_account_id == account_id
        assert answers[account_id].reason is None
    found = {name: (answers[name].reason, answers[name].attempts) for name in odd}
    assert found == {name: (reason, calls) for name, (_, reason, calls) in odd.items()}
    assert {answers[name].state for name in odd} == {"unfit", "failed"}
    assert all("\x00" not in (a.payload or "") for a in answers.values())
