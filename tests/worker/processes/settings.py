"""Settings of a shop with workers; the test that starts a process says the rest by variables."""

import os
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import DATABASE, INSTALLED_APPS, SEZZLE
from tests.worker.processes.running import queue_of

# The database that the test uses is there; it is not made for a run.
DATABASE["NAME"] = os.environ["SHOP_DATABASE"]
QUEUE = queue_of(DATABASE["NAME"])

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_tasks_db",
    "django_rq",
    "tests.worker.processes.apps.ShopConfig",
]
TASKS: dict[str, Any] = {
    "database": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": [QUEUE]},
    "redis": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": [QUEUE]},
}
RQ_QUEUES = {QUEUE: {"URL": os.environ["REDIS_URL"]}}
SEZZLE = SEZZLE | {
    "GATEWAY_URL": os.environ["SHOP_GATEWAY_URL"],
    "WEBHOOKS": "task",
    "TASK_BACKEND": os.environ["SHOP_BACKEND"],
    "TASK_QUEUE": QUEUE,
}
