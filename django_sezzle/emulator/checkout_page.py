"""The hosted checkout page: what the shopper sees and may decide."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from .gateway import Emulator
from .html import Markup, element, join, money, render
from .instalments import plan
from .messages import Refusal, Request, Response
from .records import Order, Tokenization

IN_PAGE = ("popup", "iframe")
"""The modes in which the shop's page stays open, and is told how the checkout ended."""

_MAY_CHARGE = {
    True: "the payments of this subscription",
    False: "one later order",
    None: "later orders",
}
"""What the shop may charge to an account, by what it said of ``recurring``."""

_ENDINGS = {
    "complete": ("Already completed", "This checkout was completed before. Nothing more to do."),
    "denied": ("Not approved", "This checkout was denied. Nothing was charged."),
    "deleted": ("No longer available", "The shop has withdrawn this checkout."),
    "expired": ("Expired", "This checkout was not completed within its time limit."),
}


class CheckoutPage:
    """Answers ``/checkout/?id=...``."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def respond(self, request: Request) -> Response:
        """Show the checkout, or do what the shopper chose and send the browser on."""
        form = parse_qs(request.body.decode("utf-8", "replace"))
        order = self._asked_for(request)
        if order is None:
            return _page(404, "Unknown checkout", "There is no checkout under this address.")
        if request.method != "POST":
            return self._show(order)
        try:
            return self._decide(order, form.get("action", [""])[0], "tokenize" in form)
        except Refusal as refusal:
            over = self._over(self._emulator.order(order.uuid))
            return over or _page(refusal.status, "Not possible", refusal.message)

    def schemes(self, request: Request) -> set[str]:
        """Return the URL schemes the checkout's form may lead to."""
        found = {"http", "https"}
        order = self._asked_for(request)
        for url in (order.complete_url, order.cancel_url) if order is not None else ():
            found.add(urlsplit(url).scheme)
        return found

    def parent(self, request: Request) -> str:
        """Return the origin that may show the checkout in a frame, or nothing."""
        order = self._asked_for(request)
        if order is None or order.checkout_mode != "iframe":
            return ""
        return _origin(order.complete_url)

    def _asked_for(self, request: Request) -> Order | None:
        is_form = request.method == "POST"
        source = request.body.decode("utf-8", "replace") if is_form else request.query
        return self._find(parse_qs(source).get("id", [""])[0])

    def _find(self, order_uuid: str) -> Order | None:
        try:
            return self._emulator.order(order_uuid)
        except KeyError:
            return None

    def _over(self, order: Order) -> Response | None:
        if order.checkout_status == "active":
            return None
        status = order.checkout_status
        if order.authorization is not None:
            status = "complete"
        elif status == "deleted" and order.checkout_expires_at <= self._emulator.clock.now():
            status = "expired"
        return _page(200, *_ENDINGS[status])

    def _show(self, order: Order) -> Response:
        over = self._over(order)
        if over is not None:
            return over
        today = self._emulator.clock.now().date()
        asked = self._emulator.state.tokenizations.get(order.token)
        instalments = join(
            element(
                "li",
                element("span", "Today" if number == 0 else f"{each.due:%b} {each.due.day}"),
                element("strong", money(each.amount_in_cents, order.currency)),
            )
            for number, each in enumerate(plan(order.amount_in_cents, today))
        )
        body = render(
            "checkout.html",
            order_uuid=order.uuid,
            reference_id=order.reference_id,
            description=order.description,
            total=money(order.amount_in_cents, order.currency),
            lines=_lines(order),
            instalments=instalments,
            consent=_consent(asked) if asked is not None else None,
            intent="taken at once" if order.intent == "CAPTURE" else "held for the shop to take",
        )
        return _html(200, "Checkout", body)

    def _decide(self, order: Order, action: str, tokenize: bool) -> Response:
        emulator = self._emulator
        if action == "approve":
            url = emulator.approve(order.uuid, tokenize=tokenize)
        elif action == "deny":
            url = emulator.deny(order.uuid)
        elif action == "cancel":
            url = emulator.shopper_cancel(order.uuid)
        elif action == "close":
            emulator.approve(order.uuid, tokenize=tokenize)
            return _page(
                200,
                "You may close this tab",
                "The payment is approved and the browser was not sent back to the shop, "
                "as when a shopper closes the tab too early.",
            )
        else:
            return _page(400, "Not possible", "No such choice.")
        if not url:
            return _page(200, "Done", "The shop gave no address to return to.")
        if order.checkout_mode in IN_PAGE:
            return self._tell(emulator.order(order.uuid), url)
        return Response(303, {"Location": url})

    def _tell(self, order: Order, url: str) -> Response:
        """
        Show the page that tells the shop's page how the checkout ended.

        What it says is known to this package's ``checkout.min.js`` alone: how Sezzle's own script
        and pages speak to each other is not published.
        """
        sessions = self._emulator.state.sessions
        session = next((each for each in sessions if each.order_uuid == order.uuid), None)
        unpaid = "failure" if order.checkout_status == "denied" else "cancel"
        body = render(
            "checkout_done.html",
            ending="complete" if order.authorization is not None else unpaid,
            order_uuid=order.uuid,
            session_uuid=session.uuid if session is not None else "",
            parent=_origin(order.complete_url),
            url=url,
        )
        return _html(200, "Done", body)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _lines(order: Order) -> Markup:
    rows = []
    for item in order.details.get("items", []):
        quantity = item.get("quantity", 1)
        price = item.get("price")
        name = f"{quantity} × {item.get('name', 'Item')}"
        shown = money(price["amount_in_cents"] * quantity, price["currency"]) if price else ""
        rows.append((name, shown))
    for member, label in (("shipping_amount", "Shipping"), ("tax_amount", "Tax")):
        part = order.details.get(member)
        if part is not None:
            rows.append((label, money(part["amount_in_cents"], part["currency"])))
    for discount in order.discounts:
        part = discount.get("amount")
        if part is not None:
            shown = money(-part["amount_in_cents"], part["currency"])
            rows.append((discount.get("name", "Discount"), shown))
    return join(
        element("li", element("span", name), element("span", shown)) for name, shown in rows
    )


def _consent(asked: Tokenization) -> Markup:
    box = element("input", type="checkbox", name="tokenize", value="1")
    plan = element("strong", asked.plan_name or "Remember me")
    what = _MAY_CHARGE[asked.recurring]
    terms = f": this shop may charge {what} to my account without asking again."
    return element("label", box, element("span", plan, terms), class_="consent")


def _page(status: int, title: str, text: str) -> Response:
    return _html(status, title, render("message.html", title=title, text=text))


def _html(status: int, title: str, body: Markup) -> Response:
    page = render("checkout_layout.html", title=title, body=body)
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
