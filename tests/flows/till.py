"""
A till: a program of its own that knows the shop's address, a login, and nothing of Django.

It asks for a payment, waits until the shopper has paid, gives it its receipt number, captures and
refunds it, and writes what it was told as lines of JSON. It is forgetful: it throws the answers to
its captures and refunds away once, and asks again with the same request id.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import uuid
from typing import Any

import requests

SECONDS = 60


class Till:
    """Speaks to the shop's API."""

    def __init__(self, shop: str, user: str, password: str) -> None:
        self.shop = shop
        self.web = requests.Session()
        page = self.web.get(f"{shop}admin/login/", timeout=30)
        secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert secret is not None
        form = {"username": user, "password": password, "csrfmiddlewaretoken": secret[1]}
        answer = self.web.post(f"{shop}admin/login/", form, allow_redirects=False, timeout=30)
        assert answer.status_code == 302

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request, and write down what was answered."""
        secret = next(v for name, v in self.web.cookies.items() if name.startswith("lantern_csrf"))
        answer = self.web.request(
            method,
            f"{self.shop}till/{path}",
            json=body,
            headers={"X-CSRFToken": secret},
            timeout=30,
        )
        told = {"step": f"{method} {path}", "status": answer.status_code, "answer": answer.json()}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        return answer.json()

    def wait_until_paid(self, token: str) -> None:
        """Look every now and then."""
        last_moment = time.monotonic() + SECONDS
        while self.send("GET", f"payments/{token}/")["stage"] == "waiting":
            assert time.monotonic() < last_moment, "Nobody paid."
            time.sleep(0.5)

    def move(self, token: str, kind: str, **members: Any) -> None:
        """Move money, and ask again as if the answer had been lost."""
        body = {"request_id": str(uuid.uuid4()), **members}
        for _ in range(2):
            self.send("POST", f"payments/{token}/{kind}/", body)


def main() -> None:
    """Sell one thing, and take it back."""
    parser = argparse.ArgumentParser()
    for name in ("shop", "user", "password", "reference", "phone"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    till = Till(options.shop, options.user, options.password)
    sale = {
        "shop_reference": options.reference,
        "amount_in_cents": 12_345,
        "currency": "USD",
        "phone": options.phone,
        "description": "Sold in the store",
    }
    token = till.send("POST", "payments/", sale)["token"]
    till.send("POST", "payments/", sale)
    till.wait_until_paid(token)
    till.send("PATCH", f"payments/{token}/", {"receipt": f"{options.reference}-R"})
    till.move(token, "capture")
    till.move(token, "refund", amount_in_cents=2_345)
    till.move(token, "refund")


if __name__ == "__main__":
    main()
