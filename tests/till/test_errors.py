"""Each error in its one shape: what went wrong, and whether money moved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import UnreadablePostError

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import Declined
from django_sezzle.models import Review, SezzleOperation, SezzlePayment
from django_sezzle.till.answers import answer_error
from django_sezzle.till.bodies import BadInput, SmallJSON
from tests.services.rigs import called, grow_stale, moved
from tests.till.conftest import EMAIL, PHONE, PREFIX, SALE, Till

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]

WRONG_PHONES = ["12345", "+1 415 555 014", "1155550142", "call me", "+1٤155550142", "+" * 9]
WRONG_EMAILS = ["ada", "ada@", "ada@x", "a b@shop.example", f"{'a' * 250}@shop.example"]
WRONG_SALES: list[dict[str, Any]] = [
    *({"phone": phone} for phone in WRONG_PHONES),
    *({"email": email} for email in WRONG_EMAILS),
    {"shop_reference": "no spaces"},
    {"shop_reference": ""},
    {"shop_reference": "x" * 65},
    {"shop_reference": 1001},
    {"shop_reference": "\0"},
    {"amount_in_cents": 0},
    {"amount_in_cents": -1},
    {"amount_in_cents": 99},
    {"amount_in_cents": 2**31},
    {"amount_in_cents": 10**400},
    {"amount_in_cents": 100.0},
    {"amount_in_cents": "100"},
    {"amount_in_cents": True},
    {"amount_in_cents": None},
    {"currency": "EUR"},
    {"currency": "usd"},
    {"language": "de"},
    {"language": None},
    {"description": ["x"]},
    {"account": "nobody's"},
    {"amount": 100},
    {"phone_number": PHONE},
]


def code(answer: Any) -> tuple[int, str]:
    """Give an error's status and code, after a look at the rest of it."""
    body = answer.json()
    assert body["detail"].strip()
    return answer.status_code, body["code"]


@pytest.mark.parametrize("change", WRONG_SALES, ids=lambda change: ascii(change)[:60])
def test_what_cannot_be_asked_for(till: Till, emulator: Emulator, change: dict[str, Any]) -> None:
    answer = till.ask(**change)
    assert code(answer) == (400, "invalid_input")
    assert "othing was sent" in answer.json()["detail"]
    for value in (*WRONG_PHONES[:2], *WRONG_EMAILS):
        assert len(value) < 5 or value not in answer.content.decode()
    assert called(emulator) == []
    assert not SezzlePayment.objects.exists()


@pytest.mark.parametrize("missing", SALE)
def test_what_is_missing(till: Till, missing: str) -> None:
    sale = {name: value for name, value in SALE.items() if name != missing}
    answer = till.send("POST", "/payments/", sale)
    assert code(answer) == (400, "invalid_input")
    assert missing in answer.json()["detail"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"{", 400),
        (b"\xff\xfe{", 400),
        (b"[" * 16_000, 400),
        (b'{"amount_in_cents": ' + b"1" * 5_000 + b"}", 400),
        (b'{"x": "' + b"x" * 16_384 + b'"}', 413),
    ],
    ids=lambda raw: ascii(raw[:12]) if isinstance(raw, bytes) else raw,
)
def test_bodies_that_are_none(till: Till, raw: bytes, status: int) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = till.client.post(f"{PREFIX}/payments/", raw, content_type=content_type)
        assert (answer.status_code, set(answer.json())) == (status, {"code", "detail"})
    assert not SezzlePayment.objects.exists()


def test_a_body_that_breaks_off() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise UnreadablePostError

    with pytest.raises(BadInput, match="did not arrive whole"):
        SmallJSON().parse(Broken())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"request_id": ""},
        {"request_id": 1},
        {"request_id": "a b"},
        {"request_id": "é"},
        {"request_id": "x" * 65},
        {"request_id": "r", "amount_in_cents": 0},
        {"request_id": "r", "amount_in_cents": None},
        {"request_id": "r", "amount_in_cents": 1.5},
        # Read as a refund without an amount, it would give everything back.
        {"request_id": "r", "amount": 500},
    ],
    ids=str,
)
def test_money_is_moved_for_exact_wishes_only(
    approved: Till, emulator: Emulator, body: dict[str, Any]
) -> None:
    for action in ("capture", "refund"):
        answer = approved.send("POST", f"/payments/{approved.token}/{action}/", body)
        assert code(answer) == (400, "invalid_input")
    assert called(emulator) == []


@pytest.mark.parametrize("number", ["", "no spaces", "x" * 81, "é", "1/2"])
def test_wrong_receipts(approved: Till, emulator: Emulator, number: str) -> None:
    assert code(approved.receipt(number)) == (400, "invalid_input")
    body = {"receipt": "R-1", "more": 1}
    answer = approved.send("PATCH", f"/payments/{approved.token}/", body)
    assert code(answer) == (400, "invalid_input")
    assert called(emulator) == []


def test_a_receipt_that_another_payment_has(approved: Till) -> None:
    token = approved.token
    approved.ask(shop_reference="T-1002")
    approved.token = token
    assert code(approved.receipt("T-1002")) == (400, "invalid_input")


