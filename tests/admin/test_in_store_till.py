"""The page of a till: what it says of a payment at each moment, and what can be done there."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import segno
import time_machine
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayUnavailable, OutcomeUnknown
from django_sezzle.gateway import Intent, Price
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, reauthorize, refresh, refund, release
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.in_store import ask_in_store
from tests.admin.conftest import (
    CHANGE,
    MakePayment,
    MakeStaff,
    money_url,
    statements,
)
from tests.admin.test_in_store import SELL, TILL, VIEW
from tests.admin.tills import (
    CANCEL,
    RECEIPT,
    RELEASE,
    STATE,
    MakeSale,
    an_hour_ago,
    beginner,
    cashier,
    reads,
    said,
    sale,
    state,
    text_of,
    url,
)
from tests.fixtures import payments_connection
from tests.services.rigs import again
from tests.views.html import inline_code

__all__ = ["beginner", "cashier", "sale"]

pytestmark = [pytest.mark.django_db]


# While it waits


def test_the_page_shows_what_is_asked_for(beginner: Client, sale: MakeSale) -> None:
    payment = sale()

    text = text_of(beginner, payment)

    assert "$84.50 USD" in text
    assert "TILL-1" in text
    assert "Waiting for the shopper" in text
    assert f'href="{payment.checkout_url}"' in text
    assert url(CANCEL, payment) in text
    assert '<meta http-equiv="refresh" content="3;url=?n=1">' in text
    assert not inline_code(text)
    assert "data:" not in text.replace("data-", "")


def test_the_code_is_that_of_the_link(beginner: Client, sale: MakeSale) -> None:
    payment = sale()

    text = text_of(beginner, payment)

    drawn = re.search(r'<svg viewBox="0 0 (\d+) \1">(.*?)</svg>', text)
    assert drawn is not None
    (path,) = re.findall(r'<path stroke="#000" d="([^"]+)"/>', drawn[2])
    expected = segno.make(payment.checkout_url, error="m", micro=False)
    dark = {
        (x, y) for y, row in enumerate(expected.matrix) for x, module in enumerate(row) if module
    }
    assert pixels(path, border=4) == dark
    assert int(drawn[1]) == len(expected.matrix) + 8


def pixels(path: str, *, border: int) -> set[tuple[int, int]]:
    """Read which squares a path of horizontal strokes covers."""
    found, x, y = set(), 0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            found |= {(x + step - border, int(y) - border) for step in range(int(values[0]))}
            x += int(values[0])
        elif command == "M":
            x, y = int(values[0]), values[1]
        else:
            x, y = x + int(values[0]), y + values[1]
    return found


def test_without_the_library_there_is_the_link(
    beginner: Client, sale: MakeSale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sezzle.admin.till.segno", None)
    payment = sale()

    text = text_of(beginner, payment)

    assert "<svg viewBox" not in text.partition("sezzle-till-code")[2]
    assert "django-sezzle[in-store]" in text
    assert f'href="{payment.checkout_url}"' in text


def test_nobody_scans_what_is_over(beginner: Client, sale: MakeSale) -> None:
    payment = sale(approve=True)

    text = text_of(beginner, payment)

    assert "sezzle-till-qr" not in text
    assert payment.checkout_url not in text
    assert "http-equiv" not in text
    assert "till.js" not in text


def test_it_stops_loading_itself(beginner: Client, sale: MakeSale) -> None:
    payment = sale()

    text = beginner.get(url(TILL, payment), {"n": "600"}).content.decode()

    assert "http-equiv" not in text
    assert 'href="?n=0"' in text


# What it says


def test_the_script_hears_of_every_stage(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()
    heard = [state(beginner, payment)]
    emulator.approve(str(payment.order_uuid))
    heard.append(state(beginner, payment))
    capture(again(payment))
    heard.append(state(beginner, payment))
    refund(again(payment), amount_in_cents=2_000)
    heard.append(state(beginner, payment))
    refund(again(payment))
    heard.append(state(beginner, payment))

    assert [(one["stage"], one["headline"], one["goesOn"]) for one in heard] == [
        ("waiting", "Waiting for the shopper", True),
        ("approved", "Approved", False),
        ("paid", "Paid", False),
        ("paid", "Paid", False),
        ("refunded", "Refunded", False),
    ]
    assert "Sezzle holds $84.50 USD. Capture it before" in heard[1]["text"]
    assert heard[2]["text"] == "$84.50 USD was captured. The sale is done."
    assert heard[3]["text"] == "$84.50 USD was captured, and $20.00 USD of it was given back."
    assert heard[4]["text"] == "$84.50 USD was given back."


def test_a_denial_ends_it(beginner: Client, sale: MakeSale, emulator: Emulator) -> None:
    payment = sale()
    emulator.deny(str(payment.order_uuid))

    found = state(beginner, payment)

    assert (found["headline"], found["goesOn"]) == ("Not approved", False)
    assert "Nothing was charged" in found["text"]


def test_money_let_go_is_named(beginner: Client, sale: MakeSale) -> None:
    payment = sale(approve=True)
    release(payment)

    found = state(beginner, payment)

    assert (found["headline"], found["goesOn"]) == ("Canceled", False)
    assert found["text"] == "$84.50 USD was released: the shopper is not charged for it."


def test_a_checkout_runs_out(beginner: Client, sale: MakeSale, emulator: Emulator) -> None:
    payment = sale()
    yesterday = timezone.now() - timedelta(days=1)
    SezzlePayment.objects.update(checkout_expires_at=yesterday, last_read_at=timezone.now())
    emulator.faults.add("order_get", "503", times=None)

    found = state(beginner, payment)

    assert (found["headline"], found["goesOn"]) == ("Ran out", False)


def test_an_authorization_runs_out(beginner: Client, sale: MakeSale) -> None:
    payment = sale(approve=True)
    SezzlePayment.objects.update(authorization_expires_at=timezone.now() - timedelta(minutes=1))

    found = state(beginner, payment)

    assert found["headline"] == "Ran out"
    assert "The shop gets nothing" in found["text"]


def test_what_needs_a_person_is_not_called_approved(beginner: Client, sale: MakeSale) -> None:
    payment = sale(approve=True)
    SezzlePayment.objects.update(review_reason="amount_differs")

    found = state(beginner, payment)

    assert (found["stage"], found["goesOn"]) == ("checking", True)
    assert "Sezzle's order has another amount" in found["text"]


def test_an_outcome_that_is_not_known_is_waited_for(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment)

    found = state(beginner, payment)

    assert found["headline"] == "Being checked"
    assert "repeat nothing" in found["text"]


@pytest.mark.parametrize("ran_out", [False, True])
def test_it_says_when_nothing_is_known(
    beginner: Client, sale: MakeSale, emulator: Emulator, ran_out: bool
) -> None:
    payment = sale()
    an_hour_ago(payment)
    if ran_out:
        SezzlePayment.objects.update(checkout_expires_at=timezone.now() - timedelta(minutes=1))
    emulator.faults.add("order_get", "503", times=None)

    text, found = text_of(beginner, payment), state(beginner, payment)
    emulator.faults.clear()
    later = state(beginner, payment)

    assert "Not known right now" in text
    assert (found["headline"], found["tone"], found["goesOn"]) == (
        "Not known right now",
        "unknown",
        True,
    )
    assert "may or may not have paid" in found["text"]
    assert later["headline"] != "Not known right now"


def test_a_reauthorized_payment_leads_to_the_newer_one(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        emulator.clock.advance(timedelta(hours=1))
        newer = reauthorize(refresh(payment)).result_payment
        assert newer is not None
        capture(newer)

        found, text = state(beginner, payment), text_of(beginner, payment)

        assert (found["headline"], found["goesOn"]) == ("Reauthorized", False)
        assert found["text"] == "It was reauthorized: the sale goes on with the newer payment."
        assert f'href="{url(TILL, newer)}"' in text
        assert "till.js" not in text
        assert "Open the newer payment" not in text_of(beginner, newer)
        # What needs a person is said first, and the page goes on looking.
        SezzlePayment.objects.filter(pk=payment.pk).update(review_reason="amount_differs")
        found = state(beginner, payment)
        assert (found["headline"], found["goesOn"]) == ("Being checked", True)
        assert "Sezzle's order has another amount" in found["text"]


# A link may be out that we know no checkout of


def lose(emulator: Emulator) -> SezzlePayment:
    """Ask for a payment by SMS; Sezzle sends the link, and its answer is lost."""
    # Only a request with a good token is carried out.
    tokens.clear()
    emulator.faults.add("session_create", "drop_after")
    with pytest.raises(GatewayUnavailable):
        ask_in_store(shop_reference="LOST", amount=Price(8450, "USD"), phone="+16125550142")
    return SezzlePayment.objects.get(shop_reference="LOST")


@pytest.mark.parametrize("may_release", [False, True])
def test_canceling_does_not_end_a_link_that_was_lost(
    make_staff: MakeStaff, emulator: Emulator, may_release: bool
) -> None:
    client = make_staff(VIEW, SELL, *([RELEASE] if may_release else []))
    payment = lose(emulator)
    before, page = state(client, payment), text_of(client, payment)
    led = client.get(url(CHANGE, payment)).content.decode()

    client.post(url(CANCEL, payment))
    told, after = said(client, payment), state(client, payment)

    assert (before["headline"], before["goesOn"]) == ("Not known right now", True)
    assert "its link may or may not have been sent" in before["text"]
    assert "that sends another link" in before["text"]
    assert "Its link may still work" in page
    assert "The link and the code stop working" not in page
    assert f'href="{url(TILL, payment)}"' in led
    assert (after["headline"], after["goesOn"]) == ("Canceled", False)
    for text in (told, after["text"]):
        assert "if the shopper pays by it, the money shows up here for review" in text
        assert "obody can pay it" not in text


def test_a_lost_link_that_is_paid_shows_up_where_it_was_asked_for(
    beginner: Client, emulator: Emulator
) -> None:
    payment = lose(emulator)
    order_uuid = emulator.orders[-1].uuid
    emulator.approve(order_uuid)
    adopt_order("default", order_uuid)

    found = state(beginner, payment)
    assert found["headline"] == "Approved"


def test_a_checkout_that_is_being_made_has_no_till_yet(
    beginner: Client, emulator: Emulator
) -> None:
    payment = lose(emulator)
    SezzlePayment.objects.update(start_lease_until=timezone.now() + timedelta(seconds=30))

    assert beginner.get(url(TILL, payment))["Location"] == url(CHANGE, payment)


def test_an_account_that_is_gone_is_not_known_either(
    beginner: Client, sale: MakeSale, settings: Any
) -> None:
    payment = sale()
    an_hour_ago(payment)
    SezzlePayment.objects.update(account="gone")

    assert state(beginner, payment)["headline"] == "Not known right now"


# Who may, and for which payments


@pytest.mark.parametrize("name", [TILL, STATE, CANCEL, RECEIPT])
def test_each_page_has_its_permission(
    make_staff: MakeStaff, sale: MakeSale, emulator: Emulator, name: str
) -> None:
    payment = sale()
    for has in ((), (VIEW,), (SELL,), (VIEW, "capture_sezzlepayment", RELEASE)):
        client = make_staff(*has)
        assert client.get(url(name, payment)).status_code == 403
        if name in (CANCEL, RECEIPT):
            assert client.post(url(name, payment), {"receipt": "R-1"}).status_code == 403
    assert Client().get(url(name, payment)).status_code == 302
    assert emulator.calls == []
    assert again(payment).canceled_at is None


@pytest.mark.parametrize("name", [TILL, STATE, CANCEL, RECEIPT])
def test_a_payment_of_another_account_does_not_exist(
    beginner: Client, sale: MakeSale, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    payment = sale()
    monkeypatch.setattr(
        "django_sezzle.admin.accounts.AccountsMixin.accounts_for", lambda self, request: ["canada"]
    )

    assert beginner.get(url(name, payment)).status_code == 404
    if name in (CANCEL, RECEIPT):
        assert beginner.post(url(name, payment), {"receipt": "R-1"}).status_code == 404


@pytest.mark.parametrize("name", [CANCEL, RECEIPT])
def test_forms_from_elsewhere_are_refused(
    make_staff: MakeStaff, sale: MakeSale, emulator: Emulator, name: str
) -> None:
    client = make_staff(VIEW, SELL, RELEASE, checks_csrf=True)
    payment = sale()

    assert client.post(url(name, payment), {"receipt": "R-1"}).status_code == 403
    assert client.get(url(name, payment))["Location"] == url(TILL, payment)
    assert emulator.calls == []


def test_an_open_checkout_of_the_website_may_be_finished_at_the_counter(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    everything = [f"{name}_sezzlepayment" for name in ("capture", "release", "refund")]
    client = make_staff(VIEW, SELL, *everything)
    payment = make_payment(approve=False)
    shown = text_of(client, payment)
    assert "Waiting for the shopper" in shown
    emulator.approve(str(payment.order_uuid))

    followed = state(client, payment)
    loaded = client.get(url(TILL, payment))

    assert followed["headline"] == "Approved"
    assert "This is an order of the website" in followed["text"]
    assert "Capture it" not in followed["text"]
    # It goes on where it is shipped: nothing that the script unveils moves money.
    assert offered(shown, "approved") == offered(shown, "paid") == [url(CHANGE, payment)]
    assert (loaded.status_code, loaded["Location"]) == (303, url(CHANGE, payment))


def test_a_sale_at_the_counter_is_finished_without_loading_the_page_again(
    make_staff: MakeStaff, sale: MakeSale
) -> None:
    everything = [f"{name}_sezzlepayment" for name in ("capture", "release", "refund")]
    payment = sale()

    shown = text_of(make_staff(VIEW, SELL, *everything), payment)

    capture_url, release_url, refund_url = (
        money_url(name, payment) for name in ("capture", "release", "refund")
    )
    assert offered(shown, "approved") == [url(RECEIPT, payment), capture_url, release_url]
    assert offered(shown, "paid") == [url(RECEIPT, payment), refund_url]


def offered(text: str, stage: str) -> list[str]:
    """List where the parts lead that the page's script shows at a stage."""
    parts = text.partition("sezzle-till-ways")[0].split('<div data-stages="')[1:]
    return [
        unescape(address)
        for part in parts
        if stage in part.partition('"')[0].split()
        for address in re.findall(r'(?:href|action)="([^"]+)"', part)
    ]


