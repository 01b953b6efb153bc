"""A small client of the gateway, as a shop would write it, for the emulator's own tests."""

from __future__ import annotations

from typing import Any

import requests

from django_sezzle.emulator import Emulator, EmulatorAdapter

ALL_EVENTS = [
    "customer.tokenized",
    "order.authorized",
    "order.captured",
    "order.refunded",
    "dispute.merchant_input_requested",
    "dispute.deadline_approaching",
    "dispute.closed.customer_win",
    "dispute.closed.merchant_win",
    "dispute.closed.neutral",
]


def usd(amount_in_cents: int) -> dict[str, Any]:
    """Return a price in US dollars."""
    return {"amount_in_cents": amount_in_cents, "currency": "USD"}


def session_body(**order: Any) -> dict[str, Any]:
    """Return the body of a session; members of the order may be replaced."""
    return {
        "cancel_url": {"href": "https://shop.test/cancel/"},
        "complete_url": {"href": "https://shop.test/complete/"},
        "order": {
            "intent": "AUTH",
            "reference_id": "order-1",
            "description": "Order 1",
            "order_amount": usd(10_000),
            **order,
        },
    }


class Shop:
    """Talks to the gateway with keys of its own and a fresh token."""

    def __init__(
        self,
        emulator: Emulator,
        url: str | None = None,
        *,
        public_key: str = "sz_pub_emulator",
        private_key: str = "sz_pr_emulator",
    ) -> None:
        self.url = url or emulator.base_url
        self.http = requests.Session()
        self.http.trust_env = False
        self.timeout: float = 5
        if url is None:
            self.http.mount(emulator.base_url, EmulatorAdapter(emulator))
        self._keys = {"public_key": public_key, "private_key": private_key}
        self.sign_in()

    def sign_in(self) -> None:
        """Get a new token."""
        token = self.post("/v2/authentication", self._keys).json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> requests.Response:
        """GET a path."""
        return self._send("GET", path)

    def post(self, path: str, body: Any = None, request_id: str | None = None) -> requests.Response:
        """POST a JSON body, under a request id if one is given."""
        headers = {"Sezzle-Request-Id": request_id} if request_id else {}
        return self._send("POST", path, json=body, headers=headers)

    def patch(self, path: str, body: Any) -> requests.Response:
        """PATCH with a JSON body."""
        return self._send("PATCH", path, json=body)

    def delete(self, path: str) -> requests.Response:
        """DELETE a path."""
        return self._send("DELETE", path)

    def start(self, **order: Any) -> str:
        """Open a checkout and return its order uuid."""
        response = self.post("/v2/session", session_body(**order))
        assert response.status_code == 201, response.text
        uuid: str = response.json()["order"]["uuid"]
        return uuid

    def start_tokenizing(self) -> tuple[str, str]:
        """Open a checkout that asks for tokenization; return its order uuid and token."""
        body = session_body() | {"customer": {"tokenize": True, "first_name": "Ada"}}
        document = self.post("/v2/session", body).json()
        tokenize = document.get("tokenize") or document["order"]["tokenize"]
        return document["order"]["uuid"], tokenize["token"]

    def order(self, uuid: str) -> dict[str, Any]:
        """Read an order."""
        response = self.get(f"/v2/order/{uuid}")
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def capture(self, uuid: str, cents: int, request_id: str | None = None) -> requests.Response:
        """Capture cents."""
        body = {"capture_amount": usd(cents)}
        return self.post(f"/v2/order/{uuid}/capture", body, request_id)

    def refund(self, uuid: str, cents: int, request_id: str | None = None) -> requests.Response:
        """Refund cents."""
        return self.post(f"/v2/order/{uuid}/refund", usd(cents), request_id)

    def release(self, uuid: str, cents: int, request_id: str | None = None) -> requests.Response:
        """Release cents."""
        return self.post(f"/v2/order/{uuid}/release", usd(cents), request_id)

    def reauthorize(
        self, uuid: str, cents: int, request_id: str | None = None
    ) -> requests.Response:
        """Reauthorize cents."""
        return self.post(f"/v2/order/{uuid}/reauthorize", usd(cents), request_id)

    def subscribe(self, url: str = "https://shop.test/webhook/") -> str:
        """Subscribe a URL to every event and return the subscription's uuid."""
        response = self.post("/v2/webhooks", {"url": url, "events": ALL_EVENTS})
        assert response.status_code == 200, response.text
        uuid: str = response.json()["uuid"]
        return uuid

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(
            method, self.url + path, timeout=self.timeout, allow_redirects=False, **options
        )
