"""
Sezzle's operations, one method each.

URLs are built from the configured gateway and checked ids, never from links in answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django_sezzle.conf import Settings
from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayUnavailable,
    InvalidInput,
    OutcomeUnknown,
)
from django_sezzle.gateway.deadline import deadline
from django_sezzle.gateway.messages import (
    Approval,
    EventType,
    Intent,
    Malformed,
    Order,
    PayoutDetails,
    PayoutLine,
    PayoutSummary,
    Price,
    Reading,
    ReportedOrder,
    Session,
    SessionRequest,
    Subscription,
    TokenSession,
    parsing,
    settlements,
)
from django_sezzle.gateway.tokens import Token, tokens
from django_sezzle.gateway.transport import Answer, Call, exchange, forget_frames

T = TypeVar("T")

#: A payout has a line of some 200 characters for each movement of money and each fee.
MAX_REPORT_BYTES = 2**25


def _nothing() -> None:
    """Stand in for a guard that has nothing to guard."""


class Gateway:
    """
    Sezzle's gateway for one merchant account.

    :param seconds: how long one call may take in all, getting a token included; the account's
        ``DEADLINE`` when left out.
    :param guard: called before anything is sent; raises when this is no moment to send.

    Every method raises :class:`~django_sezzle.exceptions.GatewayRejected` when Sezzle refuses.
    Money calls raise :class:`~django_sezzle.exceptions.OutcomeUnknown` when no clear answer
    came, and :class:`~django_sezzle.exceptions.GatewayUnavailable` when the request never left;
    all other calls raise ``GatewayUnavailable`` for both.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seconds: float | None = None,
        guard: Callable[[], None] = _nothing,
    ) -> None:
        self.settings = settings
        self.seconds = settings.deadline if seconds is None else min(seconds, settings.deadline)
        self._guard = guard

    def __repr__(self) -> str:
        return f"<Gateway {self.settings.account} {self.settings.gateway_url}>"

    # Authentication

    def authenticate(self) -> Token:
        """
        Make sure there is a token; asks Sezzle only when this process has none that lasts.

        POST /v2/authentication
        https://docs.sezzle.com/docs/api/core/authentication/postauthentication
        """
        return tokens.get(self.settings, self._new_token)

    def _new_token(self) -> Token:
        self._guard()
        # No local variable holds the keys: error reports show local variables.
        call = Call(
            method="POST",
            path="/v2/authentication",
            token=None,
            body={
                "public_key": self.settings.public_key,
                "private_key": self.settings.private_key,
            },
        )
        with deadline(self.seconds):
            answer = exchange(call, self.settings)
        try:
            return Token.from_json(answer.json, now=datetime.now(UTC), made_at=answer.made_at)
        except GatewayUnavailable as error:
            forget_frames(error)
            raise

    # Sessions

    def create_session(self, request: SessionRequest) -> Session:
        """
        Start a checkout. Not idempotent at Sezzle: a repeat makes a second session.

        POST /v2/session
        https://docs.sezzle.com/docs/api/core/sessions/postv2session
        """
        return self._read(Session.from_json, self._send("POST", "/v2/session", request.to_json()))

    def get_session(self, session_uuid: str) -> Session:
        """
        Read a session.

        GET /v2/session/{session_uuid}
        https://docs.sezzle.com/docs/api/core/sessions/getv2session
        """
        return self._read(Session.from_json, self._send("GET", f"/v2/session/{_id(session_uuid)}"))

    def get_token_session(self, session: Session) -> TokenSession:
        """
        Read whether the shopper of a session agreed to be charged again, and as which customer.

        GET /v2/token/{token}/session
        https://docs.sezzle.com, page getv2sessiontoken
        """
        if not parsing.IDENTIFIER.fullmatch(session.token):
            raise GatewayUnavailable("Sezzle's session holds no usable token. Nothing was asked.")
        answer = self._send("GET", "/v2/token/{secret}/session", token_of=session)
        return self._read(TokenSession.from_json, answer)

    # Orders

    def get_order(self, order_uuid: str) -> Order:
        """
        Read an order: the truth about its money.

        GET /v2/order/{order_uuid}
        https://docs.sezzle.com/docs/api/core/orders/getv2order
        """
        order = self._read(Order.from_json, self._send("GET", f"/v2/order/{_id(order_uuid)}"))
        if order.uuid != order_uuid:
            raise GatewayUnavailable(
                "Sezzle answered with another order than the one asked for. Nothing of it was used."
            )
        return order

    def set_reference(self, order_uuid: str, reference_id: str) -> None:
        """
        Write the shop's reference into the order.

        PATCH /v2/order/{order_uuid}
        https://docs.sezzle.com/docs/api/core/orders/patchv2checkout
        """
        self._send("PATCH", f"/v2/order/{_id(order_uuid)}", {"reference_id": reference_id})

    def delete_checkout(self, order_uuid: str) -> None:
        """
        Kill a checkout that the shopper has not completed.

        DELETE /v2/order/{order_uuid}/checkout
        https://docs.sezzle.com/docs/api/core/orders/deletev2deletecheckoutbyorder
        """
        self._send("DELETE", f"/v2/order/{_id(order_uuid)}/checkout")

    def capture(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Take held money, wholly or in part. Returns Sezzle's id of the capture.

        POST /v2/order/{order_uuid}/capture
        https://docs.sezzle.com/docs/api/core/orders/postv2capturebyorder
        """
        return self._move(order_uuid, "capture", {"capture_amount": amount.to_json()}, request_id)

    def refund(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Give captured money back, wholly or in part. Returns Sezzle's id of the refund.

        POST /v2/order/{order_uuid}/refund
        https://docs.sezzle.com/docs/api/core/orders/postv2refundbyorder
        """
        return self._move(order_uuid, "refund", amount.to_json(), request_id)

    def release(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Let held money go, wholly or in part. Returns Sezzle's id of the release.

        POST /v2/order/{order_uuid}/release
        https://docs.sezzle.com/docs/api/core/orders/postv2releasebyorder
        """
        return self._move(order_uuid, "release", amount.to_json(), request_id)

    def reauthorize(self, order_uuid: str, amount: Price, *, request_id: str) -> Approval:
        """
        Ask for a new order in place of one whose authorization ran out. 200 is not yet a yes.

        POST /v2/order/{order_uuid}/reauthorize
        https://docs.sezzle.com/docs/api/core/orders/postv2reauthorizebyorder
        """
        path = f"/v2/order/{_id(order_uuid)}/reauthorize"
        answer = self._send("POST", path, amount.to_json(), request_id=request_id, moves_money=True)
        return self._read_money(Approval.from_json, answer)

    def upcharge(self, order_uuid: str, amount: Price, *, intent: Intent, request_id: str) -> str:
        """
        Charge extra by a new order, at most 15 % of the first. Returns the new order's uuid.

        POST /v2/order/{order_uuid}/upcharge
        https://docs.sezzle.com/docs/api/core/orders/postv2upchargebyorder
        """
        body = {"intent": intent.value, "upcharge_amount": amount.to_json()}
        return self._move(order_uuid, "upcharge", body, request_id)

    # Webhooks

    def create_webhook(self, url: str, events: Iterable[str] = tuple(EventType)) -> str:
        """
        Subscribe a URL to events. Returns the subscription's uuid.

        POST /v2/webhooks
        https://docs.sezzle.com/docs/api/core/webhooks/postv2webhooks
        """
        body = {"url": url, "events": [str(event) for event in events]}
        return self._read(_uuid, self._send("POST", "/v2/webhooks", body))

    def list_webhooks(self) -> list[Subscription]:
        """
        List the merchant's subscriptions.

        GET /v2/webhooks
        https://docs.sezzle.com/docs/api/core/webhooks/getv2webhooks
        """

        def read(value: object) -> list[Subscription]:
            entries = [] if value is None else parsing.as_list(value, "webhooks")
            return [Subscription.from_json(entry) for entry in entries]

        return self._read(read, self._send("GET", "/v2/webhooks"))

    def get_webhook(self, webhook_uuid: str) -> Subscription:
        """
        Read one subscription.

        GET /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/getv2webhooksbyid
        """
        answer = self._send("GET", f"/v2/webhooks/{_id(webhook_uuid)}")
        return self._read(Subscription.from_json, answer)

    def update_webhook(self, webhook_uuid: str, url: str, events: Iterable[str]) -> None:
        """
        Replace a subscription's URL and its whole list of events.

        PATCH /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/patchv2webhooks
        """
        body = {"url": url, "events": [str(event) for event in events]}
        self._send("PATCH", f"/v2/webhooks/{_id(webhook_uuid)}", body)

    def delete_webhook(self, webhook_uuid: str) -> None:
        """
        End a subscription.

        DELETE /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/deletev2webhooks
        """
        self._send("DELETE", f"/v2/webhooks/{_id(webhook_uuid)}")

    def test_webhook(self, url: str, event: str = EventType.ORDER_AUTHORIZED) -> None:
        """
        Have a sample event delivered to a URL.

        POST /v2/webhooks/test
        https://docs.sezzle.com/docs/api/core/webhooks/postv2webhookstest
        """
        self._send("POST", "/v2/webhooks/test", {"event": str(event), "url": url})

    # Settlements

    def list_payouts(
        self, first: date, last: date, currency: str, *, offset: int = 0
    ) -> list[PayoutSummary]:
        """
        Read one page of payouts made from one day to another, both included.

        :param offset: how many to leave out. The size of a page is told in two ways (20 and 30):
            ask until a page is empty.
        :raises GatewayUnavailable: also when an amount is not what ``SETTLEMENT_AMOUNTS`` says.

        GET /v2/settlements/summaries
        https://docs.sezzle.com, page getv2settlementssummaries
        """
        answer = self._report(
            "/v2/settlements/summaries",
            {
                "start-date": first.isoformat(),
                "end-date": last.isoformat(),
                "offset": str(offset),
                "currency-code": currency,
            },
        )
        reading = Reading(self.settings.settlement_amounts)

        def read(body: bytes) -> list[PayoutSummary]:
            found = parsing.as_list(settlements.json_of(body), "payouts")
            return [PayoutSummary.from_json(entry, reading) for entry in found]

        return self._read_report(read, answer)

    def get_payout(self, payout_uuid: str) -> PayoutDetails:
        """
        Read the file of one payout; its lines come out of :meth:`lines_of`.

        GET /v2/settlements/details/{payout_uuid}
        https://docs.sezzle.com, page getv2settlementsdetails
        """
        path = f"/v2/settlements/details/{_id(payout_uuid)}"
        answer = self._report(path, {}, accept="text/csv")
        return self._read_report(PayoutDetails.from_csv, answer)

    def lines_of(self, details: PayoutDetails) -> Iterator[PayoutLine]:
        """
        Give a payout's lines one by one; nothing is asked.

        :raises GatewayUnavailable: a line cannot be read.
        """
        try:
            yield from details.lines()
        except Malformed as error:
            raise _unreadable(error) from error

    def get_orders_report(self, first: date, last: date) -> list[ReportedOrder]:
        """
        Read Sezzle's report of the orders of at most seven days; only some merchants have it.

        GET /v2/orders/report
        https://docs.sezzle.com, page getv2ordersreport
        """
        query = {"start-date": first.isoformat(), "end-date": last.isoformat()}

        def read(body: bytes) -> list[ReportedOrder]:
            found = parsing.as_list(settlements.json_of(body), "report")
            return [ReportedOrder.from_json(entry) for entry in found]

        return self._read_report(read, self._report("/v2/orders/report", query))

    def get_interest_balance(self, currency: str) -> Decimal:
        """
        Read what is on the merchant's interest account: dollars, with fractions of a cent.

        GET /v2/interest/balance
        https://docs.sezzle.com, page getv2interestbalance
        """
        answer = self._report("/v2/interest/balance", {"currency-code": currency})
        return self._read_report(
            lambda body: settlements.interest_balance(settlements.json_of(body)), answer
        )

    # How it is done

    def _report(
        self, path: str, query: Mapping[str, str], *, accept: str = "application/json"
    ) -> Answer:
        call = Call(
            method="GET",
            path=path,
            token=None,
            query=query,
            accept=accept,
            longest=MAX_REPORT_BYTES,
        )
        return self._exchange(call)

    def _read_report(self, read: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return read(answer.body)
        except Malformed as error:
            raise _unreadable(error, answer.status) from error

    def _move(self, order_uuid: str, action: str, body: Mapping[str, Any], request_id: str) -> str:
        path = f"/v2/order/{_id(order_uuid)}/{action}"
        answer = self._send("POST", path, body, request_id=request_id, moves_money=True)
        return self._read_money(_uuid, answer)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        request_id: str | None = None,
        moves_money: bool = False,
        token_of: Session | None = None,
    ) -> Answer:
        """
        Send once; a refused token is replaced and the same request sent once more.

        :param token_of: whose token belongs into the path; no variable holds it by itself.
        """
        call = Call(
            method=method,
            path=path,
            token=None,
            body=body,
            request_id=request_id,
            moves_money=moves_money,
            secret="" if token_of is None else token_of.token,
        )
        # Error reports show local variables, and this one may hold the shopper's address.
        del body
        return self._exchange(call)

    def _exchange(self, call: Call) -> Answer:
        """Send once; a refused token is replaced and the same request sent once more."""
        self._guard()
        with deadline(self.seconds):
            token = self.authenticate()
            try:
                return exchange(replace(call, token=token.value), self.settings)
            except AuthenticationFailed:
                # 401: it was not executed, so repeating is safe, even for money.
                tokens.drop(self.settings, token)
                token = self.authenticate()
                return exchange(replace(call, token=token.value), self.settings)

    def _read(self, read: Callable[[object], T], answer: Answer) -> T:
        try:
            return read(answer.json)
        except Malformed as error:
            raise _unreadable(error, answer.status) from error

    def _read_money(self, read: Callable[[object], T], answer: Answer) -> T:
        try:
            return read(answer.json)
        except Malformed as error:
            forget_frames(error)
            raise OutcomeUnknown(
                f"Sezzle said yes, but its answer could not be read ({error}). "
                "It is being checked. Do not repeat.",
                status=answer.status,
            ) from error


def _unreadable(error: Malformed, status: int | None = None) -> GatewayUnavailable:
    # Its frames hold the whole answer, the shopper's data included.
    forget_frames(error)
    return GatewayUnavailable(
        f"Sezzle's answer could not be read ({error}). Nothing of it was used.", status=status
    )


def _id(value: str) -> str:
    """
    Let an id into a URL.

    :raises InvalidInput: it has characters that no id of Sezzle's has.
    """
    if not parsing.IDENTIFIER.fullmatch(value):
        raise InvalidInput("That is not an id of Sezzle's. Nothing was sent.")
    return value


def _uuid(value: object) -> str:
    return parsing.identifier(parsing.as_object(value, "answer").get("uuid"), "answer.uuid")


def known_merchant(settings: Settings) -> str | None:
    """Tell which merchant these keys belong to, if this process has asked Sezzle before."""
    return tokens.merchant_uuid(settings)
