"""A terminal with a human in front of it, who does in a browser what the probe asks for."""

from __future__ import annotations

import re
import threading
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

LINK = re.compile(r"\S+/checkout/\?id=\S+")
DASHBOARD = re.compile(r"capture 100 cents of (\S+) in Sezzle's dashboard")


class Human(StringIO):
    """
    Reads what is written and acts on it, from threads of its own.

    :param comes: whether checkouts are finished at all.
    """

    def __init__(self, gateway: str, *, comes: bool = True) -> None:
        super().__init__()
        self._gateway = gateway
        self._comes = comes
        self._is_to_be_denied = False
        self._threads: list[threading.Thread] = []

    def write(self, text: str) -> int:
        """Take in what the probe says."""
        for line in text.splitlines():
            self._is_to_be_denied |= "try to be denied" in line
            if (link := LINK.search(line)) and self._comes:
                self._act(self.finish, link[0], "deny" if self._is_to_be_denied else "approve")
                self._is_to_be_denied = False
            elif line.startswith("Waiting until"):
                self._act(self.wait, 12 * 3600)
            elif asked := DASHBOARD.search(line):
                self._act(self.capture_in_the_dashboard, asked[1])
        return super().write(text)

    def go_home(self) -> None:
        """Finish what was begun."""
        for thread in self._threads:
            thread.join()

    def finish(self, link: str, action: str) -> None:
        """Choose on the checkout page, and go where it leads, on this machine."""
        form = {"id": parse_qs(urlsplit(link).query)["id"][0], "action": action}
        answer = self._send("POST", "/checkout/", data=form)
        where = answer.headers["Location"]
        if urlsplit(where).hostname == "127.0.0.1":
            requests.get(where, timeout=5)

    def wait(self, seconds: int) -> None:
        """Let time go by at Sezzle."""
        self._send("POST", "/emulator/clock", json={"seconds": seconds})

    def capture_in_the_dashboard(self, reference: str) -> None:
        """Capture a dollar in Sezzle's dashboard."""
        orders = self._send("GET", "/emulator/orders").json()
        (uuid,) = (each["uuid"] for each in orders if each["reference_id"] == reference)
        form = {"action": "capture", "id": uuid, "amount": "1.00"}
        self._send("POST", "/dashboard/order", data=form)

    def _act(self, deed: Any, *arguments: Any) -> None:
        thread = threading.Timer(0.1, deed, arguments)
        thread.start()
        self._threads.append(thread)

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = self._gateway + path
        return requests.request(method, url, timeout=5, allow_redirects=False, **options)
