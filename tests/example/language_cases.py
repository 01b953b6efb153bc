"""
The shop in its languages, in its own settings: ``manage.py test tests.example.language_cases``.

``test_languages.py`` runs these; pytest itself has the package's settings and collects none.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.test import SimpleTestCase
from django.utils import translation

from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refund, release
from example_project.shop import money
from example_project.shop.models import Order, Subscription
from example_project.shop.renewals import Outcome, renew
from tests.example.cases import ShopTestCase


class MoneyTests(SimpleTestCase):
    """Amounts, as a language writes them."""

    def test_each_language_has_its_signs(self) -> None:
        shown = {
            "en-us": ("$0.05", "$1,234.50", "-$1.99"),
            "en-ca": ("$0.05", "$1\xa0234.50", "-$1.99"),
            "fr-ca": ("0,05\xa0$", "1\xa0234,50\xa0$", "-1,99\xa0$"),
        }
        for language, expected in shown.items():
            with translation.override(language):
                amounts = tuple(money.dollars(cents) for cents in (5, 123_450, -199))
            assert amounts == expected, language


class LanguageTestCase(ShopTestCase):
    """Somebody who reads another language than the shop's first one."""

    def switch(self, language: str, path: str = "/") -> Any:
        return self.client.post("/language/", {"language": language, "next": path})

    def locale_sent(self) -> str:
        sent = [call.body for call in self.emulator.calls if call.operation == "session_create"]
        locale: str = sent[-1]["order"]["locale"]
        return locale


class SwitchTests(LanguageTestCase):
    """The switch in the footer."""

    def test_the_page_stays_and_the_language_changes(self) -> None:
        assert 'lang="en-us"' in self.client.get("/cart/").content.decode()

        self.assertRedirects(self.switch("fr-ca", "/cart/?a=1"), "/cart/?a=1")

        answer = self.client.get("/cart/?a=1")
        page = answer.content.decode()
        assert '<html lang="fr-ca">' in page
        assert "<h1>Votre panier</h1>" in page
        assert '<input type="hidden" name="next" value="/cart/?a=1">' in page
        pressed = re.findall(r'value="([\w-]+)" lang="[\w-]+" aria-current="true"', page)
        assert pressed == ["fr-ca"]
        assert answer["Content-Language"] == "fr-ca"

    def test_it_leads_to_no_other_site_and_to_no_other_language(self) -> None:
        assert self.switch("fr-ca", "https://elsewhere.example/")["Location"] == "/"
        self.switch("tlh")
        assert '<html lang="fr-ca">' in self.client.get("/").content.decode()

    def test_it_is_a_form_that_is_protected(self) -> None:
        strict = self.client_class(enforce_csrf_checks=True)
        page = strict.get("/").content.decode()
        form = re.search(r'<form class="languages" method="post".*?</form>', page, re.DOTALL)
        assert form is not None
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form[0])
        assert token is not None
        asked = {"language": "fr-ca", "next": "/"}
        assert strict.post("/language/", asked).status_code == 403
        assert (
            strict.post("/language/", asked | {"csrfmiddlewaretoken": token[1]}).status_code == 302
        )

    def test_what_the_browser_asks_for_is_what_a_first_visit_shows(self) -> None:
        for asked, lang in (("fr-CA,fr;q=0.9", "fr-ca"), ("en-CA", "en-ca"), ("de", "en-us")):
            page = self.client.get("/", headers={"Accept-Language": asked}).content.decode()
            assert f'<html lang="{lang}">' in page, asked


class SezzleTests(LanguageTestCase):
    """Sezzle's checkout is in the shopper's language."""

    def test_sezzle_is_told(self) -> None:
        told = {}
        for language in ("en-us", "en-ca", "fr-ca"):
            self.switch(language)
            self.press_pay("cloudware-teapot")
            told[language] = self.locale_sent()
        assert told == {"en-us": "en-US", "en-ca": "en-CA", "fr-ca": "fr-CA"}


