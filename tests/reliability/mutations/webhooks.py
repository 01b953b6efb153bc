"""Who may tell us something, what of it is believed, and what it costs the subscription."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="any-signature",
        rows=(2,),
        without="the check of the signature (that there is one is enough)",
        edits=(
            Edit(
                "api.py",
                "    if not signature.is_signed(body, header, settings.signing_keys):",
                "    if header is None:",
            ),
        ),
        red=("webhooks/test_forged.py::test_forged_delivery_is_refused_and_leaves_no_trace",),
    ),
    Mutation(
        name="the-order-an-event-names-is-ours",
        rows=(3,),
        without="the comparison of Sezzle's amount with the shop's",
        edits=(
            Edit(
                "services/merge.py",
                "    if order.amount is not None and order.amount.amount_in_cents != "
                "expected.amount_in_cents:\n        return Review.AMOUNT_DIFFERS\n",
                "",
            ),
        ),
        red=(
            "webhooks/test_foreign_orders.py::"
            "test_event_that_leads_to_an_order_of_another_amount_secures_nothing[amount]",
        ),
    ),
    Mutation(
        name="an-event-is-believed",
        rows=(3,),
        without="the read (the event says that it was approved)",
        edits=(
            Edit(
                "webhooks.py",
                "    is_dispute = event.said is not None\n",
                "    is_dispute = event.said is not None\n"
                "    if payment is not None and event.event_type == 'order.authorized':\n"
                "        SezzlePayment.objects.filter(pk=payment.pk).update(approved=True)\n",
            ),
        ),
        red=("webhooks/test_journeys.py::test_what_an_event_says_is_not_believed",),
    ),
    Mutation(
        name="the-empty-key-signs",
        rows=(19,),
        without="the refusal of an empty key",
        edits=(
            Edit("gateway/signature.py", "        found |= bool(key) and ", "        found |= "),
        ),
        red=("gateway/test_signature.py::test_an_empty_key_never_counts",),
    ),
    Mutation(
        name="debugging-believes-everybody",
        rows=(20,),
        without="the sameness of debugging and production",
        edits=(
            Edit(
                "api.py",
                "    if not signature.is_signed(body, header, settings.signing_keys):",
                "    from django.conf import settings as host\n"
                "    if not host.DEBUG and not signature.is_signed(\n"
                "        body, header, settings.signing_keys\n"
                "    ):",
            ),
        ),
        red=("webhooks/test_forged.py::test_debug_changes_nothing",),
    ),
    Mutation(
        name="more-than-a-signature",
        rows=(21,),
        without="the look at the whole header",
        edits=(
            Edit(
                "gateway/signature.py",
                "    if _HEX.fullmatch(text):\n        return bytes.fromhex(text)",
                "    if _HEX.match(text):\n        return bytes.fromhex(text[:64])",
            ),
        ),
        red=("gateway/test_signature.py::test_anything_else_is_refused_without_an_error",),
    ),
    Mutation(
        name="constant-time",
        rows=(71,),
        without="the comparison whose time says nothing",
        edits=(
            Edit(
                "gateway/signature.py",
                "hmac.compare_digest(_digest(body, key), given)",
                "(_digest(body, key) == given)",
            ),
        ),
        red=("gateway/test_signature.py::test_digests_are_never_compared_with_an_operator",),
    ),
    Mutation(
        name="the-event-names-the-state",
        rows=(39,),
        without="the state that follows from the facts (the last event's word is taken)",
        edits=(
            Edit(
                "webhooks.py",
                "            bring_up_to_date(payment, seconds=SECONDS, also=partial(_finish, "
                "event))\n",
                "            bring_up_to_date(payment, seconds=SECONDS, also=partial(_finish, "
                "event))\n"
                "            word = event.event_type.partition('.')[2]\n"
                "            if word in ('authorized', 'captured', 'refunded'):\n"
                "                SezzlePayment.objects.filter(pk=payment.pk).update(status=word)\n",
            ),
        ),
        red=("webhooks/test_journeys.py::test_order_of_events_does_not_matter",),
    ),
    Mutation(
        name="every-delivery-is-an-event",
        rows=(40,),
        without="the unique id of an event",
        edits=(
            Edit(
                "models/event.py",
                'key = models.CharField(_("event"), max_length=80, unique=True)',
                'key = models.CharField(_("event"), max_length=80)',
            ),
        ),
        red=("webhooks/test_journeys.py::test_repeat_costs_no_call_and_two_statements",),
    ),
    Mutation(
        name="poison-for-ever",
        rows=(81,),
        without="the day after which a failing event is answered 200",
        edits=(Edit("webhooks.py", "YOUNG = timedelta(hours=24)", "YOUNG = timedelta(days=3650)"),),
        red=("webhooks/test_trouble.py::test_event_older_than_a_day_is_taken_and_stays_pending",),
    ),
    Mutation(
        name="our-own-fault-is-told-as-500",
        rows=(81,),
        without="the doorway that keeps a fault of ours from the answer",
        edits=(
            Edit(
                "webhooks.py",
                '        logger.critical("event=%s fault", event.key, exc_info=True)\n',
                "        raise\n",
            ),
        ),
        red=(
            "webhooks/test_trouble.py::"
            "test_a_fault_of_ours_is_503_while_young_and_200_later_and_keeps_the_event",
        ),
    ),
)
