"""What is kept: the same facts in whatever order they arrive, and no writer forgotten."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="what-was-read-before-the-lock",
        rows=(37, 54),
        without="the row as it is under the lock (the caller's older copy is written)",
        edits=(
            Edit(
                "services/truth.py",
                "        locked = lock_for_reading(payment.pk, reading)\n"
                "        still_open = apply(locked, reading, untold=untold)",
                "        lock_for_reading(payment.pk, reading)\n"
                "        locked = payment\n"
                "        still_open = apply(locked, reading, untold=untold)",
            ),
        ),
        red=("services/test_refresh.py::test_callers_in_any_order_end_alike",),
    ),
    Mutation(
        name="the-last-one-to-arrive-wins",
        rows=(37, 38),
        without="the moment of a reading: an older one clears what a newer one found",
        edits=(
            Edit(
                "services/truth.py",
                "    if is_older:",
                "    if False:",
            ),
        ),
        red=("services/test_slot.py::test_an_older_reading_does_not_clear_what_a_newer_one_found",),
    ),
    Mutation(
        name="totals-of-the-last-reading",
        rows=(38, 61),
        without="the union: the totals are those of the reading that came last",
        edits=(
            Edit(
                "services/merge.py",
                "    joined = add(replace(joined, lapsed_at=_lapsed_at(facts, order, read_at)), "
                "new)",
                "    joined = replace(joined, lapsed_at=_lapsed_at(facts, order, read_at))\n"
                "    nothing = {f'{kind.value}d_in_cents': 0 for kind in (Kind.CAPTURE, "
                "Kind.RELEASE)}\n"
                "    joined = add(replace(joined, refunded_in_cents=0, **nothing), listed)",
            ),
        ),
        red=(
            "services/test_merge.py::test_any_order_of_arrival_gives_the_same_facts",
            "services/test_merge.py::test_parts_that_are_left_out_change_nothing",
        ),
    ),
    Mutation(
        name="read-then-write",
        rows=(41,),
        without="the update as first statement, and the transaction around it",
        edits=(
            Edit(
                "services/locking.py",
                '    if not rows.update(lock_seq=F("lock_seq") + 1, **columns):',
                "    seq = rows.get().lock_seq\n"
                "    time.sleep(0.05)\n"
                "    if not rows.update(lock_seq=seq + 1, **columns):",
            ),
            Edit(
                "services/locking.py",
                "        with transaction.atomic(using=database(), durable=True):\n"
                "            return work()",
                "        return work()",
            ),
        ),
        red=("services/test_races.py::test_every_increment_of_the_lock_is_kept",),
    ),
    Mutation(
        name="an-end-is-an-end",
        rows=(42,),
        without="the state that is derived anew from every reading",
        edits=(
            Edit(
                "services/consequences.py",
                "    payment.status = derive(facts, canceled=payment.canceled_at is not None)",
                "    if old_status not in CLOSED:\n"
                "        payment.status = derive(facts, canceled=payment.canceled_at is not None)",
            ),
        ),
        red=("services/test_refresh.py::test_a_payment_that_was_over_is_captured_after_all",),
    ),
    Mutation(
        name="the-event-is-too-fast",
        rows=(48,),
        without="the adoption of an order whose answer is still on its way",
        edits=(
            Edit(
                "services/reauthorization.py",
                "        attempts__gte=1,\n",
                '        state="unknown",\n',
            ),
        ),
        red=(
            "webhooks/test_foreign_orders.py::"
            "test_event_that_is_faster_than_the_answer_it_belongs_to",
        ),
    ),
    Mutation(
        name="told-without-a-mark",
        rows=(52, 53),
        without="the transaction that joins what receivers write with the mark",
        edits=(
            Edit(
                "services/telling.py",
                "        with transaction.atomic(using=database(), durable=True):\n",
                "        if True:\n",
            ),
        ),
        red=(
            "services/test_outbox.py::test_a_receiver_that_raises_undoes_nothing_but_its_own_work",
        ),
    ),
)
