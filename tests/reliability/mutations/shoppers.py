"""Coming back, paying once per order, and paying too late."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="the-return-address-is-believed",
        rows=(1,),
        without="the look at Sezzle's order (the address says that it was approved)",
        edits=(
            Edit(
                "views.py",
                "    arrival = look(find_payment(token))\n    _compare(",
                "    arrival = look(find_payment(token))\n"
                "    if request.GET.get('status') == 'approved':\n"
                "        return _private(HttpResponseRedirect(arrival.payment.success_url))\n"
                "    _compare(",
            ),
        ),
        red=("views/test_arrival.py::test_opening_the_complete_address_pays_nothing",),
    ),
    Mutation(
        name="waiting-is-approved",
        rows=(1,),
        without="the difference between not known and approved",
        edits=(
            Edit(
                "arrival.py",
                "    return ArrivalState.APPROVED if payment.approved else ArrivalState.WAITING",
                "    return ArrivalState.APPROVED",
            ),
        ),
        red=("views/test_arrival.py::test_what_cannot_be_read_is_waited_for",),
    ),
    Mutation(
        name="the-browser-names-the-order",
        rows=(22,),
        without="our own session's order id (the address names another)",
        edits=(
            Edit(
                "views.py",
                "    arrival = look(find_payment(token))\n    _compare(",
                "    payment = find_payment(token)\n"
                "    payment.order_uuid = request.GET.get('order_uuid', payment.order_uuid)\n"
                "    arrival = look(payment)\n    _compare(",
            ),
        ),
        red=("views/test_privacy.py::test_order_uuid_comes_from_our_own_session_only",),
    ),
    Mutation(
        name="the-old-checkout-lives-on",
        rows=(17,),
        without="the deletion of the old checkout before a new one is made",
        edits=(
            Edit(
                "services/closing.py",
                "        truth.gateway_of(payment).delete_checkout(payment.order_uuid)",
                "        truth.gateway_of(payment)",
            ),
        ),
        red=("services/test_starting.py::test_other_contents_replace_the_old_checkout",),
    ),
    Mutation(
        name="a-slot-for-everybody",
        rows=(17,),
        without="the unique slot of an order, and the look for who has it",
        edits=(
            Edit(
                "models/payment.py",
                "            models.UniqueConstraint(\n"
                '                fields=["account", "shop_reference", "is_current"], '
                'name="sezzle_one_current"\n'
                "            ),\n",
                "",
            ),
            Edit(
                "models/payment.py",
                "            models.UniqueConstraint(\n"
                '                fields=["account", "reference_id", "is_checkout"], '
                'name="sezzle_one_reference"\n'
                "            ),\n",
                "",
            ),
            Edit(
                "services/starting.py",
                "        current = current_of(checkout)\n",
                "        current = current_of(checkout)\n        __import__('time').sleep(0.3)\n",
            ),
        ),
        red=("services/test_races.py::test_starts_of_one_order",),
    ),
    Mutation(
        name="a-late-approval-is-as-good-as-any",
        rows=(18,),
        without="the review of what was approved after the shop had given up",
        edits=(
            Edit(
                "services/consequences.py",
                "    if joined.facts.approved and not before.approved and "
                "payment.canceled_at is not None:",
                "    if False:",
            ),
        ),
        red=("services/test_closing.py::test_approved_after_the_shop_canceled",),
    ),
    Mutation(
        name="a-declined-reauthorization-is-a-yes",
        rows=(13,),
        without="the look at 'approved' in the answer to a reauthorization",
        edits=(
            Edit(
                "gateway/messages/orders.py",
                "            approved if isinstance(approved, bool) else None,",
                "            True,",
            ),
        ),
        red=("services/test_reauthorize.py::test_declined",),
    ),
    Mutation(
        name="a-reauthorization-is-asked-again",
        rows=(14,),
        without="both places that keep a reauthorization from being sent again",
        edits=(
            Edit(
                "services/recovery.py",
                "    elif still_open.kind == Operation.REAUTHORIZE:",
                "    elif False:",
            ),
            Edit(
                "services/recovery.py",
                "    if operation.kind in Operation.that_charge_anew() or operation.attempts >= "
                "MOST_ATTEMPTS:",
                "    if operation.attempts >= MOST_ATTEMPTS:",
            ),
        ),
        red=("services/test_reauthorize.py::test_never_sent_again_whatever_happened",),
    ),
    Mutation(
        name="an-upcharge-is-sent-again",
        rows=(14,),
        without="what keeps an upcharge from being sent again by itself",
        edits=(
            Edit(
                "services/recovery.py",
                "operation.kind in Operation.that_charge_anew()",
                "operation.kind == Operation.REAUTHORIZE",
            ),
        ),
        red=("services/test_upcharge.py::test_it_is_never_sent_again_by_itself",),
    ),
    Mutation(
        name="our-clock-reauthorizes",
        rows=(15,),
        without="a person (what our clock takes for expired is authorized anew)",
        edits=(
            Edit(
                "services/reading.py",
                "    tell(payment)\n    return payment",
                "    tell(payment)\n"
                "    if payment.is_expired() and payment.reauthorizable_in_cents:\n"
                "        from django_sezzle.services.money import reauthorize\n"
                "        try:\n"
                "            reauthorize(payment)\n"
                "        except Exception:\n"
                "            pass\n"
                "    return payment",
            ),
        ),
        red=("services/test_reauthorize.py::test_no_clock_of_ours_asks_for_a_new_authorization",),
    ),
    Mutation(
        name="the-replaced-order-still-counts",
        rows=(16,),
        without="the mark of a payment that was reauthorized",
        edits=(
            Edit(
                "services/reauthorization.py",
                "    parent.was_reauthorized = True",
                "    parent.was_reauthorized = False",
            ),
        ),
        red=(
            "services/test_reauthorize.py::"
            "test_parent_that_sezzle_shows_unchanged_is_not_counted_twice",
            "services/test_reauthorize.py::test_the_parent_refuses_everything_afterwards",
        ),
    ),
)
