"""
The shop from the inside, in its own settings: ``manage.py test tests.example.cases``.

``test_inside.py`` runs these; pytest itself has the package's settings and does not collect them.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.management import get_commands, load_command_class
from django.db import transaction
from django.test import SimpleTestCase, TransactionTestCase
from django.utils import timezone

from django_sezzle import signals
from django_sezzle.emulator import Emulator, EmulatorAdapter, Request
from django_sezzle.emulator.web import Site
from django_sezzle.exceptions import GatewayRejected
from django_sezzle.gateway import transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from django_sezzle.services import capture, forget_customer, refresh, refund, release, upcharge
from example_project import settings
from example_project.shop import money
from example_project.shop.management.commands.demo_products import Command as DemoProducts
from example_project.shop.models import Order, OrderEvent, Subscription
from example_project.shop.renewals import Outcome, renew, says_consent_ended

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Meadows",
    "email": "ada@example.com",
    "street": "12 Lake Street",
    "city": "Minneapolis",
    "region": "mn",
    "postal_code": "55401",
}


class MoneyTests(SimpleTestCase):
    """Money as pages show it."""

    def test_dollars_are_written_exactly(self) -> None:
        shown = {0: "$0.00", 5: "$0.05", 123_450: "$1,234.50", -199: "-$1.99"}
        assert {cents: money.dollars(cents) for cents in shown} == shown


class ShopTestCase(TransactionTestCase):
    """A shop with products on its shelves and a gateway without sockets."""

    def setUp(self) -> None:
        gateway_url = settings.SEZZLE["GATEWAY_URL"]
        self.emulator = Emulator(base_url=gateway_url)
        self.addCleanup(tokens.clear)
        self.addCleanup(transport.mount(gateway_url, EmulatorAdapter(self.emulator)))
        tokens.clear()
        DemoProducts().handle()

    def press_pay(self, *slugs: str, **changes: str) -> Any:
        for slug in slugs:
            self.client.post(f"/cart/add/{slug}/")
        return self.client.post("/checkout/", ADDRESS | changes)

    def buy(self, slug: str) -> tuple[Order, SezzlePayment]:
        """Order, approve at Sezzle, and come back."""
        self.press_pay(slug)
        sezzle_order = self.emulator.orders[-1]
        returns_to = self.emulator.approve(sezzle_order.uuid)
        order = Order.objects.get()
        self.assertRedirects(self.client.get(returns_to), order.get_absolute_url())
        order.refresh_from_db()
        return order, SezzlePayment.objects.get()


class ReceiverTests(ShopTestCase):
    """Orders follow their payments, however often a fact is told."""

    def test_every_fact_told_again_changes_nothing(self) -> None:
        order, payment = self.buy("alder-reading-chair")
        capture(payment, amount_in_cents=30_000)
        release(payment)
        refund(payment, amount_in_cents=9_999)
        before = self.told_so_far(order)
        assert before["amounts"] == (0, 30000, 9999, 18050)
        assert len(before["events"]) == 4

        payment.refresh_from_db()
        for announcement in SezzleAnnouncement.objects.filter(payment=payment):
            self.tell_again(payment, announcement)

        assert self.told_so_far(order) == before

    def test_a_payment_that_is_not_of_an_order_is_left_alone(self) -> None:
        order, payment = self.buy("cloudware-teapot")
        SezzlePayment.objects.filter(pk=payment.pk).update(shop_reference="till-7")
        payment.refresh_from_db()
        events = OrderEvent.objects.count()

        self.tell_again(payment, SezzleAnnouncement.objects.filter(payment=payment)[0])

        assert OrderEvent.objects.count() == events
        order.refresh_from_db()
        assert order.state == "paid"

    def tell_again(self, payment: SezzlePayment, announcement: SezzleAnnouncement) -> None:
        kinds = {"captured": "capture", "refunded": "refund", "released": "release"}
        kind = kinds.get(announcement.fact)
        uuid = announcement.subject
        moved = payment.transactions.get(kind=kind, uuid=uuid) if kind else None
        # The package tells in a transaction too.
        with transaction.atomic():
            signals.BY_FACT[announcement.fact].send(
                sender=SezzlePayment, payment=payment, announcement=announcement, transaction=moved
            )

    def told_so_far(self, order: Order) -> dict[str, Any]:
        order.refresh_from_db()
        return {
            "state": order.state,
            "amounts": (
                order.held_in_cents,
                order.charged_in_cents,
                order.refunded_in_cents,
                order.released_in_cents,
            ),
            "events": list(order.events.values_list("fact", "text")),
        }


class CheckoutTests(ShopTestCase):
    """One cart is one order and one checkout."""

    def test_pressing_pay_again_leads_to_the_same_checkout(self) -> None:
        first = self.press_pay("cloudware-teapot")
        second = self.press_pay()

        assert first.status_code == 303
        assert first["Location"] == second["Location"]
        assert Order.objects.count() == 1
        assert len(self.emulator.orders) == 1

    def test_another_address_is_kept_and_gets_a_new_checkout(self) -> None:
        first = self.press_pay("cloudware-teapot")
        second = self.press_pay(city="Saint Paul")

        assert first["Location"] != second["Location"]
        assert Order.objects.get().city == "Saint Paul"
        assert [order.checkout_status for order in self.emulator.orders] == ["deleted", "active"]

    def test_another_cart_is_another_order(self) -> None:
        self.press_pay("cloudware-teapot")
        self.press_pay("quiet-hours-candles")

        totals = Order.objects.order_by("pk").values_list("total_in_cents", flat=True)
        assert list(totals) == [7195, 10005]

    def test_what_is_sent_adds_up_with_items_and_shipping(self) -> None:
        with self.assertNoLogs("django_sezzle.services", "WARNING"):
            self.press_pay("cloudware-teapot", "cloudware-teapot", "meadow-cushion")

        assert self.emulator.orders[-1].amount_in_cents == 20225

    def test_only_what_is_made_to_order_is_held(self) -> None:
        self.press_pay("cloudware-teapot")
        self.press_pay("alder-reading-chair")

        assert [order.intent for order in self.emulator.orders] == ["CAPTURE", "AUTH"]

    def test_a_paid_order_leaves_the_cart_even_if_the_shopper_never_came_back(self) -> None:
        self.press_pay("cloudware-teapot")
        self.emulator.approve(self.emulator.orders[-1].uuid)
        refresh(SezzlePayment.objects.get())

        self.assertRedirects(self.client.get("/checkout/"), "/cart/")
        assert Order.objects.get().state == "paid"

    def test_a_wrong_address_orders_nothing(self) -> None:
        answer = self.press_pay("cloudware-teapot", postal_code="nowhere")

        self.assertContains(answer, "Five digits, such as 55401.")
        assert Order.objects.count() == 0
        assert self.emulator.orders == []


class ShippingTests(ShopTestCase):
    """Nothing is shipped before its money is there."""

    def test_an_order_is_ready_once_its_money_is_held(self) -> None:
        self.press_pay("alder-reading-chair")
        assert not Order.objects.get().is_ready_to_ship()

        self.emulator.approve(self.emulator.orders[-1].uuid)
        refresh(SezzlePayment.objects.get())

        assert Order.objects.get().is_ready_to_ship()

    def test_a_refunded_order_is_not_shipped(self) -> None:
        order, payment = self.buy("cloudware-teapot")
        assert order.is_ready_to_ship()

        refund(payment, amount_in_cents=1)

        order.refresh_from_db()
        assert not order.is_ready_to_ship()

    def test_an_extra_charge_pays_for_something_else(self) -> None:
        self.emulator.profile.change(upcharge=True)
        order, payment = self.buy("cloudware-teapot")
        upcharge(payment, amount_in_cents=500)
        order.refresh_from_db()
        assert order.charged_in_cents == order.total_in_cents + 500

        refund(payment, amount_in_cents=1)

        order.refresh_from_db()
        assert not order.is_ready_to_ship()


class PageTests(ShopTestCase):
    """Every page answers, under a policy that lets nothing strange in."""

    def test_pages_have_no_script_or_style_in_them_and_load_nothing_from_elsewhere(self) -> None:
        order, _ = self.buy("cloudware-teapot")
        self.client.post("/cart/add/emberlight-lamp/")
        paths = ("/", "/products/emberlight-lamp/", "/cart/", "/checkout/", "/orders/")
        for path in (*paths, order.get_absolute_url()):
            with self.subTest(path):
                answer = self.client.get(path)
                page = answer.content.decode()
                assert answer.status_code == 200
                assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", page)
                elsewhere = re.findall(r'(?:src|href)="((?:[a-z]+:)?//[^"]+)"', page)
                assert elsewhere == []
                policy = answer["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "widget" not in policy
                assert "media.sezzle.com" not in policy
                assert f"form-action 'self' {settings.SEZZLE['GATEWAY_URL']}" in policy

    def test_what_is_not_there_is_said_kindly(self) -> None:
        for path in (
            "/nowhere/",
            "/products/nothing/",
            f"/orders/{'0' * 8}-0000-4000-8000-{'0' * 12}/",
        ):
            answer = self.client.get(path)
            self.assertContains(answer, "There is nothing here", status_code=404)

    def test_money_is_never_moved_by_a_link(self) -> None:
        self.press_pay("cloudware-teapot")
        key = Order.objects.get().key
        for path in (f"/orders/{key}/pay/", f"/orders/{key}/check/", "/cart/add/emberlight-lamp/"):
            assert self.client.get(path).status_code == 405

    def test_a_quantity_that_is_none_is_refused(self) -> None:
        self.client.post("/cart/add/emberlight-lamp/")
        answer = self.client.post(
            "/cart/change/emberlight-lamp/", {"quantity": "many"}, follow=True
        )
        self.assertContains(answer, "Choose a number from 0 to 9.")
        self.assertContains(answer, "$129.99")


class ReadmeTests(ShopTestCase):
    """What the README says to try is there."""

    def setUp(self) -> None:
        super().setUp()
        text = (settings.HERE / "README.rst").read_text("utf-8")
        words = " ".join(text.split())
        self.text = words[words.index("Things to try:") : words.index("What to copy")]

    def test_every_address_answers(self) -> None:
        self.client.force_login(User.objects.create_superuser("admin"))
        self.client.post("/cart/add/cloudware-teapot/")
        sezzle = Site(self.emulator)
        addresses = re.findall(r"``(/[^`]*)``", self.text)
        assert len(addresses) >= 8
        for address in addresses:
            with self.subTest(address):
                if address.startswith("/dashboard/"):
                    assert sezzle.respond(Request("GET", address)).status == 200
                else:
                    assert self.client.get(address).status_code == 200

    def test_every_command_takes_what_it_is_given(self) -> None:
        commands = re.findall(r"``python example_project/manage.py ([^`]+)``", self.text)
        assert len(commands) >= 2
        for name, *arguments in map(str.split, commands):
            with self.subTest(name):
                command = load_command_class(get_commands()[name], name)
                command.create_parser("manage.py", name).parse_args(arguments)


class SubscriptionTests(ShopTestCase):
    """A subscription's renewals, without a browser."""

    def setUp(self) -> None:
        super().setUp()
        user = User.objects.create_user("ada", password="slow-evenings")
        self.client.force_login(user)
        self.client.post("/subscription/subscribe/")
        payment = SezzlePayment.objects.get()
        back = self.emulator.approve(str(payment.order_uuid), tokenize=True)
        self.client.get(urlsplit(back).path)
        self.subscription = Subscription.objects.get()
        self.day = self.subscription.next_renewal_on
        self.emulator.calls.clear()

    def renew(self) -> Outcome:
        self.subscription = Subscription.objects.get()
        outcome = renew(self.subscription, self.day)
        self.subscription.refresh_from_db()
        return outcome

    def charges(self) -> int:
        return sum(call.operation == "customer_order" for call in self.emulator.calls)

    def test_a_run_that_was_killed_before_it_noted_the_payment_is_caught_up(self) -> None:
        assert self.renew() == Outcome.PAID
        later = self.subscription.next_renewal_on
        Subscription.objects.update(period=2, next_renewal_on=self.day)

        assert self.renew() == Outcome.PAID

        assert self.charges() == 1
        assert (self.subscription.period, self.subscription.next_renewal_on) == (3, later)

    def end_by_three_denials(self) -> None:
        self.emulator.decline_next_customer_order(3)
        assert [self.renew() for _ in range(3)] == [Outcome.DECLINED] * 3
        assert self.subscription.state == Subscription.State.ENDED
        assert self.charges() == 3
        self.emulator.calls.clear()

    def test_three_denials_end_it_and_the_saved_account_can_still_be_removed(self) -> None:
        self.end_by_three_denials()

        page = self.client.get("/subscription/").content.decode()
        found = re.search(r'action="(/sezzle/saved-account/\d+/remove/)"', page)
        assert found is not None
        self.client.post(found[1], {"next": "/subscription/"})

        assert list(self.emulator.state.customers) == []
        page = self.client.get("/subscription/").content.decode()
        assert found[0] not in page
        assert "Take it up again" not in page

    def test_a_gateway_that_cannot_be_reached_changes_nothing(self) -> None:
        self.emulator.faults.add("customer_order", "503", times=None)

        assert self.renew() == Outcome.WAITING

        assert self.subscription.next_renewal_on == self.day

    def stays_due(self) -> None:
        """Renew while something is wrong that is not the shopper's doing: nothing changes."""
        before = vars(Subscription.objects.get())
        with self.assertLogs("example_project.shop.renewals", "WARNING"):
            assert self.renew() == Outcome.WAITING
        after = vars(self.subscription)
        assert {name: after[name] for name in before if name != "_state"} == {
            name: value for name, value in before.items() if name != "_state"
        }

    def test_wrong_keys_end_nothing(self) -> None:
        self.emulator.rotate_key("sz_pr_another")
        tokens.clear()
        self.stays_due()

        self.emulator.rotate_key(settings.SEZZLE["PRIVATE_KEY"])

        assert self.renew() == Outcome.PAID
        assert self.charges() == 1

    def test_a_request_that_sezzle_does_not_take_ends_nothing(self) -> None:
        self.emulator.profile.change(merchant_minimum_in_cents=3_500)
        self.stays_due()

        self.emulator.profile.change(merchant_minimum_in_cents=100)

        assert self.renew() == Outcome.PAID

    def test_another_environment_ends_nothing(self) -> None:
        # Only the sandbox may be somewhere else.
        live = {**settings.SEZZLE, "GATEWAY_URL": None, "ENVIRONMENT": "production"}
        with self.settings(SEZZLE=live):
            self.stays_due()
            page = self.client.get("/subscription/").content.decode()
            assert "You did not let us charge" not in page
        assert self.charges() == 0

        assert self.renew() == Outcome.PAID

    def test_the_keys_of_another_merchant_end_nothing(self) -> None:
        self.emulator.add_merchant("sz_pub_other", "sz_pr_other")
        others = {"PUBLIC_KEY": "sz_pub_other", "PRIVATE_KEY": "sz_pr_other"}
        with self.settings(SEZZLE=settings.SEZZLE | others):
            self.stays_due()

        assert self.renew() == Outcome.PAID
        assert self.charges() == 1

    def test_a_404_of_a_proxy_ends_nothing(self) -> None:
        bare = GatewayRejected("Sezzle refused (HTTP 404).", status=404)
        assert not says_consent_ended(bare)

    def test_a_consent_that_sezzle_ended_ends_it(self) -> None:
        (customer,) = self.emulator.state.customers
        self.emulator.state.customers.remove(customer.uuid)

        assert self.renew() == Outcome.ENDED
        assert self.subscription.state == Subscription.State.ENDED

    def test_a_customer_who_was_removed_ends_it_without_asking(self) -> None:
        assert self.subscription.customer is not None
        forget_customer(self.subscription.customer)
        self.emulator.calls.clear()

        assert self.renew() == Outcome.ENDED
        assert self.subscription.state == Subscription.State.ENDED
        assert self.emulator.calls == []

    def resume(self) -> str:
        """Press the button; returns the page that follows."""
        answer = self.client.post("/subscription/resume/", follow=True)
        self.subscription.refresh_from_db()
        return str(answer.content.decode())

    def called(self) -> list[str]:
        return [c.operation for c in self.emulator.calls if c.operation != "authentication"]

    def test_it_is_taken_up_again_when_sezzle_would_approve(self) -> None:
        self.end_by_three_denials()

        assert "Welcome back!" in self.resume()

        assert self.called() == ["preapprove"]
        assert self.subscription.state == Subscription.State.ACTIVE
        assert self.subscription.next_renewal_on == timezone.localdate()
        assert self.renew() == Outcome.PAID
        assert self.called().count("customer_order") == 1
        self.emulator.calls.clear()
        self.resume()
        assert self.called() == []

    def test_it_stays_ended_when_sezzle_would_not_approve(self) -> None:
        self.end_by_three_denials()
        self.emulator.profile.change(spending_power_in_cents=1_799)

        page = self.resume()

        assert "Sezzle would not approve $18.00 just now" in page
        assert self.called() == ["preapprove"]
        assert self.subscription.state == Subscription.State.ENDED
        assert "Take it up again" in page

    def test_it_stays_ended_when_sezzle_cannot_say(self) -> None:
        self.end_by_three_denials()
        self.emulator.faults.add("preapprove", "503", times=None)
        assert "Sezzle cannot be reached just now." in self.resume()

        self.emulator.faults.clear()
        (customer,) = self.emulator.state.customers
        self.emulator.state.customers.remove(customer.uuid)
        assert "Sezzle does not take charges to your saved account any more." in self.resume()

        assert self.subscription.state == Subscription.State.ENDED

    def test_what_goes_on_by_itself_is_not_taken_up_again(self) -> None:
        assert self.client.get("/subscription/resume/").status_code == 405
        self.resume()
        assert self.called() == []
        assert self.subscription.next_renewal_on == self.day

    def test_nobody_pays_twice_for_what_renews_itself(self) -> None:
        assert self.client.post("/subscription/subscribe/")["Location"] == "/subscription/"
        assert self.emulator.calls == []
        assert SezzlePayment.objects.count() == 1

    def test_a_stranger_sees_nothing(self) -> None:
        self.client.logout()
        assert self.client.get("/subscription/")["Location"].startswith("/account/login/")
        for path in ("/subscription/subscribe/", "/subscription/resume/"):
            assert self.client.post(path).status_code == 302
        assert self.emulator.calls == []
