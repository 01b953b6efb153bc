"""The same form, sent many times at the same moment, on real connections."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation
from tests.admin.conftest import MONEY, Desk, MakePayment, MakeStaff, amount, moved

AT_ONCE = 6


@pytest.mark.fault(6, 34)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_one_form", [True, False], ids=["one form", "a form each"])
def test_forms_sent_at_once_move_money_once(
    make_payment: MakePayment, make_staff: MakeStaff, emulator: Emulator, is_one_form: bool
) -> None:
    payment = make_payment(5000)
    client = make_staff("view_sezzlepayment", "capture_sezzlepayment")
    first = Desk(client, "capture").open(payment)
    forms = [
        first.form if is_one_form else Desk(client, "capture").open(payment).form
        for _number in range(AT_ONCE)
    ]
    together = Barrier(AT_ONCE)

    def send(form: dict[str, str]) -> list[str]:
        mine = Client()
        mine.cookies = client.cookies.copy()
        together.wait(timeout=20)
        try:
            whole = {**form, amount(payment): "50.00"}
            page = mine.post(reverse(MONEY, args=["capture"]), whole, follow=True)
            assert page.status_code == 200
            # Not the test client's context: it collects what every thread renders.
            shown = page.content.decode()
            return re.findall(r'<div><span class="sezzle-badge sezzle-(\w+)"', shown)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [kind for found in pool.map(send, forms) for kind in found]

    assert moved(emulator) == [("capture", 5000)]
    assert SezzleOperation.objects.count() == 1
    assert len(answers) == AT_ONCE
    assert "done" in answers
    # Whoever came while it was under way was told to wait, never that it failed.
    others = {"done", "unknown"} if is_one_form else {"done", "unsent"}
    assert set(answers) <= others
