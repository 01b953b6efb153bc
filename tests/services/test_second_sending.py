"""A second sending that never left says nothing about the first one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import Evidence, SezzleOperation, State
from django_sezzle.services import capture, refresh
from tests.services.conftest import MakePayment
from tests.services.rigs import check_books, let_lease_end, moved

pytestmark = pytest.mark.django_db


@pytest.mark.fault(28, 30)
def test_a_refused_connection_does_not_close_what_was_sent_before(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(request_id="ignored")
    payment = authorized()
    # Sezzle sits on the first request and books it much later than anybody expects.
    emulator.faults.add("capture", "late", seconds=600)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    emulator.faults.add("capture", "refused")
    let_lease_end()
    refresh(payment)
    operation = SezzleOperation.objects.get()
    assert (operation.state, operation.is_open, operation.attempts) == (State.UNKNOWN, True, 2)
    emulator.clock.advance(timedelta(minutes=11))
    refresh(payment)
    operation.refresh_from_db()
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert moved(emulator, payment) == [("capture", 1_000)]
    check_books(emulator, payment)
