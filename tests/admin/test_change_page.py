"""The page of a payment: money that adds up, what can be done and why not, what support needs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.admin.amounts import Amounts, divide
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Intent
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzlePayment
from django_sezzle.services import capture, reauthorize, refund, release
from tests.admin.conftest import CHANGE, MakePayment, MakeStaff, money_url
from tests.services.rigs import let_lease_end
from tests.views.html import inline_code

EVIL = "<script>alert(1)</script>"


def page_of(client: Client, payment: SezzlePayment) -> str:
    answer = client.get(reverse(CHANGE, args=[payment.pk]))
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text[text.index('id="content-main"') :]


def support_text(client: Client, payment: SezzlePayment) -> str:
    page = client.get(reverse(CHANGE, args=[payment.pk]))
    text: str = page.context["support"].text
    assert text.split("\n", maxsplit=1)[0] in page.content.decode()
    return text


# The bar


@given(
    st.integers(1, 2_000_000),
    st.integers(0, 2_000_000),
    st.integers(0, 2_000_000),
    st.integers(0, 2_000_000),
    st.booleans(),
)
def test_the_parts_of_the_bar_add_up_to_what_was_authorized(
    authorized: int, captured: int, released: int, refunded: int, is_lapsed: bool
) -> None:
    captured = min(captured, authorized)
    payment = SezzlePayment(
        currency="USD",
        intent=Intent.AUTH,
        approved=True,
        authorized_in_cents=authorized,
        captured_in_cents=captured,
        released_in_cents=min(released, authorized - captured),
        refunded_in_cents=min(refunded, captured),
        lapsed_at=timezone.now() if is_lapsed else None,
    )

    parts = divide(payment)
    amounts = Amounts.of(payment)

    assert sum(parts.values()) == authorized
    assert min(parts.values()) >= 0
    assert parts["held"] == payment.held_in_cents
    # Side by side, without a gap.
    ends = 0
    for segment in amounts.segments:
        assert int(segment.start) == ends
        ends += int(segment.width)
    assert ends == authorized == int(amounts.total)
    if amounts.inside is not None:
        assert int(amounts.inside.width) <= parts["captured"]
    assert bool(amounts.inside) == bool(payment.refunded_in_cents)


def test_the_bar_is_said_as_a_table(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment(20_000)
    capture(payment, amount_in_cents=12_000)
    refund(payment, amount_in_cents=3_000)
    release(payment, amount_in_cents=2_000)

    text = page_of(manager, payment)

    rows = dict(re.findall(r"</span>([^<]+)</th><td class=\"sezzle-amount\">([^<]+)</td>", text))
    assert rows == {
        "Captured": "$120.00 USD",
        "of it refunded": "$30.00 USD",
        "of it kept": "$90.00 USD",
        "Released": "$20.00 USD",
        "Still held": "$60.00 USD",
    }
    assert 'viewBox="0 0 20000 10"' in text
    assert '<svg class="sezzle-bar"' in text
    assert 'aria-hidden="true"' in text


def test_a_payment_without_authorization_has_no_bar(
    manager: Client, make_payment: MakePayment
) -> None:
    assert "sezzle-bar" not in page_of(manager, make_payment(approve=False))


# What can be done


def test_what_cannot_be_done_says_why(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment()

    text = page_of(manager, payment)

    assert f'href="{money_url("capture", payment)}"' in text
    assert money_url("refund", payment) not in text
    assert "Nothing was taken that could be given back." in text
    assert money_url("reauthorize", payment) not in text
    assert "The authorization still stands" in text


def test_an_open_operation_is_on_the_page_with_its_ways_out(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    emulator.calls.clear()
    client = make_staff("view_sezzlepayment", "resolve_sezzlepayment", "capture_sezzlepayment")

    text = page_of(client, payment)

    assert "Open: capture of $10.00 USD" in text
    assert "sent again with the same request id" in text
    for name in ("close", "send-again"):
        assert f"/{payment.pk}/resolve/{name}/" in text
    assert "Under way or being checked: capture of" in text
    # Looking asks nobody.
    assert emulator.calls == []
    viewer = page_of(make_staff("view_sezzlepayment"), payment)
    assert "Open: capture of $10.00 USD" in viewer
    assert "/resolve/" not in viewer
    assert "What you can do now" not in viewer


def test_a_review_is_said_at_the_top(make_staff: MakeStaff, make_payment: MakePayment) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="amount_differs")

    text = page_of(make_staff("view_sezzlepayment", "resolve_sezzlepayment"), payment)

    assert "A person must look at this payment:" in text
    assert f"/{payment.pk}/resolve/clear-review/" in text


# The chain


def test_the_chain_of_reauthorizations_is_linked(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    first, other = make_payment(), make_payment()
    emulator.clock.advance(timedelta(days=1))
    second = reauthorize(first).result_payment
    assert second is not None
    emulator.clock.advance(timedelta(days=1))
    third = reauthorize(second).result_payment
    assert third is not None

    text = page_of(manager, second)
    chain = text[text.index('id="sezzle-chain"') : text.index('id="sezzle-announcements"')]

    assert reverse(CHANGE, args=[first.pk]) in chain
    assert reverse(CHANGE, args=[third.pk]) in chain
    assert reverse(CHANGE, args=[other.pk]) not in chain
    assert chain.count("reauthorization of SHOP-1001") == 2
    assert chain.count('aria-current="page"') == 1
    assert chain.count("counts for the order") == 1
    assert "sezzle-chain" not in page_of(manager, other)


# What the shop knows


def test_what_the_shop_does_not_know_is_told_apart(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    capture(payment, amount_in_cents=1_000)
    newest = SezzleAnnouncement.objects.latest("id")
    SezzleAnnouncement.objects.filter(pk=newest.pk).update(
        told_at=None, attempts=3, last_error="ValueError"
    )

    told = manager.get(reverse(CHANGE, args=[payment.pk])).context["told"]
    text = page_of(manager, payment)

    assert [row.fact for _words, row in told.untold] == ["captured"]
    assert [row.fact for _words, row in told.told] == ["authorized"]
    assert "tried 3 times: ValueError" in text


# For support


def test_support_gets_every_id_and_no_secret(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    capture(payment, amount_in_cents=1_000, reason="for Ada Meadows")
    SezzleOperation.objects.update(debug_uuid="debug-1", error_code="oops")
    SezzlePayment.objects.update(success_url="https://shop.example/thanks/secret/")
    payment.refresh_from_db()

    text = page_of(manager, payment)
    said = support_text(manager, payment)

    operation = SezzleOperation.objects.get()
    for known in (
        payment.order_uuid,
        payment.sezzle_order_id,
        payment.session_uuid,
        payment.reference_id,
        payment.merchant_uuid,
        "debug-1",
    ):
        assert known
        assert re.search(rf"<code [^>]*data-sezzle-copyable[^>]*>{re.escape(known)}</code>", text)
        assert known in said
    assert operation.request_id in said
    assert "Captured: $10.00 USD" in said
    for secret in (payment.token, "http", "sz_p", "Ada", "thanks"):
        assert secret not in said
    assert payment.token not in text


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ("sandbox", "https://sandbox.dashboard.sezzle.com/merchant"),
        ("production", "https://dashboard.sezzle.com/merchant"),
    ],
)
def test_the_dashboard_of_the_payments_environment_is_linked(
    manager: Client, make_payment: MakePayment, environment: str, address: str
) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(environment=environment)

    assert f'href="{address}"' in page_of(manager, payment)


def test_an_unknown_environment_has_no_link(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(environment="moon")

    assert "dashboard.sezzle.com" not in page_of(manager, payment)


# Sound pages


def test_it_is_sound_for_strict_browsers_and_screen_readers(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator, settings: Any
) -> None:
    payment = make_payment(20_000)
    capture(payment, amount_in_cents=1_000, reason=EVIL)
    emulator.faults.add("refund", "drop_before")
    with pytest.raises(OutcomeUnknown):
        refund(payment, amount_in_cents=500, reason=EVIL)
    SezzleOperation.objects.update(error_message=EVIL, error_code=EVIL, debug_uuid=EVIL)
    SezzleAnnouncement.objects.update(last_error=EVIL, told_at=None)
    SezzlePayment.objects.update(reference_id=EVIL, session_uuid=EVIL)
    client = make_staff("view_sezzlepayment", "resolve_sezzlepayment", "release_sezzlepayment")

    answer = client.get(reverse(CHANGE, args=[payment.pk]))
    text = answer.content.decode()

    assert inline_code(text) == []
    assert EVIL not in text
    content = text[text.index('id="content-main"') :]
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", content))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for label in re.findall(r'aria-labelledby="([^"]+)"', content):
        assert label in ids
    # The page is inside Django's own form, which may hold no other.
    assert content.count("<form") == 1
    settings.USE_THOUSAND_SEPARATOR = True
    assert 'viewBox="0 0 20000 10"' in page_of(client, payment)
