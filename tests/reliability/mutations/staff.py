"""What staff may do, and that a form counts once."""

from __future__ import annotations

from tests.reliability.mutations import Edit, Mutation

MUTATIONS = (
    Mutation(
        name="forms-from-elsewhere",
        rows=(31,),
        without="the token against forged forms",
        edits=(
            Edit(
                "admin/money.py",
                "    def confirm_view(self,",
                "    @__import__('django.views.decorators.csrf', fromlist=['x']).csrf_exempt\n"
                "    def confirm_view(self,",
            ),
        ),
        red=("admin/test_permissions.py::test_a_form_from_elsewhere_is_refused",),
    ),
    Mutation(
        name="a-link-moves-money",
        rows=(31,),
        without="the POST: parameters of an address are as good as a form",
        edits=(
            Edit(
                "admin/money.py",
                '        is_sent = request.method == "POST"',
                '        is_sent = request.method == "POST" or "form_id" in request.GET\n'
                '        if request.method == "GET" and is_sent:\n'
                "            request.POST = request.GET",
            ),
        ),
        red=("admin/test_money.py::test_looking_at_the_pages_moves_and_sends_nothing",),
    ),
    Mutation(
        name="all-staff-may",
        rows=(32,),
        without="the one permission of each action",
        edits=(
            Edit(
                "admin/money.py",
                '        return bool(user.has_perm(f"{SezzlePayment._meta.app_label}.'
                '{action.codename}"))',
                "        return bool(user.is_staff)",
            ),
        ),
        red=(
            "admin/test_permissions.py::test_the_form_is_taken_from_those_who_may",
            "admin/test_permissions.py::test_the_form_is_shown_to_those_who_may",
        ),
    ),
    Mutation(
        name="thousands-at-a-time",
        rows=(33,),
        without="the most payments that a form takes",
        edits=(
            Edit(
                "admin/money.py",
                "        if len(pks) > limit:\n            self._too_many(request, limit)\n"
                '            return SeeOther(self._url("changelist"))',
                "        if False:\n            self._too_many(request, limit)\n"
                '            return SeeOther(self._url("changelist"))',
            ),
        ),
        red=("admin/test_amounts.py::test_more_payments_than_the_limit_are_not_taken",),
    ),
    Mutation(
        name="every-sending-is-a-new-form",
        rows=(34,),
        without="the id that a form is shown with",
        edits=(
            Edit(
                "admin/forms.py",
                "    digest = hashlib.sha256(form_id.bytes + ",
                "    digest = hashlib.sha256(uuid.uuid4().bytes + form_id.bytes + ",
            ),
        ),
        red=("admin/test_repeats.py::test_a_form_sent_twice_moves_money_once",),
    ),
)
