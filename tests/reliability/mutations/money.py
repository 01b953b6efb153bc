"""Moving money once, and not more than there is."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="lock-and-constraint",
        rows=(6,),
        # The lock is enough by itself. The constraint behind it sees only what is open at that
        # moment (test_races), not what was opened and closed after another one had looked.
        without="the payment's lock around looking and writing, and the constraint behind it",
        edits=(
            Edit(
                "services/money.py",
                "    try:\n        return short_transaction(intent)\n",
                "    try:\n        return intent()\n",
            ),
            Edit(
                "services/operations.py",
                "    return operations.create(\n        payment=locked,",
                "    __import__('time').sleep(0.3)\n"
                "    return operations.create(\n        payment=locked,",
            ),
            Edit(
                "models/operation.py",
                '            models.UniqueConstraint(fields=["payment", "is_open"], '
                'name="sezzle_one_open"),\n',
                "",
            ),
        ),
        red=("services/test_races.py::test_full_captures",),
    ),
    Mutation(
        name="no-answer-is-a-no",
        rows=(7,),
        without="the state 'unknown': silence counts as a refusal",
        edits=(
            Edit(
                "services/settling.py",
                "        still_open.update(state=State.UNKNOWN, **said)",
                "        close(operation, State.FAILED, Evidence.REJECTED, **said)",
            ),
        ),
        red=("services/test_money.py::test_an_open_operation_blocks_every_other_one",),
    ),
    Mutation(
        name="recovery-does-not-look",
        rows=(8,),
        without="finding in Sezzle's order what a dead process had sent",
        edits=(
            Edit(
                "services/matching.py",
                "    if operation is None or not operation.attempts "
                "or not operation.is_understood:\n"
                "        return operation",
                "    if True:\n        return operation",
            ),
        ),
        red=(
            "services/test_faults.py::test_a_fault_that_hides_everything_is_recovered_to_"
            "one_execution[capture-drop_after-ignored]",
        ),
    ),
    Mutation(
        name="new-id-for-each-attempt",
        rows=(9,),
        without="the stored request id: each sending makes its own",
        edits=(
            Edit(
                "services/sending.py",
                "amount, request_id = operation.price, operation.request_id",
                "amount = operation.price\n"
                '    request_id = f"{operation.request_id}-{operation.attempts}"',
            ),
        ),
        red=("services/test_faults.py::test_every_sending_is_the_same",),
    ),
    Mutation(
        name="durability",
        rows=(10, 90),
        without="durable transactions: a host's transaction may be open around ours",
        edits=(
            Edit(
                "services/locking.py",
                "with transaction.atomic(using=database(), durable=True):\n"
                "            return work()",
                "with transaction.atomic(using=database()):\n            return work()",
            ),
            Edit(
                "services/locking.py",
                "with transaction.atomic(using=database(), durable=True):\n            pass",
                "pass",
            ),
        ),
        red=(
            "services/test_on_commit.py::test_money_inside_a_transaction_is_refused_and_says_why",
            "services/test_on_commit.py::test_everything_else_inside_a_transaction_is_refused",
        ),
    ),
    Mutation(
        name="refunds-without-a-limit",
        rows=(11,),
        without="the limit of refunds: what was captured",
        edits=(
            Edit(
                "services/limits.py",
                "    if amount > most:",
                "    if amount > most and kind != Operation.REFUND:",
            ),
        ),
        red=("services/test_money.py::test_a_cent_too_much_is_refused[refund]",),
    ),
    Mutation(
        name="captures-and-releases-without-a-limit",
        rows=(12,),
        without="the limit of captures and releases: what is held",
        edits=(
            Edit(
                "services/limits.py",
                "    if amount > most:",
                "    if amount > most and kind == Operation.REFUND:",
            ),
        ),
        red=(
            "services/test_money.py::test_a_cent_too_much_is_refused[capture]",
            "services/test_money.py::test_a_cent_too_much_is_refused[release]",
        ),
    ),
    Mutation(
        name="a-no-closes-without-a-read",
        rows=(28,),
        without="the read before a refusal closes an operation",
        edits=(
            Edit(
                "services/settling.py",
                "elif outcome.rejected and was_read and operation.attempts == 1:",
                "elif outcome.rejected and operation.attempts == 1:",
            ),
        ),
        red=("services/test_faults.py::test_a_refusal_is_final_only_with_a_read",),
    ),
    Mutation(
        name="a-second-no-closes",
        rows=(28,),
        without="the doubt about a refusal of what was sent before",
        edits=(
            Edit(
                "services/settling.py",
                "elif outcome.rejected and was_read and operation.attempts == 1:",
                "elif outcome.rejected and was_read:",
            ),
        ),
        red=("services/test_faults.py::test_a_refusal_is_final_only_with_a_read",),
    ),
    Mutation(
        name="no-read-after-an-unreadable-yes",
        rows=(29,),
        without="the read after sending",
        edits=(
            Edit(
                "services/sending.py",
                "        return truth.read(payment, seconds=seconds)",
                "        return None",
            ),
        ),
        red=("services/test_answers.py::test_yes_that_cannot_be_read",),
    ),
    Mutation(
        name="lease",
        rows=(30, 98),
        without="the quiet period: an operation may be sent again at once",
        edits=(
            Edit(
                "services/operations.py",
                "    return shortest * (1 << doublings)",
                "    return timedelta(0)",
            ),
        ),
        red=(
            "services/test_faults.py::test_a_fault_that_hides_everything_is_recovered_to_"
            "one_execution[capture-drop_before-ignored]",
            "services/test_faults.py::test_quiet_period_doubles_and_ends_with_a_human",
        ),
    ),
    Mutation(
        name="resend-without-a-read",
        rows=(30,),
        without="the successful read just before a resend",
        edits=(
            Edit(
                "services/recovery.py",
                "        mark_unknown(operation)\n        return error\n    finish_after_reading(",
                "        _execute(operation, seconds)\n        return error\n"
                "    finish_after_reading(",
            ),
        ),
        red=("services/test_faults.py::test_nothing_is_sent_again_without_a_read",),
    ),
    Mutation(
        name="claim-without-comparing",
        rows=(98,),
        without="the comparison in the claim: whoever overslept sends as well",
        edits=(
            Edit(
                "services/operations.py",
                "pk=operation.pk, is_open=True, lease_until__lte=now, attempts=operation.attempts",
                "pk=operation.pk, is_open=True",
            ),
        ),
        red=(
            "services/test_races.py::"
            "test_a_sender_whose_read_is_older_than_the_last_sending_sends_nothing",
        ),
    ),
    Mutation(
        name="same-id-for-something-else",
        rows=(35,),
        without="the comparison of a repeated request id with what it stood for",
        edits=(
            Edit(
                "services/operations.py",
                "_check_same(stored, locked, kind, amount_in_cents, intent, shipment)",
                "pass",
            ),
        ),
        red=("services/test_request_id.py::test_other_contents",),
    ),
    Mutation(
        name="money-moves-under-review",
        rows=(36,),
        without="the stop while a payment is under review",
        edits=(
            Edit(
                "services/limits.py",
                "    return bool(payment.review_reason) and not (may_go_back and gives_back)",
                "    return False",
            ),
        ),
        red=("services/test_money.py::test_nothing_moves_under_review",),
    ),
    Mutation(
        name="any-merchants-keys",
        rows=(36,),
        without="the comparison of merchants, in the rules and in the client",
        edits=(
            Edit(
                "services/limits.py",
                "    if not payment.is_of_configured_merchant():",
                "    if False:",
            ),
            Edit(
                "services/truth.py",
                '    if token.merchant_uuid and payment.merchant_uuid not in ("", '
                "token.merchant_uuid):",
                "    if False:",
            ),
        ),
        red=("services/test_money.py::test_another_merchant_is_refused",),
    ),
    Mutation(
        name="any-environment",
        rows=(36,),
        without="the comparison of environments, when money is moved and when orders are read",
        edits=(
            Edit(
                "services/truth.py",
                "    if environment is not None and settings.environment != environment:",
                "    if False:",
            ),
        ),
        red=("services/test_refresh.py::test_another_environment_is_not_read",),
    ),
)