def test_a_cancel_says_nothing_more(approved: Till) -> None:
    body = {"amount_in_cents": 1}
    answer = approved.send("POST", f"/payments/{approved.token}/cancel/", body)
    assert code(answer) == (400, "invalid_input")


@pytest.mark.parametrize("token", ["nobody", "x" * 65, "%00", "a.b"])
def test_there_is_no_such_payment(till: Till, token: str) -> None:
    answer = till.client.get(f"{PREFIX}/payments/{token}/")
    assert code(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/payments/"),
        ("OPTIONS", "/payments/"),
        ("DELETE", "/payments/{token}/"),
        ("PUT", "/payments/{token}/"),
        ("GET", "/payments/{token}/capture/"),
        ("GET", "/payments/{token}/refund/"),
        ("GET", "/payments/{token}/cancel/"),
        ("POST", "/schema/"),
    ],
)
def test_other_methods(approved: Till, method: str, path: str) -> None:
    url = f"{PREFIX}{path.replace('{token}', approved.token)}"
    assert code(approved.client.generic(method, url)) == (405, "method_not_allowed")


def test_before_the_shopper_has_paid(till: Till, emulator: Emulator) -> None:
    till.ask()
    assert code(till.capture()) == (409, "action_not_allowed")
    assert code(till.receipt("R-1")) == (409, "action_not_allowed")
    assert "capture" not in called(emulator)


def test_what_is_said_follows_the_language_of_the_request(till: Till, emulator: Emulator) -> None:
    till.ask()
    till.headers = {"Accept-Language": "fr-CA"}
    assert "Aucun argent n’a été déplacé" in till.capture().json()["detail"]
    assert "téléphone" in till.ask(phone="12345").json()["detail"]


def test_more_than_there_is(approved: Till, emulator: Emulator) -> None:
    assert code(approved.capture(amount_in_cents=10_001)) == (422, "amount_unavailable")
    assert code(approved.refund()) == (422, "amount_unavailable")
    assert moved(emulator, approved.payment) == []


def test_a_payment_under_review(approved: Till, emulator: Emulator) -> None:
    SezzlePayment.objects.update(review_reason=Review.AMOUNT_DIFFERS)
    assert approved.read().json()["stage"] == "checking"
    assert code(approved.capture()) == (409, "needs_review")
    assert called(emulator) == []


def test_a_refusal_of_sezzle(approved: Till, emulator: Emulator) -> None:
    # Only Sezzle's clock says that it is too late.
    emulator.clock.advance(timedelta(minutes=31))
    for _ in range(2):
        answer = approved.capture()
        assert code(answer) == (422, "gateway_rejected")
        assert "No money moved" in answer.json()["detail"]
    assert called(emulator).count("capture") == 1


@pytest.mark.off_contract
def test_a_refusal_to_ask(till: Till, emulator: Emulator) -> None:
    emulator.profile.change(merchant_minimum_in_cents=50_000)
    assert code(till.ask()) == (422, "gateway_rejected")


def test_no_answer_to_a_question(till: Till, emulator: Emulator) -> None:
    emulator.faults.add("session_create", "drop_before")
    assert code(till.ask()) == (503, "gateway_unavailable")
    answer = till.ask()
    assert (answer.status_code, answer.json()["stage"]) == (200, "waiting")


def test_sezzle_cannot_be_looked_at(till: Till, emulator: Emulator) -> None:
    till.ask()
    emulator.faults.add("order_get", "503", times=None)
    assert till.read().json()["stage"] == "waiting"
    assert code(till.cancel()) == (503, "gateway_unavailable")


def test_an_unknown_outcome(approved: Till, emulator: Emulator) -> None:
    emulator.faults.add("capture", "drop_before")
    answer = approved.capture()
    assert code(answer) == (202, "outcome_unknown")
    assert approved.read().json()["stage"] == "checking"
    assert code(approved.capture()) == (202, "outcome_unknown")
    assert code(approved.capture("c-2")) == (409, "operation_in_progress")
    assert code(approved.cancel()) == (409, "operation_in_progress")
    assert SezzleOperation.objects.count() == 1


def test_keys_that_do_not_fit(till: Till, emulator: Emulator, settings: Any) -> None:
    till.ask()
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    assert code(till.ask(shop_reference="T-2")) == (503, "not_configured")
    assert till.read().status_code == 200


def test_a_shop_without_keys(approved: Till, settings: Any) -> None:
    settings.SEZZLE = {}
    assert code(approved.ask(shop_reference="T-2")) == (503, "not_configured")
    grow_stale(approved.payment)
    assert code(approved.capture()) == (503, "not_configured")


def test_a_shopper_who_is_declined_and_a_fault() -> None:
    answer = answer_error(Declined("x"), {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (422, "declined")
    assert answer_error(ZeroDivisionError("ours"), {}) is None


def test_mail_and_phone_may_both_be_given(till: Till, emulator: Emulator) -> None:
    assert till.ask(phone=PHONE, email=f" {EMAIL} ").status_code == 201
    assert {link.to for link in emulator.sent_links} == {PHONE, EMAIL}
