"""Shoppers who were asked whether the shop may charge them again, and whose answer is missing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import Q, QuerySet

from django_sezzle.conf import account_names
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.models import SezzlePayment
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.customers import compare_customers
from django_sezzle.services.telling import tell
from django_sezzle.services.tokenization import find_customer, unanswered

#: How long both calls for one payment may take.
SECONDS = 10.0


def ask(run: Run) -> Iterator[Done | Finding]:
    """Ask Sezzle who agreed, while its session's token lives: a shop may have no webhook."""

    def due(behind: Q) -> QuerySet[SezzlePayment]:
        return unanswered().filter(behind)

    return run.work(
        Task.CONSENT,
        run.page(due, "created_at", "pk"),
        partial(_ask, run),
        about=lambda payment: (payment.account, f"Order {payment.shop_reference}"),
    )


def _ask(run: Run, payment: SezzlePayment) -> Iterator[Done | Finding]:
    try:
        find_customer(payment, seconds=SECONDS)
    except (SezzleError, ConfigurationError) as error:
        run.reach.failed(payment.account, error, reference=payment.shop_reference)
    else:
        tell(payment)
        run.reach.succeeded(payment.account)
        yield Done(Task.CONSENT)


def compare(run: Run) -> Iterator[Finding]:
    """After a backup was restored: say which saved customers Sezzle and we do not share."""
    if not run.everything or run.dry_run:
        return
    for account in account_names():
        try:
            found = compare_customers(account)
        except (SezzleError, ConfigurationError) as error:
            run.reach.failed(account, error)
            continue
        if found.gone:
            yield _finding(
                account,
                f"{len(found.gone)} saved customers are no longer known to Sezzle. They were "
                "marked as removed and are not charged any more.",
            )
        if found.unknown:
            yield _finding(
                account,
                f"Sezzle knows {len(found.unknown)} saved customers that this shop has no record "
                "of. Whose they are cannot be told, so they are not charged. They agree anew at "
                "their next checkout, or another shop of the same merchant has them.",
            )


def _finding(account: str, what: str) -> Finding:
    return Finding(
        Code.CUSTOMERS_DIFFER, f"Account {account}: {what}", needs_human=False, account=account
    )
