"""Sezzle's reports of what it settled: the other half of the client, for reading only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django_sezzle.gateway.calling import Caller, checked_id, unreadable
from django_sezzle.gateway.messages import (
    Malformed,
    PayoutDetails,
    PayoutLine,
    PayoutSummary,
    Reading,
    ReportedOrder,
    parsing,
    settlements,
)
from django_sezzle.gateway.transport import Answer, Call

T = TypeVar("T")

#: A payout has a line of some 200 characters for each movement of money and each fee.
MAX_REPORT_BYTES = 2**25


class Reports(Caller):
    """
    The reports of one merchant account: payouts, orders, the interest account.

    Parameters as for :class:`~django_sezzle.gateway.Gateway`. Nothing here moves money. Every
    method raises :class:`~django_sezzle.exceptions.GatewayRejected` when Sezzle refuses, and
    :class:`~django_sezzle.exceptions.GatewayUnavailable` when it cannot be read.
    """

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
        path = f"/v2/settlements/details/{checked_id(payout_uuid)}"
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
            raise unreadable(error) from error

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
            raise unreadable(error, answer.status) from error
