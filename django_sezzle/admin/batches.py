"""A confirmed form becomes operations: one is sent at once, many are written down first."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django_sezzle.admin import results
from django_sezzle.admin.forms import request_id_for
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services.batches import AT_ONCE, write_down
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from uuid import UUID

    from django_sezzle.admin.actions import MoneyAction
    from django_sezzle.admin.forms import MoneyForm

logger = logging.getLogger("django_sezzle.admin")

#: After so many seconds no further payment is begun: servers stop a request that takes longer.
SENDING_SECONDS = 20

#: So many payments are sent before the form is answered; of more, a page tells how far it is.
SENT_AT_ONCE = AT_ONCE


class Confirmed:
    """A form that staff confirmed, and who did."""

    def __init__(self, action: MoneyAction, form: MoneyForm, actor: Any) -> None:
        self._action = action
        self._actor = actor
        self._form_id: UUID = form.cleaned_data["form_id"]
        self._reason: str = form.cleaned_data["reason"]
        self._asked = form.asked()
        self._shipments = {pk: form.shipment_for(one) for pk, one in form.payments.items()}
        self._known = recorded(request_id_for(self._form_id, pk) for pk in form.payments)
        self._ends_at = time.monotonic() + SENDING_SECONDS

    @property
    def is_single(self) -> bool:
        """Whether it is about one payment, which is sent while the browser waits."""
        return len(self._asked) == 1

    def carry_out(self) -> results.Sent:
        """
        Send the one payment, or write all of them down.

        Every payment gets a code: why nothing was sent, or that its operation tells the rest.
        """
        codes = tuple((payment.pk, self._take(payment, cents)) for payment, cents in self._asked)
        return results.Sent(self._action.name, self._form_id, codes)

    def _take(self, payment: SezzlePayment, amount_in_cents: int) -> str:
        request_id = request_id_for(self._form_id, payment.pk)
        if time.monotonic() > self._ends_at and request_id not in self._known:
            return results.OUT_OF_TIME
        asked: dict[str, Any] = {
            "request_id": request_id,
            "actor": self._actor,
            "reason": self._reason,
            "shipment": self._shipments[payment.pk],
        }
        try:
            if self.is_single:
                self._action.run(payment, amount_in_cents=amount_in_cents, **asked)
            else:
                write_down(payment, self._action.kind, amount_in_cents, **asked)
        except Exception as error:  # noqa: BLE001 - one payment never stops the others
            code = results.code_for(error, was_recorded=bool(recorded([request_id])))
            _log(payment, request_id, error, code)
            return code
        return results.SENT

    def sent_now(self) -> list[SezzleOperation]:
        """Find the one operation that was sent just now, and not before."""
        request_ids = [request_id_for(self._form_id, payment.pk) for payment, _cents in self._asked]
        new = [request_id for request_id in request_ids if request_id not in self._known]
        rows = SezzleOperation.objects.using(database()).select_related("payment")
        return list(rows.filter(request_id__in=new, attempts__gte=1))


def recorded(request_ids: Iterable[str]) -> set[str]:
    """Tell which request ids have an operation."""
    rows = SezzleOperation.objects.using(database()).filter(request_id__in=list(request_ids))
    return set(rows.values_list("request_id", flat=True))


def _log(payment: SezzlePayment, request_id: str, error: Exception, code: str) -> None:
    details = (payment.pk, request_id, type(error).__name__)
    if code == results.ERROR:
        logger.error("payment=%s request_id=%s error=%s", *details, exc_info=error)
    else:
        logger.info("payment=%s request_id=%s error=%s", *details)
