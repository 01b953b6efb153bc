"""Hostile tools: threads let go together, a wire to tamper with, books to compare."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connections
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_sezzle.emulator import Emulator, Request, Response, routes
from django_sezzle.emulator.outcome import Outcome
from django_sezzle.exceptions import SezzleError
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment, SezzleTransaction
from django_sezzle.signals import BY_FACT
from tests.fixtures import payments_connection

KINDS = ("capture", "refund", "release")
Edit = Callable[[Response], Response]


class Wire:
    """Stands between the shop and the emulator, to act at a moment and to falsify answers."""

    def __init__(self, emulator: Emulator) -> None:
        self._exchange = emulator.exchange
        self._before: dict[str, list[Callable[[], object]]] = {}
        self._after: dict[str, list[Callable[[], object]]] = {}
        self._edits: dict[str, list[Edit]] = {}
        emulator.exchange = self.exchange  # type: ignore[method-assign]

    def before(self, operation: str, act: Callable[[], object]) -> None:
        """Act once, just before the next call of an operation arrives."""
        self._before.setdefault(operation, []).append(act)

    def after(self, operation: str, act: Callable[[], object]) -> None:
        """Act once, when the next call of an operation was executed and not yet answered."""
        self._after.setdefault(operation, []).append(act)

    def falsify(self, operation: str, edit: Edit, *, times: int = 1) -> None:
        """Replace the answers to the next calls of an operation."""
        self._edits.setdefault(operation, []).extend([edit] * times)

    def exchange(self, request: Request) -> Outcome:
        """Do what the emulator does, with what was asked for around it."""
        operation = routes.find(request.method, request.path)[0].operation
        for act in self._before.pop(operation, []):
            act()
        outcome = self._exchange(request)
        for act in self._after.pop(operation, []):
            act()
        edits = self._edits.get(operation)
        if edits and outcome.response is not None:
            return replace(outcome, response=edits.pop(0)(outcome.response))
        return outcome


def says(status: int, body: bytes | str, content_type: str = "application/json") -> Edit:
    """Answer this instead."""
    raw = body.encode() if isinstance(body, str) else body
    return lambda _response: Response(status, {"Content-Type": content_type}, raw)


def with_members(**members: Any) -> Edit:
    """Answer the same JSON object with other members at its top; None takes one away."""

    def edit(response: Response) -> Response:
        document = {**response.json(), **members}
        kept = {name: value for name, value in document.items() if value is not None}
        return Response(response.status, dict(response.headers), json.dumps(kept).encode())

    return edit


def with_authorization(**members: Any) -> Edit:
    """Answer the same order with other members of its authorization; None takes one away."""

    def edit(response: Response) -> Response:
        document = response.json()
        changed = {**document.get("authorization", {}), **members}
        document["authorization"] = {k: v for k, v in changed.items() if v is not None}
        return Response(response.status, dict(response.headers), json.dumps(document).encode())

    return edit


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Run work in so many threads at once; give what each returned, or its Sezzle error."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            results[number] = work(number)
        except SezzleError as error:
            results[number] = error
        except BaseException as error:  # noqa: BLE001 - a thread's error would be lost
            results[number] = AssertionError(f"thread {number}: {error!r}")
            results[number].__cause__ = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    for result in results:
        if isinstance(result, AssertionError):
            raise result
    return results


@contextmanager
def listening(receiver: Callable[..., None], *names: Signal) -> Iterator[None]:
    """Let the shop listen with this receiver, to these signals or to all."""
    for signal in names or BY_FACT.values():
        signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        for signal in names or BY_FACT.values():
            signal.disconnect(receiver)


def let_lease_end(operation: SezzleOperation | None = None) -> None:
    """Let the quiet period of every open operation be over, as if its sender had died."""
    rows = SezzleOperation.objects.filter(is_open=True)
    if operation is not None:
        rows = rows.filter(pk=operation.pk)
    rows.update(lease_until=timezone.now() - timedelta(seconds=1))


def grow_stale(payment: SezzlePayment, by: timedelta = timedelta(minutes=2)) -> None:
    """Let the last reading be so old that it must be read again before money is moved."""
    SezzlePayment.objects.filter(pk=payment.pk).update(last_read_at=timezone.now() - by)


def again(payment: SezzlePayment) -> SezzlePayment:
    """Read the row anew, as another process would."""
    return SezzlePayment.objects.get(pk=payment.pk)


def moved(emulator: Emulator, payment: SezzlePayment) -> list[tuple[str, int]]:
    """List what Sezzle really booked for this payment's order: kind and cents."""
    return [
        (done.kind, done.amount_in_cents)
        for done in emulator.executions
        if done.order_uuid == payment.order_uuid and done.kind in KINDS
    ]


def called(emulator: Emulator) -> list[str]:
    """Name the calls that arrived, the token's left out."""
    return [c.operation for c in emulator.calls if c.operation != "authentication"]


def check_books(emulator: Emulator, payment: SezzlePayment) -> SezzlePayment:
    """Assert that our ledger, our totals and Sezzle's books say the same."""
    row = again(payment)
    own_money = row.transactions.filter(kind__in=KINDS)
    ours = sorted(own_money.values_list("kind", "uuid", "amount_in_cents"))
    theirs = sorted(
        (done.kind, done.uuid, done.amount_in_cents)
        for done in emulator.executions
        if done.order_uuid == payment.order_uuid and done.kind in KINDS
    )
    assert ours == theirs
    totals = {kind: sum(cents for each, _uuid, cents in theirs if each == kind) for kind in KINDS}
    assert (row.captured_in_cents, row.refunded_in_cents, row.released_in_cents) == (
        totals["capture"],
        totals["refund"],
        totals["release"],
    )
    done = SezzleOperation.objects.filter(payment=row, state="succeeded")
    for operation in done.exclude(kind__in=[Operation.REAUTHORIZE, Operation.CHARGE]):
        proof = SezzleTransaction.objects.get(operation=operation)
        assert (proof.kind, proof.uuid) == (operation.kind, operation.tx_uuid)
        assert proof.amount_in_cents == operation.amount_in_cents
    return row


class Statements(CaptureQueriesContext):
    """Counts the statements of this thread, those that only frame transactions left out."""

    def __init__(self) -> None:
        super().__init__(payments_connection())

    @property
    def texts(self) -> list[str]:
        """The statements themselves."""
        frames = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")
        return [
            query["sql"]
            for query in self.captured_queries
            if not query["sql"].upper().startswith(frames)
        ]
