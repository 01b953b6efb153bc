"""Questions about webhooks: how they are signed, what they look like, how they come."""

from __future__ import annotations

import math
from collections import Counter

from django_sezzle.gateway.messages import EventType
from django_sezzle.probe.desk import Desk
from django_sezzle.probe.listener import Heard
from django_sezzle.probe.questions import Need
from django_sezzle.probe.refusals import alike

#: An event is caused by one of these calls.
CAUSES = {"order.captured": "capture", "order.refunded": "refund"}


def subscribe(desk: Desk) -> None:
    """Subscribe the listener to everything, and have a sample of each event sent."""
    listener = desk.listener
    if listener is None:
        return
    body = {"url": listener.webhook_url, "events": [str(event) for event in EventType]}
    first = desk.client.ask("POST", "/v2/webhooks", body=body)
    _remember(desk, first.member("uuid"))
    if not first.is_yes:
        desk.unmet[Need.WEBHOOKS] = f"The subscription was refused ({first})."
        desk.report.troubles.append(desk.unmet[Need.WEBHOOKS])
        return
    second = desk.client.ask("POST", "/v2/webhooks", body=body)
    desk.report.asked("duplicate_webhook", second)
    if second.is_yes and second.member("uuid") != first.member("uuid"):
        # Two subscriptions would bring every event twice.
        _remember(desk, second.member("uuid"))
        _delete(desk, desk.subscriptions.pop())
    status = second.status if second.is_no else None
    desk.report.answer("duplicate_webhook", alike([second]), duplicate_webhook_status=status)
    _ask_for_samples(desk, listener.webhook_url)


def unsubscribe(desk: Desk) -> None:
    """Take the subscriptions away again."""
    while desk.subscriptions:
        _delete(desk, desk.subscriptions.pop())


def conclude(desk: Desk) -> None:
    """Sum up what the deliveries of the run showed."""
    heard = desk.heard()
    if not heard:
        return
    bodies = {each.event.type: each.structure for each in heard}
    desk.report.answer("event_bodies", ", ".join(sorted(bodies)), structure=bodies)
    _read_refund_source(desk)
    copies = Counter(each.event.key for each in heard)
    numbers = set(copies.values())
    number = numbers.pop() if len(numbers) == 1 else None
    reading = f"{number}" if number else "differs from event to event"
    desk.report.answer("copies", reading, webhook_copies=number)
    # The shortest: what was slow on the way says nothing about Sezzle.
    delays = [
        min(each.at for each in desk.heard(made, event)) - made.sent[call]
        for made in desk.book.made
        for event, call in CAUSES.items()
        if call in made.sent and desk.heard(made, event)
    ]
    if delays:
        shortest = max(0, math.floor(min(delays)))
        reading = f"{shortest} s at least"
        desk.report.answer("delay", reading, webhook_delay_seconds=shortest)


def _ask_for_samples(desk: Desk, url: str) -> None:
    listener, statuses = desk.listener, []
    wanted = Counter(EventType)
    # Once more, to see whether a sample's id repeats.
    wanted[EventType.ORDER_AUTHORIZED] += 1
    for event in wanted.elements():
        body = {"event": str(event), "url": url}
        reply = desk.client.ask("POST", "/v2/webhooks/test", body=body)
        desk.report.asked("webhook_test", reply, str(event))
        statuses.append(reply.status if reply.is_yes else None)
        if not reply.is_yes:
            del wanted[event]
    status = statuses[0] if len(set(statuses)) == 1 else None
    told = ", ".join(sorted({str(each or "refused") for each in statuses}))
    desk.report.answer("webhook_test", told, webhook_test_status=status)
    if listener is None or not wanted:
        return

    def all_came() -> bool:
        return Counter(each.event.type for each in listener.heard) >= Counter(
            map(str, wanted.elements())
        )

    listener.wait(all_came, desk.event_seconds)
    if not listener.heard:
        desk.unmet[Need.WEBHOOKS] = (
            f"No sample event reached the probe within {desk.event_seconds:g} s: "
            "is the public URL the tunnel's, and does it lead here?"
        )
        desk.report.troubles.append(desk.unmet[Need.WEBHOOKS])
        return
    desk.met.add(Need.WEBHOOKS)
    _read_samples(desk, list(listener.heard))


def _read_samples(desk: Desk, samples: list[Heard]) -> None:
    report = desk.report
    forms = sorted({each.signature for each in samples})
    known = {"hex": "hex", "hex, upper case": "hex", "base64": "base64"}
    form = known.get(forms[0]) if len(forms) == 1 else None
    report.answer("signature", "; ".join(forms), signature=form)
    bodies = {each.event.type: each.structure for each in samples}
    asked_twice = [e.event.key for e in samples if e.event.type == EventType.ORDER_AUTHORIZED]
    reading = f"{len(bodies)} kinds came"
    if len(asked_twice) > 1:
        is_new = len(set(asked_twice)) == len(asked_twice)
        reading += f"; their ids {'do not repeat' if is_new else 'repeat'}"
    report.answer("sample_events", reading, structure=bodies)
    kinds = {e.data_type for e in samples if e.event.type == EventType.CUSTOMER_TOKENIZED}
    if kinds:
        kind = kinds.pop()
        report.answer("tokenized_data_type", f"{kind}, in a sample", tokenized_data_type=kind)
    else:
        report.leave_open("tokenized_data_type", "No sample of it came.")


def _read_refund_source(desk: Desk) -> None:
    places = set()
    for each in desk.heard(event="order.refunded"):
        data = each.structure.get("data", {}) if isinstance(each.structure, dict) else {}
        refund = data.get("refund") if isinstance(data, dict) else None
        places |= {"data"} if "source" in data else set()
        places |= {"refund"} if isinstance(refund, dict) and "source" in refund else set()
    if len(places) == 1:
        (place,) = places
        desk.report.answer("refund_source", f"in {place}", refund_source_placement=place)
    elif desk.heard(event="order.refunded"):
        desk.report.answer("refund_source", "in both places" if places else "in neither place")


def _delete(desk: Desk, webhook_uuid: str) -> None:
    reply = desk.client.ask("DELETE", "/v2/webhooks/{webhook}", of=webhook_uuid)
    if not (reply.is_yes or reply.status == 404):
        desk.report.troubles.append(
            f"The subscription of the probe was not deleted ({reply}). "
            "sezzle_webhooks list shows it."
        )


def _remember(desk: Desk, webhook_uuid: object) -> None:
    if isinstance(webhook_uuid, str) and webhook_uuid not in desk.subscriptions:
        desk.subscriptions.append(webhook_uuid)
