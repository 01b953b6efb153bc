"""``sezzle_reconcile`` as an operator and a cron job see it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.fixtures import hosts_transaction
from tests.reconcile.conftest import MakePayment, command
from tests.reconcile.test_operations import lose_a_capture
from tests.reconcile.test_payments import grow_old
from tests.services.rigs import Statements, again, called, let_lease_end, moved, together

WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.mark.django_db
@pytest.mark.usefixtures("subscribed")
class TestAlone:
    """One run at a time."""

    def test_nothing_to_do(self) -> None:
        said = command()
        assert (said.code, said.err) == (0, "")
        assert said.out == "Done: 1 subscription checked.\nNo human is needed.\n"

    def test_exit_code_says_that_a_human_is_needed(self, authorized: MakePayment) -> None:
        authorized()
        SezzlePayment.objects.update(review_reason="late_authorization")
        said = command()
        assert said.code == 1
        assert said.out.startswith("LOOK  Order 1001: approved after the shop had canceled.")
        assert said.out.endswith("A human is needed for 1.\n")

    def test_json(self, emulator: Emulator, captured: MakePayment) -> None:
        payment = captured()
        emulator.dashboard_refund(str(payment.order_uuid), 2_500)
        grow_old(payment, by=timedelta(days=1))
        said = command("--json")
        found, summary = said.lines
        assert said.code == 0
        assert (found["code"], found["needs_human"]) == ("moved_elsewhere", False)
        assert found["shop_reference"] == "1001"
        assert summary == {
            "dry_run": False,
            "done": {
                "operation": 0,
                "event": 0,
                "order": 0,
                "payment": 1,
                "expiry": 0,
                "consent": 0,
                "announcement": 0,
                "subscription": 1,
            },
            "findings": 1,
            "need_human": 0,
        }

    def test_dry_run_changes_nothing_and_asks_nothing(
        self, emulator: Emulator, authorized: MakePayment, started: MakePayment
    ) -> None:
        payment = authorized()
        lose_a_capture(emulator, payment, "drop_before")
        let_lease_end()
        grow_old(payment, started("1002"))
        before = called(emulator)
        with Statements() as statements:
            said = command("--dry-run")
        assert "Waiting: 1 open operation, 2 payments, 1 subscription." in said.out
        assert called(emulator) == [*before, "webhook_list"]
        assert not [text for text in statements.texts if text.upper().startswith(WRITES)]
        assert moved(emulator, payment) == []

    def test_limit(self, emulator: Emulator, started: MakePayment) -> None:
        grow_old(*(started(str(number)) for number in range(3)))
        assert "2 payments read" in command("--limit", "2").out
        assert "1 payment read" in command("--limit", "2").out

    @pytest.mark.parametrize("value", ["0", "-1", "many", "²"])
    def test_a_limit_that_is_none_is_refused(self, value: str) -> None:
        with pytest.raises(CommandError, match="whole number from 1"):
            command(f"--limit={value}")

    def test_all_reads_what_is_settled(self, captured: MakePayment) -> None:
        payment = captured()
        long_ago = timezone.now() - timedelta(days=90)
        SezzlePayment.objects.update(updated_at=long_ago, last_read_at=long_ago)
        assert "payment" not in command().out
        assert "1 payment read" in command("--all").out
        read_at = again(payment).last_read_at
        assert read_at is not None
        assert read_at > long_ago

    def test_a_terminal_sees_how_far_it_is(self, started: MakePayment) -> None:
        grow_old(started())
        terminal = Terminal()
        said = command(err=terminal)
        assert "1 payment read" in said.err
        assert said.err.endswith("\r\033[K"), "nothing is left behind"
        assert "\033" not in said.out


class Terminal(StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_refuses(emulator: Emulator) -> None:
    with hosts_transaction(), pytest.raises(CommandError, match="database transaction"):
        command()


@pytest.mark.fault(98)
@pytest.mark.django_db(transaction=True)
def test_many_at_once_move_money_once(
    emulator: Emulator, authorized: MakePayment, subscribed: None
) -> None:
    emulator.profile.change(request_id="ignored", limits=False)
    payments = [authorized(str(number)) for number in range(4)]
    for payment in payments:
        lose_a_capture(emulator, payment, "drop_before")
    let_lease_end()
    grow_old(*payments)
    assert {said.code for said in together(6, lambda _number: command())} == {0}  # type: ignore[attr-defined]
    for payment in payments:
        assert moved(emulator, payment) == [("capture", 1_000)]
