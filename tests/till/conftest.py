"""A till: asks over HTTP, and holds every request and answer against the published document."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Permission
from django.test import Client

import django_sezzle
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import transport
from django_sezzle.models import SezzlePayment
from tests.contract.validator import Contract
from tests.fixtures import make_user
from tests.services.rigs import Wire

DOCUMENT = Path(django_sezzle.__file__).parent / "till" / "openapi.yaml"
PREFIX = "/till"

SELL, CAPTURE, REFUND, RELEASE = ROLES = ("sell", "capture", "refund", "release")

SALE = {"shop_reference": "T-1001", "amount_in_cents": 10_000, "currency": "USD"}
PHONE, EMAIL = "+14155550142", "ada@canary-mail.example"


class Till:
    """A till of somebody with some permissions."""

    def __init__(self, client: Client, contract: Contract, user: Any) -> None:
        self.client = client
        self.user = user
        self.contract = contract
        self.token = ""
        self.headers: dict[str, str] = {}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and check the answer, and the request unless it was refused as such."""
        raw = b"" if body is None else json.dumps(body).encode()
        content = "application/json"
        answer = self.client.generic(
            method, f"{PREFIX}{path}", raw, content_type=content, headers=self.headers
        )
        operation = self.contract.operation_id(method, path)
        if answer.status_code not in (400, 405, 413):
            headers = {"Content-Type": content, "Authorization": "Bearer till"}
            self.contract.check_request(
                method, path, "", headers, raw or b"{}"[: 2 * (method == "POST")]
            )
        self.contract.check_response(
            operation, answer.status_code, dict(answer.items()), answer.content
        )
        assert answer["Cache-Control"] == "no-store"
        return answer

    def ask(self, **changes: Any) -> Any:
        """Ask for the sale, with changes to it."""
        answer = self.send("POST", "/payments/", SALE | changes)
        self.token = answer.json().get("token", self.token)
        return answer

    def read(self) -> Any:
        """Look how the payment stands."""
        return self.send("GET", f"/payments/{self.token}/")

    def receipt(self, number: str) -> Any:
        """Give it a receipt number."""
        return self.send("PATCH", f"/payments/{self.token}/", {"receipt": number})

    def capture(self, request_id: str = "c-1", **members: Any) -> Any:
        """Take held money."""
        body = {"request_id": request_id} | members
        return self.send("POST", f"/payments/{self.token}/capture/", body)

    def refund(self, request_id: str = "r-1", **members: Any) -> Any:
        """Give captured money back."""
        body = {"request_id": request_id} | members
        return self.send("POST", f"/payments/{self.token}/refund/", body)

    def cancel(self) -> Any:
        """Give up."""
        return self.send("POST", f"/payments/{self.token}/cancel/", {})

    @property
    def payment(self) -> SezzlePayment:
        """The row, read anew."""
        return SezzlePayment.objects.get(token=self.token)


MakeTill = Callable[..., Till]


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The published document, as the validator reads one: without the words for people."""
    path = tmp_path_factory.mktemp("till") / "openapi.yaml"
    document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    path.write_text(json.dumps(_for_machines(document | {"webhooks": {}})))
    return Contract.load(path)


def _for_machines(node: Any) -> Any:
    if isinstance(node, list):
        return [_for_machines(each) for each in node]
    if not isinstance(node, dict):
        return node
    # A member of ours is called "description", too; it is no text there. Members that are not
    # declared the validator refuses by itself.
    return {
        name: _for_machines(value)
        for name, value in node.items()
        if not ((name == "description" and isinstance(value, str)) or value is False)
    }


@pytest.fixture
def make_till(db: None, contract: Contract) -> MakeTill:
    """Make the till of somebody who is logged in and has the named permissions."""
    numbers = count(1)

    def make(*names: str) -> Till:
        user = make_user(f"till{next(numbers)}", password="x")
        codenames = [f"{name}_sezzlepayment" for name in names]
        found = Permission.objects.filter(
            content_type__app_label="django_sezzle", codename__in=codenames
        )
        assert len(found) == len(names)
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return Till(client, contract, user)

    return make


@pytest.fixture
def till(emulator: Emulator, make_till: MakeTill) -> Till:
    """A till that may do everything."""
    return make_till(*ROLES)


@pytest.fixture
def approved(till: Till, emulator: Emulator) -> Till:
    """The same, whose shopper has paid."""
    till.ask()
    emulator.approve(str(till.payment.order_uuid))
    assert till.read().json()["stage"] == "approved"
    emulator.calls.clear()
    return till


@pytest.fixture
def wire(emulator: Emulator) -> Wire:
    """A wire to the emulator of this test."""
    return Wire(emulator)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed reads at once."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)
