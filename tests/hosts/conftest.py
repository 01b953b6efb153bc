"""These tests are about one host; anywhere else there is nothing of them to run."""

from django.conf import settings

from tests.admin.conftest import emulator, make_payment, manager
from tests.webhooks.conftest import post

__all__ = ["emulator", "make_payment", "manager", "post"]

collect_ignore_glob = [] if settings.ROOT_URLCONF == "tests.hosts.urls" else ["test_*.py"]
