"""The dashboard's pages as markup."""

from __future__ import annotations

from datetime import datetime

from .gateway import Emulator
from .html import Markup, as_markup, element, join, money, render
from .messages import Response
from .records import Movement, Order

_TITLES = {
    "": "Orders",
    "order": "Order",
    "inbox": "Inbox",
    "webhooks": "Webhooks",
    "settings": "Settings",
}


def whole(
    emulator: Emulator,
    path: str,
    body: Markup,
    *,
    notice: tuple[str, bool] | None = None,
    status: int = 200,
) -> Response:
    """Return a page of the dashboard around its body."""
    links = join(
        element(
            "a",
            label,
            href=f"/dashboard/{name}/" if name else "/dashboard/",
            aria_current="page" if name == path else None,
        )
        for name, label in _TITLES.items()
        if name != "order"
    )
    said = (
        element("p", notice[0], class_="notice good" if notice[1] else "notice bad", role="status")
        if notice is not None
        else None
    )
    page = render(
        "dashboard_layout.html",
        title=_TITLES.get(path, path),
        links=links,
        notice=said,
        now=when(emulator.clock.now()),
        body=body,
    )
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def orders(emulator: Emulator) -> Markup:
    """Return the list of orders, newest first."""
    rows = join(
        element(
            "tr",
            element(
                "td", element("a", each.reference_id, href=f"/dashboard/order/?id={each.uuid}")
            ),
            element("td", badge(each)),
            _amount(each.amount_in_cents, each),
            _amount(each.capturable_in_cents, each),
            _amount(each.captured_in_cents, each),
            _amount(each.refunded_in_cents, each),
            element("td", when(each.created_at)),
        )
        for each in reversed(emulator.orders)
    )
    headings = ("Reference", "State", "Amount", "Held", "Captured", "Refunded", "Created")
    return table(headings, rows, "No order yet. They appear when the shop starts a checkout.")


def order(emulator: Emulator, record: Order) -> Markup:
    """Return one order: its facts, its movements, and what may be done."""
    authorization = record.authorization
    facts = [
        ("Order uuid", record.uuid),
        ("Description", record.description),
        ("Intent", record.intent),
        ("Amount", money(record.amount_in_cents, record.currency)),
        ("Checkout", record.checkout_status),
    ]
    if authorization is not None:
        facts += [
            ("Sezzle order", authorization.sezzle_order_id),
            ("Held until", when(authorization.expires_at)),
            ("Held", money(record.capturable_in_cents, record.currency)),
            ("Captured", money(record.captured_in_cents, record.currency)),
            ("Refunded", money(record.refunded_in_cents, record.currency)),
            ("Released", money(record.released_in_cents, record.currency)),
        ]
    if record.checkout_status == "active":
        url = f"/checkout/?id={record.uuid}"
        facts.append(("Shopper's page", element("a", "open the checkout", href=url)))
    for label, uuid in (
        ("Reauthorized from", record.reauthorized_from),
        ("Upcharge of", record.parent_order_uuid),
    ):
        if uuid is not None:
            facts.append((label, element("a", uuid, href=f"/dashboard/order/?id={uuid}")))
    return render(
        "order.html",
        reference_id=record.reference_id,
        badge=badge(record),
        facts=join(element("div", element("dt", k), element("dd", v)) for k, v in facts),
        movements=_movements(record),
        order_uuid=record.uuid,
        held=dollars(record.capturable_in_cents),
        refundable=dollars(record.refundable_in_cents),
    )


def inbox(emulator: Emulator) -> Markup:
    """Return the texts and mails that would have gone out, newest first."""
    rows = join(
        element(
            "tr",
            element("td", when(each.sent_at)),
            element("td", "Text message" if each.channel == "sms" else "E-mail"),
            element("td", each.to),
            element("td", each.language),
            element(
                "td", element("a", "open the checkout", href=f"/checkout/?id={each.order_uuid}")
            ),
        )
        for each in reversed(emulator.sent_links)
    )
    return table(("Sent", "By", "To", "Language", "Link"), rows, "Nothing was sent yet.")


