"""What shoppers, staff and Sezzle do, each answer and error searched on the way."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from django_sezzle.models import SezzlePayment
from django_sezzle.services import start_checkout
from tests.admin.conftest import ACTIONS, money_url
from tests.reliability.canaries.conftest import Scene
from tests.reliability.canaries.plants import SHOPPER
from tests.reliability.canaries.urls import checkout
from tests.webhooks.conftest import URL

ADMIN_PAGES = (
    "sezzlepayment",
    "sezzleoperation",
    "sezzleannouncement",
    "sezzlewebhookevent",
    "sezzledispute",
    "sezzlecustomer",
)


def deliver(scene: Scene) -> list[int | None]:
    """Have Sezzle deliver what is due, each body with more in it than is documented."""

    def send(url: str, headers: Any, body: bytes) -> int:
        signature = {"Sezzle-Signature": headers["Sezzle-Signature"]}
        answer = scene.open(
            "post", URL, data=body, content_type="application/json", headers=signature
        )
        forged = body + SHOPPER["note of a webhook"].encode()
        scene.open("post", URL, data=forged, content_type="application/json", headers=signature)
        return int(answer.status_code)

    return [each.status for each in scene.emulator.deliver_due(send=send)]


def pay(scene: Scene, number: str, **members: Any) -> Any:
    """Start a checkout with everything that can be said about the shopper."""
    return scene.attempt(lambda: start_checkout(checkout(number, **members)))


def visit(scene: Scene, payment: SezzlePayment) -> None:
    """Come back from Sezzle in every way."""
    for name in ("status", "cancel", "complete"):
        SezzlePayment.objects.filter(pk=payment.pk).update(asked_at=None)
        scene.open("get", f"/sezzle/{payment.token}/{name}/?customer-uuid=x")


def look_around(scene: Scene, staff: Client) -> list[str]:
    """Open every page of the admin."""
    urls = [reverse(f"admin:django_sezzle_{name}_changelist") for name in ADMIN_PAGES]
    payments = list(SezzlePayment.objects.all()[:8])
    for payment in payments:
        for name in ("change", "history"):
            urls.append(reverse(f"admin:django_sezzle_sezzlepayment_{name}", args=[payment.pk]))
    urls += [money_url(action, *payments) for action in ACTIONS]
    answers = [scene.open("get", url, staff) for url in urls]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content.decode() for answer in answers]
