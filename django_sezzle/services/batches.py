"""
Many operations at once: all are written down first, then sent, several at a time.

Sezzle is asked by a small pool of threads that never touch the database; everything that is
written, is written by the caller's own thread. A batch ends after a bounded time and leaves what
it did not come to as it was, for the next batch.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django_sezzle.exceptions import GatewayError, OperationInProgress, PaymentError
from django_sezzle.gateway import Gateway
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services import truth
from django_sezzle.services.limits import check_allowed
from django_sezzle.services.locking import database, lock, nothing_open, short_transaction
from django_sezzle.services.money import is_fresh
from django_sezzle.services.operations import (
    Exchanged,
    begin,
    claim,
    exchange,
    give_up_unsent,
    prepare,
    record,
)
from django_sezzle.services.recovery import is_abandoned
from django_sezzle.services.shipments import check_shipment

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger("django_sezzle.services")

#: So many threads talk to Sezzle.
AT_ONCE = 8

#: Nothing more is begun after so many seconds. Together with one read before, one sending and one
#: read after it, a batch ends within 20 seconds: servers stop a request that takes longer.
BEGINNING_SECONDS = 5.0
READING_SECONDS = 4.0
SENDING_SECONDS = 8.0


def write_down(
    payment: SezzlePayment,
    kind: Operation,
    amount_in_cents: int,
    *,
    request_id: str,
    actor: AbstractBaseUser | None,
    reason: str,
    shipment: str = "",
) -> SezzleOperation:
    """
    Commit the intent to move money, and send nothing: :func:`work_off` does.

    A request id that was written down before gives the stored operation.

    :param shipment: the shop's number of what a capture is for; empty for none.
    :raises PaymentError: the payment does not allow it; nothing was written down.
    """
    check_shipment(shipment)
    intent = partial(
        begin,
        payment,
        kind,
        amount_in_cents,
        request_id=request_id,
        actor=actor,
        reason=reason,
        deferred=False,
        shipment=shipment,
    )
    try:
        return short_transaction(intent)
    except OperationInProgress as error:
        if error.operation is None or not is_abandoned(error.operation):
            raise
        give_up_unsent(error.operation)
        return short_transaction(intent)


def unsent(request_ids: Iterable[str]) -> list[SezzleOperation]:
    """Find those of some operations that are written down and were never sent, oldest first."""
    rows = SezzleOperation.objects.using(database()).select_related("payment")
    waiting = rows.filter(request_id__in=list(request_ids), is_open=True, attempts=0)
    return list(waiting.order_by("created_at", "pk"))


def work_off(request_ids: Iterable[str]) -> list[SezzleOperation]:
    """
    Send what was written down and never sent, for a bounded time.

    One payment's trouble never stops another. Whoever else works at the same operations sends
    none of them twice. What was written down too long ago is closed as not sent.

    :returns: what was sent by this call, as recorded; look at each one's state.
    :raises ActionNotAllowed: a database transaction is open; nothing was sent.
    """
    nothing_open()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sezzle") as pool:
        return _Batch(pool, unsent(request_ids)).run()


class _Batch:
    """
    One batch. Each operation goes through the same steps: read its order unless that was done
    just now (pool), look at it under the lock and claim it (here), send it and read (pool),
    record (here).
    """

    def __init__(self, pool: ThreadPoolExecutor, waiting: Iterable[SezzleOperation]) -> None:
        self._pool = pool
        self._waiting = deque(waiting)
        self._asked: dict[Future[Any], _Step] = {}
        self._unreachable: set[str] = set()
        self._ends_at = time.monotonic() + BEGINNING_SECONDS
        self._recorded: list[SezzleOperation] = []

    def run(self) -> list[SezzleOperation]:
        """Work until nothing waits, or the time to begin is over and all that was asked is told."""
        self._fill()
        while self._asked:
            answered = wait(self._asked, return_when=FIRST_COMPLETED).done
            steps = [(self._asked.pop(future), future) for future in answered]
            # Sezzle is kept busy first; what is only to be recorded can wait that long.
            for step, future in sorted(steps, key=lambda pair: pair[0].is_last):
                if step.is_last:
                    self._fill()
                self._take(step.operation, partial(step.then, future))
            self._fill()
        return self._recorded

    def _fill(self) -> None:
        while self._waiting and len(self._asked) < AT_ONCE and self._may_begin():
            operation = self._waiting.popleft()
            self._take(operation, partial(self._begin, operation))

    def _may_begin(self) -> bool:
        return time.monotonic() < self._ends_at

    def _take(self, operation: SezzleOperation, step: Callable[[], None]) -> None:
        """Take a step of one operation, whose trouble stays its own."""
        try:
            step()
        except (GatewayError, PaymentError) as error:
            logger.info(
                "payment=%s operation=%s batch=%s",
                operation.payment_id,
                operation.pk,
                type(error).__name__,
            )
        except Exception:
            # The committed row tells whoever comes next what may have been sent.
            logger.exception(
                "payment=%s operation=%s batch=fault", operation.payment_id, operation.pk
            )

    def _begin(self, operation: SezzleOperation) -> None:
        payment = operation.payment
        if is_abandoned(operation) or payment.account in self._unreachable:
            give_up_unsent(operation)
            return
        try:
            gateway = prepare(operation, seconds=SENDING_SECONDS)
        except GatewayError:
            # The account's other payments would wait as long for the same token.
            self._unreachable.add(payment.account)
            raise
        if is_fresh(payment):
            self._send(operation, gateway)
        else:
            asked = self._pool.submit(truth.read, payment, seconds=READING_SECONDS)
            self._asked[asked] = _Step(operation, partial(self._after_reading, operation, gateway))

    def _after_reading(
        self, operation: SezzleOperation, gateway: Gateway, reading: Future[truth.Reading]
    ) -> None:
        try:
            truth.record(operation.payment, reading.result())
        except (GatewayError, PaymentError):
            # It is acted on fresh facts, or not at all.
            give_up_unsent(operation)
            raise
        self._send(operation, gateway)

    def _send(self, operation: SezzleOperation, gateway: Gateway) -> None:
        if not self._may_begin():
            return
        try:
            is_ours = short_transaction(partial(_claim, operation))
        except PaymentError:
            give_up_unsent(operation)
            raise
        if is_ours:
            asked = self._pool.submit(exchange, operation, gateway, seconds=READING_SECONDS)
            self._asked[asked] = _Step(operation, partial(self._record, operation), is_last=True)

    def _record(self, operation: SezzleOperation, exchanged: Future[Exchanged]) -> None:
        self._recorded.append(record(operation, exchanged.result()))


class _Step(NamedTuple):
    operation: SezzleOperation
    then: Callable[[Future[Any]], None]
    is_last: bool = False


def _claim(operation: SezzleOperation) -> bool:
    """
    Look at a payment under its lock, and take the right to send its operation.

    Time may have passed since it was written down. What showed up meanwhile is not its doing.

    :raises PaymentError: the payment no longer allows it.
    """
    # As it was before a try that the database undid.
    operation.attempts, operation.first_sent_at = 0, None
    locked = lock(operation.payment_id)
    check_allowed(locked, Operation(operation.kind), operation.amount_in_cents)
    if not claim(operation):
        return False
    mine = SezzleOperation.objects.using(database()).filter(pk=operation.pk)
    return bool(mine.update(opened_seq=locked.lock_seq))
