"""Saving: a stale row is never written back whole; and what a row shows of itself."""

from __future__ import annotations

import pytest
from django.db.models import UniqueConstraint

from django_sezzle.models import SezzlePayment
from tests.fixtures import payments_connection
from tests.models.test_constraints import operation, payment

pytestmark = pytest.mark.django_db


@pytest.mark.fault(54)
def test_a_whole_row_is_not_written_back() -> None:
    row = payment()
    stale = SezzlePayment.objects.get()
    SezzlePayment.objects.update(review_reason="late_authorization")
    stale.cancel_url = "/new/"
    with pytest.raises(ValueError, match="update_fields"):
        stale.save()
    stale.save(update_fields=["cancel_url"])
    row.refresh_from_db()
    assert (row.cancel_url, row.review_reason) == ("/new/", "late_authorization")


@pytest.mark.fault(54)
def test_an_instance_that_was_just_made_is_not_saved_again_whole() -> None:
    row = payment()
    with pytest.raises(ValueError, match="update_fields"):
        row.save()


def test_other_ways_to_save_name_their_columns() -> None:
    row = payment()
    SezzlePayment.objects.update_or_create(pk=row.pk, defaults={"cancel_url": "/new/"})
    row.refresh_from_db()
    assert row.cancel_url == "/new/"


@pytest.mark.fault(69)
def test_tokens_are_long_and_different() -> None:
    tokens = {payment().token for _ in range(20)}
    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 43


def test_the_current_payment_is_found_by_the_exact_reference() -> None:
    row = payment(shop_reference="Order-a", is_current=True)
    payment(shop_reference="Order-b")
    assert SezzlePayment.objects.current_for("Order-a") == row
    assert SezzlePayment.objects.current_for("ORDER-A") is None
    assert SezzlePayment.objects.current_for("Order-b") is None
    assert SezzlePayment.objects.current_for("Order-a", "canada") is None


def test_at_most_one_operation_is_open() -> None:
    row = payment()
    assert row.open_operation() is None
    operation(row, state="failed", is_open=None)
    pending = operation(row, state="unknown")
    assert row.open_operation() == pending
    assert pending.payment_id == row.pk


def test_text_shows_ids_and_amounts_only() -> None:
    row = payment(reference_id="1001-2")
    assert str(row) == "1001-2"
    assert str(operation(row)) == "capture $1.00 USD"


@pytest.mark.fault(59)
def test_constraints_need_no_partial_index() -> None:
    # MySQL has none, and Django would leave such a constraint out there with a mere warning.
    for model in SezzlePayment._meta.apps.get_app_config("django_sezzle").get_models():
        unique = [c for c in model._meta.constraints if isinstance(c, UniqueConstraint)]
        assert all(constraint.condition is None for constraint in unique)
    assert payments_connection().features.supports_table_check_constraints