def test_the_payments_page_leads_to_the_till_while_it_is_busy(
    beginner: Client, make_staff: MakeStaff, sale: MakeSale, make_payment: MakePayment
) -> None:
    done = sale(3, approve=True)
    capture(done)
    shown = {
        "waiting": sale(1),
        "approved": sale(2, approve=True),
        "done": done,
        "website, open": make_payment(approve=False),
        "website, approved": make_payment(),
    }

    def leads(client: Client, payment: SezzlePayment) -> bool:
        text = client.get(url(CHANGE, payment)).content.decode()
        return f'href="{url(TILL, payment)}"' in text

    found = {name: leads(beginner, payment) for name, payment in shown.items()}

    assert [name for name, is_so in found.items() if is_so] == [
        "waiting",
        "approved",
        "website, open",
    ]
    assert not leads(make_staff(VIEW), shown["waiting"])


@pytest.mark.parametrize("name", ["capture", "release", "refund"])
def test_the_ways_to_move_money_have_their_own_permissions(
    beginner: Client, make_staff: MakeStaff, sale: MakeSale, name: str
) -> None:
    payment = sale(approve=True)
    if name == "refund":
        capture(payment)
    link = f'href="{money_url(name, payment)}"'

    assert link in text_of(make_staff(VIEW, SELL, f"{name}_sezzlepayment"), payment)
    assert link not in text_of(beginner, payment)