def webhooks(emulator: Emulator) -> Markup:
    """Return subscriptions, what is on its way, and how attempts ended."""
    with emulator.state.lock:
        logs = list(emulator.state.delivery_logs)
    subscriptions = join(
        element("tr", element("td", each.url), element("td", ", ".join(each.events)))
        for each in emulator.subscriptions
    )
    waiting = join(
        element(
            "tr",
            element("td", each.event),
            element("td", each.url),
            element("td", each.attempts),
            element("td", each.last_status if each.last_status is not None else "–"),
            element("td", when(each.due_at)),
        )
        for each in emulator.pending_deliveries
    )
    done = join(
        element(
            "tr",
            element("td", when(each.at)),
            element("td", each.event),
            element("td", each.url),
            element(
                "td",
                element(
                    "span",
                    each.status if each.status is not None else "no answer",
                    class_="badge good" if each.status == 200 else "badge bad",
                ),
            ),
        )
        for each in reversed(logs)
    )
    return render(
        "webhooks.html",
        subscriptions=table(("URL", "Events"), subscriptions, "Nobody has subscribed."),
        waiting=table(
            ("Event", "URL", "Attempts", "Last answer", "Due"), waiting, "Nothing is on its way."
        ),
        done=table(("At", "Event", "URL", "Answer"), done, "Nothing was delivered yet."),
    )


def settings(emulator: Emulator) -> Markup:
    """Return the clock, the keys, payouts and the switches in force."""
    rows = join(
        element("tr", element("td", element("code", name)), element("td", str(value)))
        for name, value in emulator.profile.as_dict().items()
    )
    return render(
        "settings.html",
        now=when(emulator.clock.now()),
        public_key=emulator.public_key,
        switches=table(("Switch", "Reading"), rows, ""),
        faults=len(emulator.faults),
    )


def nothing(text: str) -> Markup:
    """Return a page body that only says something."""
    return element("p", text, class_="empty")


def table(headings: tuple[str, ...], rows: Markup, empty: str) -> Markup:
    """Return a table that scrolls by itself on narrow screens, or a word that it is empty."""
    if not rows:
        return nothing(empty)
    head = join(element("th", heading, scope="col") for heading in headings)
    inner = element("thead", element("tr", head)) + element("tbody", rows)
    return element("div", element("table", Markup(inner)), class_="scroll")


def badge(record: Order) -> Markup:
    """Return an order's state in one or two words."""
    word, kind = _state(record)
    return element("span", word, class_=f"badge {kind}")


def when(moment: datetime) -> str:
    """Return a moment in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def dollars(cents: int) -> str:
    """Return cents as the value of an amount field."""
    return f"{cents // 100}.{cents % 100:02}"


def _state(record: Order) -> tuple[str, str]:
    if record.authorization is None:
        words = {"active": ("Waiting", "calm"), "denied": ("Denied", "bad")}
        return words.get(record.checkout_status, ("Deleted", "bad"))
    if record.capturable_in_cents > 0:
        return ("Partly captured" if record.captured_in_cents else "Authorized", "calm")
    if record.captured_in_cents == 0:
        return ("Expired" if record.authorization.is_expired else "Released", "bad")
    if record.refundable_in_cents <= 0:
        return ("Refunded", "calm")
    return ("Partly refunded" if record.refunded_in_cents else "Captured", "good")


def _movements(record: Order) -> Markup:
    authorization = record.authorization
    found: list[tuple[str, Movement]] = []
    if authorization is not None:
        found += [("Capture", each) for each in authorization.captures]
        found += [("Refund", each) for each in authorization.refunds]
        found += [("Release", each) for each in authorization.releases]
    found.sort(key=lambda entry: entry[1].created_at)
    rows = join(
        element(
            "tr",
            element("td", when(movement.created_at)),
            element("td", kind),
            _amount(movement.amount_in_cents, record),
            element("td", element("code", movement.uuid)),
        )
        for kind, movement in found
    )
    return table(("At", "What", "Amount", "Id"), rows, "No money has moved.")


def _amount(cents: int, record: Order) -> Markup:
    return element("td", as_markup(money(cents, record.currency)), class_="number")