class PageTests(LanguageTestCase):
    """What a shopper reads in French, and staff too."""

    def setUp(self) -> None:
        super().setUp()
        self.switch("fr-ca")

    def test_every_page_says_its_language_and_is_complete(self) -> None:
        order, _ = self.buy("cloudware-teapot")
        self.client.post("/cart/add/emberlight-lamp/")
        heads = {
            "/": "Des choses pour les soirées lentes",
            "/products/emberlight-lamp/": "Emberlight table lamp",
            "/cart/": "Votre panier",
            "/checkout/": "Caisse",
            "/orders/": "Vos commandes",
            "/account/login/": "Connexion",
            "/account/new/": "Nouveau compte",
            order.get_absolute_url(): f"Commande {order.number}",
        }
        for path, head in heads.items():
            with self.subTest(path):
                page = self.client.get(path).content.decode()
                assert '<html lang="fr-ca">' in page
                assert re.search(rf"<h1[^>]*>{head}</h1>", page)
                assert not re.search(r"\$\d", page), "an amount is written as in English"
        answer = self.client.get("/nowhere/")
        self.assertContains(answer, "Il n’y a rien ici", status_code=404)

    def test_the_history_is_read_in_the_readers_language_whoever_wrote_it(self) -> None:
        with translation.override("en-us"):
            order, payment = self.buy("alder-reading-chair")
            capture(payment, amount_in_cents=30_000)
            release(payment)
            refund(payment, amount_in_cents=9_999)

        page = self.client.get(order.get_absolute_url()).content.decode()
        for text in (
            '<h2 id="state">Remboursée en partie</h2>',
            "Sezzle a approuvé 480,50\xa0$.",
            "Montant facturé\xa0: 300,00\xa0$.",
            "Montant libéré, qui ne sera pas facturé\xa0: 180,50\xa0$.",
            "Montant remboursé\xa0: 99,99\xa0$.",
            "<dt>Facturé</dt><dd>300,00\xa0$</dd>",
        ):
            assert text in page, text
        self.switch("en-us")
        page = self.client.get(order.get_absolute_url()).content.decode()
        assert "Sezzle approved $480.50." in page
        assert "$180.50 was released and will not be charged." in page

    def test_messages_and_mistakes_are_told_in_french(self) -> None:
        answer = self.client.post("/cart/add/emberlight-lamp/", follow=True)
        self.assertContains(answer, "Emberlight table lamp est dans votre panier.")
        answer = self.press_pay(postal_code="nowhere")
        self.assertContains(answer, "Cinq chiffres, par exemple 55401.")
        assert Order.objects.count() == 0

    def test_what_became_of_a_renewal_is_told_in_french(self) -> None:
        self.client.force_login(User.objects.create_user("ada", password="slow-evenings"))
        self.client.post("/subscription/subscribe/")
        assert self.locale_sent() == "fr-CA"
        payment = SezzlePayment.objects.get()
        self.client.get(self.emulator.approve(str(payment.order_uuid), tokenize=True))
        subscription = Subscription.objects.get()
        self.emulator.decline_next_customer_order(5)
        # As the command does, which nobody sees.
        with translation.override("en-us"):
            assert subscription.next_renewal_on is not None
            assert renew(subscription, subscription.next_renewal_on) == Outcome.DECLINED

        page = self.client.get("/subscription/").content.decode()

        assert "Abonnement de café\xa0: une livre" in page
        assert "Sezzle n’a pas approuvé votre renouvellement." in page

    def test_the_desk_follows_the_language(self) -> None:
        order, _ = self.buy("cloudware-teapot")
        self.client.force_login(User.objects.create_superuser("admin"))
        page = self.client.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
        for text in ("Personnel de Lantern &amp; Loom", "Payée", "Prête à expédier", "71,95\xa0$"):
            assert text in page, text
        page = self.client.get("/admin/shop/order/").content.decode()
        assert "Marquer comme expédiées" in page
        assert re.search(r"\d{4}, \d+\xa0h\xa0\d\d<", page), "the hour is not written as in Quebec"