# A good guest


def test_sezzle_is_read_once_in_two_seconds(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()

    text_of(beginner, payment)
    for _ in range(3):
        state(beginner, payment, soon=True)
    assert reads(emulator) == 1

    state(beginner, payment)
    assert reads(emulator) == 2


def test_what_is_settled_is_not_read_again(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)

    text_of(beginner, payment)
    state(beginner, payment)

    assert emulator.calls == []


def test_the_page_and_its_questions_cost_little(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    waiting, approved = sale(1), sale(2, approve=True)

    def cost(name: str, payment: SezzlePayment) -> int:
        SezzlePayment.objects.update(asked_at=None)
        with CaptureQueriesContext(payments_connection()) as queries:
            beginner.get(url(name, payment))
        return len(statements(queries))

    # Who is there and what they may (4), the payment, whose turn it is, and one reading.
    assert cost(TILL, waiting) <= 15
    assert cost(STATE, waiting) <= 15
    assert reads(emulator) == 2
    assert cost(TILL, approved) <= 6
    assert cost(STATE, approved) <= 6


def test_intent_capture_is_not_offered_to_be_captured(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    client = make_staff(VIEW, SELL, "capture_sezzlepayment")
    payment = make_payment(approve=False, intent=Intent.CAPTURE)
    emulator.approve(str(payment.order_uuid))

    assert state(client, payment)["stage"] == "paid"
