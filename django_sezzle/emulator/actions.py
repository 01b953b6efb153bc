"""What a shopper does on Sezzle's pages and a merchant does in Sezzle's dashboard."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from . import disputes, ledger, reports, shopper
from .messages import Refusal
from .records import Dispute, Merchant, Movement, Order, Payout
from .state import State
from .validation import REFERENCE_ID


class Actions(ABC):
    """
    The actions that reach Sezzle by another way than its API.

    All raise `Refusal` when the gateway would say no; nothing has happened then.
    """

    public_key: str

    @abstractmethod
    def _unit(self) -> AbstractContextManager[State]:
        """Hold the state, brought up to the present, and commit it in the end."""

    def approve(self, order_uuid: str, *, tokenize: bool = False) -> str:
        """
        Let the shopper complete the checkout; return the URL the browser is sent to.

        :param tokenize: the shopper also agrees to be charged again later.
        """
        with self._unit() as state:
            return shopper.approve(state, _order(state, order_uuid), tokenize=tokenize)

    def deny(self, order_uuid: str) -> str:
        """Let Sezzle deny the shopper; return the URL the browser is sent to."""
        with self._unit() as state:
            return shopper.deny(state, _order(state, order_uuid))

    def shopper_cancel(self, order_uuid: str) -> str:
        """Let the shopper leave; return the URL the browser is sent to."""
        with self._unit() as state:
            return shopper.cancel(state, _order(state, order_uuid))

    def decline_next_reauthorization(self, times: int = 1) -> None:
        """Answer the next reauthorizations with 200 and ``approved: false``."""
        with self._unit() as state:
            state.declined_reauthorizations += times

    def decline_next_customer_order(self, times: int = 1) -> None:
        """Answer the next orders of tokenized customers with 200 and ``approved: false``."""
        with self._unit() as state:
            state.declined_customer_orders += times

    def dashboard_capture(self, order_uuid: str, amount_in_cents: int) -> Movement:
        """Capture as if done in Sezzle's dashboard."""
        with self._unit() as state:
            order = _order(state, order_uuid)
            return ledger.capture(state, order, _positive(amount_in_cents), source=ledger.DASHBOARD)

    def dashboard_refund(self, order_uuid: str, amount_in_cents: int) -> Movement:
        """Refund as if done in Sezzle's dashboard."""
        with self._unit() as state:
            order = _order(state, order_uuid)
            return ledger.refund(state, order, _positive(amount_in_cents), source=ledger.DASHBOARD)

    def dashboard_release(self, order_uuid: str, amount_in_cents: int) -> Movement:
        """Release as if done in Sezzle's dashboard."""
        with self._unit() as state:
            order = _order(state, order_uuid)
            return ledger.release(state, order, _positive(amount_in_cents), source=ledger.DASHBOARD)

    def dashboard_set_reference(self, order_uuid: str, reference_id: str) -> None:
        """Change an order's reference as if done in Sezzle's dashboard."""
        with self._unit() as state:
            order = _order(state, order_uuid)
            if not REFERENCE_ID.match(reference_id):
                raise Refusal(422, "invalid", "Reference id may only have letters, digits, _ and -")
            order.reference_id = reference_id
            state.orders.put(order)

    def open_dispute(
        self, order_uuid: str, *, amount_in_cents: int | None = None, dispute_type: str = "fraud"
    ) -> Dispute:
        """File a dispute over an order; its amount is all that is refundable unless given."""
        with self._unit() as state:
            order = _order(state, order_uuid)
            return disputes.open_dispute(state, order, amount_in_cents, dispute_type)

    def warn_of_dispute_deadline(self, order_uuid: str) -> Dispute:
        """Send the final notice of an order's open dispute."""
        with self._unit() as state:
            return disputes.warn(state, _order(state, order_uuid))

    def close_dispute(self, order_uuid: str, outcome: str) -> Dispute:
        """Decide an order's dispute: ``customer_win``, ``merchant_win`` or ``neutral``."""
        with self._unit() as state:
            return disputes.close(state, _order(state, order_uuid), outcome)

    def rotate_key(self, new_private_key: str, *, public_key: str | None = None) -> None:
        """
        Replace a merchant's private key; webhooks are signed with the new one from now on.

        Tokens already handed out stay good until they run out.
        """
        with self._unit() as state:
            merchant = self._merchant(state, public_key)
            merchant.private_key = new_private_key
            merchant.is_rotated = True
            state.merchants.put(merchant)

    def pay_out(
        self,
        *,
        public_key: str | None = None,
        fee_basis_points: int = 0,
        fee_per_capture_in_cents: int = 0,
    ) -> list[Payout]:
        """
        Pay the merchant what was captured less what was refunded, one payout per currency.

        :param fee_basis_points: hundredths of a per cent that Sezzle keeps of what is captured,
            and returns of what is refunded.
        :param fee_per_capture_in_cents: what Sezzle keeps beside that, and does not return.
        """
        with self._unit() as state:
            return reports.pay_out(
                state,
                self._merchant(state, public_key),
                fee_basis_points=fee_basis_points,
                fee_per_capture_in_cents=fee_per_capture_in_cents,
            )

    def _merchant(self, state: State, public_key: str | None) -> Merchant:
        wanted = public_key or self.public_key
        return next(each for each in state.merchants if each.public_key == wanted)


def _order(state: State, order_uuid: str) -> Order:
    order = state.orders.get(order_uuid)
    if order is None:
        raise Refusal.not_found()
    return order


def _positive(amount_in_cents: int) -> int:
    if amount_in_cents <= 0:
        raise Refusal(422, "invalid", "Amount must be greater than 0", "amount_in_cents")
    return amount_in_cents
