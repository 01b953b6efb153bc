"""Whether Sezzle still sends webhooks to the shop."""

from __future__ import annotations

from collections.abc import Iterator

from django_sezzle.conf import account_names
from django_sezzle.exceptions import ConfigurationError, GatewayError
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.subscription import find_drift


def check(run: Run) -> Iterator[Done | Finding]:
    """Compare each account's subscription with what is needed; it is deleted when it fails."""
    for account in account_names():
        try:
            drift = find_drift(account)
        except (GatewayError, ConfigurationError) as error:
            run.reach.failed(account, error)
            continue
        yield Done(Task.SUBSCRIPTION)
        if drift:
            yield Finding(
                Code.SUBSCRIPTION,
                f"Account {account}: {drift}",
                needs_human=True,
                account=account,
            )
