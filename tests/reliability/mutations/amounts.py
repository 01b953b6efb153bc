"""Whole cents, of the right currency, from the right place."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="shipping-whatever-was-paid",
        rows=(4,),
        without="the comparison of what is funded with what the order costs now",
        edits=(
            Edit(
                "models/payment.py",
                "        return self.kept_in_cents + held >= amount_in_cents",
                "        return self.kept_in_cents + held > 0",
            ),
        ),
        red=("models/test_funded.py::test_every_state",),
    ),
    Mutation(
        name="the-browser-names-the-price",
        rows=(5,),
        without="the shop's own price (the form's is believed)",
        edits=(
            Edit(
                "views.py",
                "        mode = self._mode_for(checkout)\n",
                "        mode = self._mode_for(checkout)\n"
                "        if 'amount_in_cents' in request.POST:\n"
                "            from dataclasses import replace\n"
                "            from django_sezzle.gateway import Price\n"
                "            dollars = int(request.POST['amount_in_cents'])\n"
                "            checkout = replace(checkout, amount=Price(dollars * 100, 'USD'))\n",
            ),
        ),
        red=("views/test_checkout_view.py::test_nothing_that_the_browser_says_counts",),
    ),
    Mutation(
        name="cents-by-float",
        rows=(23,),
        without="exact decimals: dollars times 100, cut off",
        edits=(
            Edit(
                "gateway/messages/money.py",
                "            whole = int(in_cents.to_integral_exact(context=_EXACT))",
                "            whole = int(float(amount) * 100)",
            ),
        ),
        red=("admin/test_amounts.py::test_dollars_become_cents_exactly",),
    ),
    Mutation(
        name="any-currency",
        rows=(24,),
        without="the list of currencies",
        edits=(
            Edit(
                "gateway/messages/money.py",
                "        if self.currency not in CURRENCIES:",
                "        if False:",
            ),
        ),
        red=(
            "gateway/test_money_messages.py::test_other_currencies_are_refused",
            "services/test_wrong_input.py::test_currencies",
        ),
    ),
    Mutation(
        name="currencies-not-compared",
        rows=(25,),
        without="the comparison of Sezzle's currency with the payment's",
        edits=(
            Edit(
                "services/merge.py",
                "    return any(amount.currency != currency for amount in amounts)",
                "    return False",
            ),
        ),
        red=(
            "services/test_merge.py::test_each_reason_and_its_clearing",
            "webhooks/test_foreign_orders.py::"
            "test_event_that_leads_to_an_order_of_another_amount_secures_nothing[currency]",
        ),
    ),
    Mutation(
        name="nothing-and-less-is-an-amount",
        rows=(26,),
        without="the smallest and the largest amount",
        edits=(
            Edit(
                "gateway/messages/money.py",
                "    if not 1 <= amount_in_cents <= MAX_CENTS:",
                "    if False:",
            ),
        ),
        red=("gateway/test_money_messages.py::test_other_cents_cannot_be_moved",),
    ),
    Mutation(
        name="true-is-a-cent",
        rows=(27,),
        without="the exact type of JSON's numbers",
        edits=(
            Edit(
                "gateway/messages/parsing.py",
                "    if type(value) is not int or not 0 <= value <= 2**63 - 1:",
                "    if not isinstance(value, int) or not 0 <= value <= 2**63 - 1:",
            ),
        ),
        red=("gateway/test_malformed_answers.py::test_a_transaction_of_no_whole_cents",),
    ),
)
