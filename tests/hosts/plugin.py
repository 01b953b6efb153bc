"""What tests need to run in a host with several databases or without time zones."""

from __future__ import annotations

import pytest
import time_machine
from django.conf import settings

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    """Take moments without a zone for the host's own time, where it uses such."""
    if settings.configured and not settings.USE_TZ:
        time_machine.naive_mode = time_machine.NaiveMode.LOCAL


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let every test that uses the database use all that the host has."""
    if not settings.configured or len(settings.DATABASES) == 1:
        return
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark or DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            arguments = (mark.kwargs if mark else {}) | {"databases": "__all__"}
            item.add_marker(pytest.mark.django_db(**arguments), append=False)
