"""The merchant's dashboard: Sezzle's side of every order, and the emulator's own levers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qs, urlencode

from . import dashboard_pages as pages
from .gateway import Emulator
from .html import Markup
from .messages import Refusal, Request, Response

_DOLLARS = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?\Z")
Form = dict[str, str]


class Dashboard:
    """Answers ``/dashboard/...``: pages by GET, actions by POST and a redirect."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._notice: tuple[str, bool] | None = None

    def respond(self, request: Request) -> Response:
        """Show a page or perform an action."""
        path = request.path.removeprefix("/dashboard").strip("/")
        if request.method == "POST":
            form = _form(request.body.decode("utf-8", "replace"))
            return self._act(path, form)
        return self._show(path, _form(request.query))

    def _show(self, path: str, query: Form) -> Response:
        emulator = self._emulator
        try:
            if path == "order":
                body = pages.order(emulator, emulator.order(query.get("id", "")))
            elif path in self._PAGES:
                body = self._PAGES[path](emulator)
            else:
                raise KeyError(path)
        except KeyError:
            return pages.whole(emulator, "Not found", pages.nothing("No such page."), status=404)
        notice, self._notice = self._notice, None
        return pages.whole(emulator, path, body, notice=notice)

    def _act(self, path: str, form: Form) -> Response:
        action = self._ACTIONS.get(form.get("action", ""))
        try:
            if action is None:
                raise ValueError("No such action.")
            self._notice = (action(self, form), True)
        except (Refusal, ValueError, OverflowError) as error:
            said = error.message if isinstance(error, Refusal) else str(error)
            self._notice = (f"Refused: {said}", False)
        where = f"/dashboard/{path}/" if path else "/dashboard/"
        if form.get("id"):
            where += "?" + urlencode({"id": form["id"]})
        return Response(303, {"Location": where})

    def _capture(self, form: Form) -> str:
        self._emulator.dashboard_capture(form.get("id", ""), _cents(form))
        return "Captured."

    def _refund(self, form: Form) -> str:
        self._emulator.dashboard_refund(form.get("id", ""), _cents(form))
        return "Refunded."

    def _release(self, form: Form) -> str:
        self._emulator.dashboard_release(form.get("id", ""), _cents(form))
        return "Released."

    def _rename(self, form: Form) -> str:
        self._emulator.dashboard_set_reference(form.get("id", ""), form.get("reference", ""))
        return "Reference changed."

    def _open_dispute(self, form: Form) -> str:
        self._emulator.open_dispute(form.get("id", ""))
        return "Dispute opened."

    def _warn(self, form: Form) -> str:
        self._emulator.warn_of_dispute_deadline(form.get("id", ""))
        return "Final notice sent."

    def _close_dispute(self, form: Form) -> str:
        self._emulator.close_dispute(form.get("id", ""), form.get("outcome", ""))
        return "Dispute closed."

    def _move_clock(self, form: Form) -> str:
        minutes = form.get("minutes", "")
        if not (minutes.isascii() and minutes.isdigit() and int(minutes) <= 5_256_000):
            raise ValueError("Minutes have to be a whole number.")
        self._emulator.clock.advance(timedelta(minutes=int(minutes)))
        return "Sezzle's clock was moved. The shop's clock was not."

    def _rotate_key(self, form: Form) -> str:
        key = form.get("private_key", "").strip()
        if not key:
            raise ValueError("The new private key is empty.")
        self._emulator.rotate_key(key)
        return "The private key was replaced. Webhooks are signed with the new one from now on."

    def _pay_out(self, form: Form) -> str:
        payouts = self._emulator.pay_out(fee_basis_points=600, fee_per_capture_in_cents=30)
        return f"{len(payouts)} payouts made."

    def _deliver(self, form: Form) -> str:
        return f"{len(self._emulator.deliver_due())} deliveries attempted."

    _PAGES: ClassVar[dict[str, Callable[[Emulator], Markup]]] = {
        "": pages.orders,
        "inbox": pages.inbox,
        "webhooks": pages.webhooks,
        "settings": pages.settings,
    }
    _ACTIONS: ClassVar[dict[str, Callable[[Dashboard, Form], str]]] = {
        "capture": _capture,
        "refund": _refund,
        "release": _release,
        "rename": _rename,
        "open_dispute": _open_dispute,
        "warn": _warn,
        "close_dispute": _close_dispute,
        "clock": _move_clock,
        "rotate_key": _rotate_key,
        "pay_out": _pay_out,
        "deliver": _deliver,
    }


def _form(encoded: str) -> Form:
    return {name: values[-1] for name, values in parse_qs(encoded).items()}


def _cents(form: Form) -> int:
    match = _DOLLARS.match(form.get("amount", "").strip())
    if match is None:
        raise ValueError("The amount has to look like 12.34.")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
