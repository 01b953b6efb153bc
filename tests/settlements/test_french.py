"""What the page "Settlements" says in French: what does not match, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from django_sezzle.services.settled import Finding
from django_sezzle.services.settlements import Period, settle
from tests.locale.test_pages_in_french import in_quebec, left_in_english
from tests.services.rigs import Wire, says
from tests.settlements.conftest import FIRST, LAST, MakePayment, Row, edited, pay_out
from tests.settlements.test_admin import ask, clerk
from tests.settlements.test_matching import never_paid_out

__all__ = ["clerk", "in_quebec"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_quebec")]

Muddle = Callable[[Emulator, SezzlePayment], object]


def unknown_order(emulator: Emulator, _payment: SezzlePayment) -> None:
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="other")


def unknown_order_without_a_name(emulator: Emulator, _payment: SezzlePayment) -> None:
    pay_out(emulator)
    SezzlePayment.objects.update(environment="production")

    def anonymous(_totals: list[Row], lines: list[Row]) -> None:
        lines[0]["sezzle_order_id"] = ""
        lines[1]["external_reference_id"] = ""

    Wire(emulator).falsify("settlement_details", edited(anonymous), times=2)


def same_reference(emulator: Emulator, _payment: SezzlePayment) -> None:
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="", is_checkout=None, is_current=None)
    SezzlePayment.objects.update(reference_id="1001")


def never_paid(emulator: Emulator, payment: SezzlePayment) -> None:
    never_paid_out(emulator, payment)
    pay_out(emulator)


def less_captured(emulator: Emulator, _payment: SezzlePayment) -> None:
    pay_out(emulator)
    SezzlePayment.objects.update(captured_in_cents=9_000)


def less_refunded(emulator: Emulator, _payment: SezzlePayment) -> None:
    pay_out(emulator)
    SezzlePayment.objects.update(refunded_in_cents=0)


def other_totals(**totals: str) -> Muddle:
    def muddle(emulator: Emulator, _payment: SezzlePayment) -> None:
        pay_out(emulator)
        edit = edited(lambda found, _lines: found[0].update(totals))
        Wire(emulator).falsify("settlement_details", edit, times=2)

    return muddle


def cents_for_dollars(emulator: Emulator, _payment: SezzlePayment) -> None:
    emulator.profile.change(settlement_amounts="cents")
    pay_out(emulator)


@pytest.mark.parametrize(
    ("muddle", "said"),
    [
        (unknown_order, "elle ne correspond à aucun paiement de cette boutique"),
        (unknown_order_without_a_name, "Commande (sans identifiant), référence 1001"),
        (unknown_order_without_a_name, "référence (aucune)"),
        (same_reference, "2 paiements la portent"),
        (never_paid, "Commande 1001\u00a0: un encaissement de $100.00 USD n’est dans aucun"),
        (less_captured, "selon les virements, $100.00 USD encaissés; selon le paiement, $90.00"),
        (less_refunded, "selon les virements, $10.00 USD remboursés; selon le paiement, $0.00"),
        (other_totals(total_fee_amount="1.23"), "total_fee_amount vaut $1.23 USD, ses lignes"),
        (other_totals(net_settlement_amount="1.23"), "Son net est de $1.23 USD, toutes ses lignes"),
        (other_totals(net_settlement_amount="1.23"), "Un montant de $173.30 USD a été versé sur"),
        (other_totals(net_settlement_amount="1.23"), "Son sommaire indique $173.30 USD nets"),
        (other_totals(final_payout_amount="1.23"), "Son sommaire indique $173.30 USD versés"),
        (cents_for_dollars, 'Réglez SEZZLE["SETTLEMENT_AMOUNTS"] à "cents" pour ce compte.'),
    ],
)
def test_what_does_not_match_is_said_in_french(
    clerk: Client, emulator: Emulator, taken: MakePayment, muddle: Muddle, said: str
) -> None:
    first = taken("1001", back=1_000)
    taken("1002", back=500)
    muddle(emulator, first)

    page = ask(clerk)

    findings = page.context["report"].findings
    assert [each for each in findings if said in each], findings
    assert left_in_english(page) == []
    with translation.override("en"):
        english = [item for item in settle(Period(FIRST, LAST)) if isinstance(item, Finding)]
    assert len(english) == len(findings)
    assert not {item.message for item in english} & {*findings}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, "[]", "Sezzle ne donne pas à ce compte ses règlements (HTTP 403)."),
        (400, '[{"code": "x", "message": "niet"}]', "une seule devise. «\u00a0niet\u00a0»"),
        (200, "<html>", "La réponse de Sezzle n’a pas pu être lue."),
        (503, "", "Sezzle n’a pas pu être consultée. Réessayez plus tard."),
    ],
)
def test_what_sezzle_did_is_said_in_french(
    clerk: Client, emulator: Emulator, status: int, body: str, said: str
) -> None:
    Wire(emulator).falsify("settlement_summaries", says(status, body), times=3)
    page = ask(clerk)
    assert said in page.context["report"].error
    assert left_in_english(page) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"TIMEOUT": 0}, "Les réglages de ce compte ne sont pas utilisables."),
        ({"PRIVATE_KEY": "sz_pr_wrong"}, "Sezzle n’a pas accepté les clés de la boutique."),
    ],
)
def test_what_the_shop_did_is_said_in_french(
    clerk: Client, emulator: Emulator, settings: Any, wrong: dict[str, Any], said: str
) -> None:
    settings.SEZZLE = settings.SEZZLE | wrong
    page = ask(clerk)
    assert said in page.context["report"].error
    assert left_in_english(page) == []


def test_a_year_that_is_none_is_said_in_french(clerk: Client, emulator: Emulator) -> None:
    page = ask(clerk, first="0001-01-01", last="0001-01-31")
    assert "donnez une année de notre époque" in page.content.decode()
    assert left_in_english(page) == []
