"""The shop that the rig kills: how its processes die, how time passes, what must be true then."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzlePayment
from django_sezzle.services import capture, refresh, start_checkout
from django_sezzle.services.recovery import ABANDONED_AFTER
from tests.fixtures import a_checkout
from tests.reliability.kills import diary, points
from tests.reliability.kills.victims import Ended, Zygote
from tests.services.rigs import Wire, check_books, grow_stale, let_lease_end, moved

#: Parts of what is held or kept: Sezzle's limit for the whole would hide a second execution.
CENTS = 4_000


class Shop:
    """Does what the shop does, in processes that can be killed."""

    def __init__(self, emulator: Emulator, zygote: Zygote, sezzle: dict[str, Any]) -> None:
        self.emulator = emulator
        self._wire = Wire(emulator)
        self._zygote = zygote
        self._sezzle = sezzle
        self._numbers = count(1001)

    def new_reference(self) -> str:
        """Number another order."""
        return str(next(self._numbers))

    def started(self) -> SezzlePayment:
        """Make a payment whose shopper is at Sezzle."""
        return start_checkout(a_checkout(self.new_reference()))

    def started_with_consent(self) -> SezzlePayment:
        """Make a payment whose shopper is at Sezzle, and asked to be remembered."""
        return start_checkout(a_checkout(self.new_reference(), tokenize=True))

    def payment(self, kind: str = "capture") -> SezzlePayment:
        """Make a payment of which something can be captured and released, or refunded."""
        payment = self.started()
        self.emulator.approve(str(payment.order_uuid))
        refresh(payment)
        if kind == "refund":
            capture(payment)
        # Old enough to be read again before money is moved.
        grow_stale(payment)
        return payment

    def do(self, job: str, **arguments: Any) -> Any:
        """Have a process do a job to its end."""
        ended = self._run(job, **arguments)
        assert (ended.code, ended.trace) == (0, "")
        return ended.result

    def kill(
        self, job: str, at: str, *, nth: int = 1, sends: str = "capture", **arguments: Any
    ) -> None:
        """
        Have a process do a job, and die when it comes to a point for the nth time.

        :param sends: the call that it is to die over.
        """
        executed = threading.Event()
        if at == points.POSTED:
            self._wire.after(sends, executed.set)
        ended = self._run(job, at, nth, **arguments)
        assert ended.was_killed, f"{job} never came to {at!r}: {ended}"
        if at == points.POSTED:
            # The process is dead; what it sent still arrives.
            assert executed.wait(30)

    def _run(self, job: str, at: str | None = None, nth: int = 1, **arguments: Any) -> Ended:
        return self._zygote.run(job, sezzle=self._sezzle, die_at=at, nth=nth, **arguments)

    def sent(self, kind: str, payment: SezzlePayment) -> list[str | None]:
        """List the request ids of the calls that arrived at Sezzle for this payment's order."""
        path = f"/v2/order/{payment.order_uuid}/{kind}"
        return [call.request_id for call in self.emulator.calls if call.path == path]


def let_time_pass() -> None:
    """Let every lease have ended, and every click that was not sent be too old to be sent."""
    now = timezone.now()
    let_lease_end()
    SezzleOperation.objects.filter(is_open=True).update(
        created_at=now - ABANDONED_AFTER - timedelta(minutes=1)
    )
    SezzlePayment.objects.filter(order_uuid=None).update(
        start_lease_until=now - timedelta(seconds=1)
    )
    SezzleAnnouncement.objects.filter(told_at=None).update(lease_until=now - timedelta(seconds=1))


def check_all_is_well(shop: Shop, payment: SezzlePayment) -> SezzlePayment:
    """Assert that the books are equal, nothing is open, and every fact was told exactly once."""
    row = check_books(shop.emulator, payment)
    assert not row.review_reason
    assert row.open_operation() is None
    announcements = list(row.announcements.order_by("pk"))
    assert all(announcement.told_at for announcement in announcements), "a fact was not told"
    movements = [f"{kind.removesuffix('e')}ed" for kind, _cents in moved(shop.emulator, row)]
    assert [announcement.fact for announcement in announcements] == ["authorized", *movements]
    assert diary.facts(row) == [announcement.fact_key for announcement in announcements]
    return row
