"""Charging a saved customer once, although its answer cannot be read back."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

TESTS = "services/test_charging.py::"

MUTATIONS = (
    Mutation(
        name="a-charge-becomes-a-checkout",
        rows=(17,),
        without="what keeps a checkout from taking the place of a charge that is under way",
        edits=(
            Edit(
                "services/starting.py",
                "elif current.customer_id is not None and not current.order_uuid:",
                "elif False:",
            ),
            Edit("services/attempts.py", "                customer=None,\n", ""),
        ),
        red=(f"{TESTS}test_a_lost_answer_is_asked_for_again_with_the_same_id",),
    ),
    Mutation(
        name="the-no-to-a-repeated-charge-is-believed",
        rows=(28,),
        without="the doubt about a no to the second sending of a charge",
        edits=(
            Edit(
                "services/settling.py",
                "operation.is_open and operation.attempts == 1",
                "operation.is_open",
            ),
        ),
        red=(f"{TESTS}test_a_no_to_the_repeat_does_not_hide_the_yes[declined]",),
    ),
    Mutation(
        name="a-refused-charge-is-sent-on-and-on",
        rows=(28,),
        without="the end of asking after a clear no",
        edits=(
            Edit(
                "services/recovery.py",
                "if operation.evidence or not may_resend(operation):",
                "if not may_resend(operation):",
            ),
        ),
        red=(f"{TESTS}test_a_no_to_the_repeat_does_not_hide_the_yes[taken_back]",),
    ),
    Mutation(
        name="an-event-does-not-find-the-charge",
        rows=(7, 30),
        without="charges among what an unknown order is looked for in",
        edits=(
            Edit(
                "services/reauthorization.py",
                "kind__in=Operation.that_make_orders()",
                "kind__in=Operation.that_charge_anew()",
            ),
        ),
        red=(f"{TESTS}test_the_event_of_its_order_finds_it",),
    ),
    Mutation(
        name="the-second-order-of-a-charge-is-forgotten",
        rows=(30,),
        without="the payment made of a second order for one charge",
        edits=(
            Edit(
                "services/charges.py",
                "        return _enter_second(payment, operation, order_uuid, reading)",
                "        return payment",
            ),
        ),
        red=(f"{TESTS}test_a_late_answer_that_names_a_second_order",),
    ),
    Mutation(
        name="who-took-it-back-is-charged",
        rows=(8,),
        without="the last look at a customer, before what the host has committed is sent",
        edits=(
            Edit(
                "services/operations.py",
                "if customer.forgotten_at is not None and not operation.attempts:",
                "if False:",
            ),
        ),
        red=(f"{TESTS}test_who_took_it_back_before_the_hosts_commit_is_not_charged",),
    ),
    Mutation(
        name="a-reference-is-given-out-twice",
        rows=(17,),
        without="the numbers that a row which was taken over had before",
        edits=(
            Edit(
                "services/attempts.py",
                "rows.filter(Q(shop_reference=name) | Q(reference_id=name))",
                "rows.filter(reference_id=name)",
            ),
        ),
        red=(
            "services/test_starting.py::"
            "test_a_reference_that_sezzle_has_seen_is_never_given_out_again",
        ),
    ),
    Mutation(
        name="a-lost-link-is-nobodys",
        rows=(18,),
        without="the look for what was paid by a link whose answer was lost",
        edits=(
            Edit(
                "services/adoption.py",
                "    return _adopt_lost_link(account, order_uuid, reading)",
                "    return None",
            ),
        ),
        red=(
            "services/test_lost_links.py::test_what_is_paid_after_the_shop_gave_up_waits_for_a_human",
        ),
    ),
)
