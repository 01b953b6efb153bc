"""
The shop's web process: it takes deliveries and enqueues, and knows what is in its queues.

Run as ``python -m tests.worker.processes.shop``. It reads one command a line, as JSON, and answers
with one line for each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django

import django_sezzle


def prepare() -> str:
    """Make the tables of the queue that is in the database; tell which package is tested."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", "django_tasks_database", verbosity=0)
    return str(django_sezzle.__file__)


def configure(gateway_url: str, backend: str) -> None:
    """Be the shop of the next test: its gateway, and what it enqueues to."""
    from django.conf import settings  # noqa: PLC0415

    chosen = {"GATEWAY_URL": gateway_url, "TASK_BACKEND": backend}
    settings.SEZZLE = settings.SEZZLE | chosen


def deliver(url: str, body: str, signature: str) -> tuple[int, list[str]]:
    """
    Take one of Sezzle's deliveries, as a web server does.

    :returns: the answer's status, and the first words of the statements that were made.
    """
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as made:
        answer = Client().post(
            url,
            body.encode(),
            content_type="application/json",
            headers={"Sezzle-Signature": signature},
        )
    return answer.status_code, [each["sql"].split()[0] for each in made]


def redis_answers() -> bool:
    """Tell whether there is a broker."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        return bool(_redis_queue().connection.ping())
    except RedisError:
        return False


def lose() -> int:
    """Forget every task of this run, as a broker without a disk does; give how many there were."""
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    from django_sezzle.conf import get_settings  # noqa: PLC0415

    lost, _ = DBTaskResult.objects.all().delete()
    if get_settings().task_backend == "redis":
        queue = _redis_queue()
        lost += len(queue)
        queue.delete(delete_jobs=True)
    return lost


def clean() -> None:
    """Take away what this run left in Redis, and nothing else of it."""
    from rq import Worker  # noqa: PLC0415
    from rq.exceptions import NoSuchJobError  # noqa: PLC0415
    from rq.job import Job  # noqa: PLC0415

    queue = _redis_queue()
    # Workers that were killed could not say goodbye.
    for worker in Worker.all(queue=queue):
        worker.register_death()
    registries = (
        queue.started_job_registry,
        queue.finished_job_registry,
        queue.failed_job_registry,
    )
    for registry in registries:
        for job_id in registry.get_job_ids(cleanup=False):
            with suppress(NoSuchJobError):
                Job.fetch(job_id.partition(":")[0], connection=queue.connection).delete()
        queue.connection.delete(registry.key)
    queue.delete(delete_jobs=True)


def _redis_queue() -> Any:
    import django_rq  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    return django_rq.get_queue(settings.QUEUE)


COMMANDS: dict[str, Callable[..., Any]] = {
    command.__name__: command
    for command in (prepare, configure, deliver, redis_answers, lose, clean)
}


def main() -> None:
    """Do what each line says."""
    django.setup()
    for line in sys.stdin:
        command = json.loads(line)
        said = COMMANDS[command.pop("do")](**command)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
