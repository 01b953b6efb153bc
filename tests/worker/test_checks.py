"""What ``manage.py check`` says about a worker that cannot be, and about one that is none."""

from __future__ import annotations

import sys
from importlib import reload
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings
from django.utils.module_loading import import_string

from django_sezzle import checks, tasks, worker
from tests.worker.conftest import DUMMY, IMMEDIATE

Backend: Any = import_string(f"{checks.FRAMEWORK}.backends.base.BaseTaskBackend")
Dummy: Any = import_string(DUMMY)


class Queueing(Backend):
    """A backend whose tasks are worked on elsewhere."""

    def enqueue(self, *args: Any, **kwargs: Any) -> None:
        """Take nothing."""
        raise NotImplementedError


class OwnDummy(Dummy):
    """A backend that a shop made of the one for tests."""


QUEUEING, OWN_DUMMY = f"{__name__}.Queueing", f"{__name__}.OwnDummy"


@pytest.fixture(autouse=True)
def in_task_mode(settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"WEBHOOKS": "task"}
    settings.TASKS = {"default": {"BACKEND": QUEUEING}}


def found(*, deploy: bool = False) -> list[CheckMessage]:
    """Give our messages about the worker."""
    ids = ("sezzle.E021", "sezzle.E022", "sezzle.W007")
    given = run_checks(tags=["sezzle"], include_deployment_checks=deploy)
    return [message for message in given if message.id in ids]


def test_a_backend_with_a_worker_passes() -> None:
    assert found(deploy=True) == []


def test_a_framework_that_is_not_installed_is_an_error(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(checks, "FRAMEWORK", "no_such_framework")
    for deploy in (False, True):
        (error,) = found(deploy=deploy)
        assert error.id == "sezzle.E021"
        assert "no_such_framework cannot be imported" in error.msg
        assert "django-sezzle[tasks]" in str(error.hint)
    settings.SEZZLE = settings.SEZZLE | {"WEBHOOKS": "inline"}
    assert found(deploy=True) == []


@pytest.mark.parametrize(
    ("setting", "backends"),
    [
        ({}, {"another": {"BACKEND": QUEUEING}}),
        ({"TASK_BACKEND": "another"}, {"default": {"BACKEND": QUEUEING}}),
        ({"TASK_QUEUE": "payments"}, {"default": {"BACKEND": QUEUEING}}),
        ({}, {"default": {"BACKEND": QUEUEING, "QUEUES": ["mail"]}}),
        (
            {"ACCOUNTS": {"canada": {"TASK_QUEUE": "payments"}}},
            {"default": {"BACKEND": QUEUEING}},
        ),
    ],
)
def test_a_backend_or_queue_that_is_not_there_is_an_error(
    setting: dict[str, Any], backends: dict[str, Any], settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | setting
    settings.TASKS = backends
    for deploy in (False, True):
        (error,) = found(deploy=deploy)
        assert error.id == "sezzle.E022"
        assert "TASK_QUEUE" in str(error.hint)


@pytest.mark.parametrize(
    ("setting", "backend"),
    [
        ({"TASK_BACKEND": "another"}, {"another": {"BACKEND": QUEUEING}}),
        ({"TASK_QUEUE": "payments"}, {"default": {"BACKEND": QUEUEING, "QUEUES": ["payments"]}}),
        ({"TASK_QUEUE": "payments"}, {"default": {"BACKEND": QUEUEING, "QUEUES": []}}),
    ],
)
def test_a_backend_and_a_queue_may_be_chosen(
    setting: dict[str, Any], backend: dict[str, Any], settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | setting
    settings.TASKS = settings.TASKS | backend
    assert found(deploy=True) == []


@pytest.mark.parametrize(
    ("setting", "backends"),
    [
        ({"WEBHOOKS": "task", "TASK_BACKEND": "another"}, ["another"]),
        (
            {
                "WEBHOOKS": "inline",
                "ACCOUNTS": {"canada": {"WEBHOOKS": "task", "TASK_BACKEND": "another"}},
            },
            ["another"],
        ),
        ({"WEBHOOKS": "inline"}, ["default", "another"]),
    ],
)
def test_the_task_can_be_defined_where_there_is_no_default_backend(
    setting: dict[str, Any], backends: list[str]
) -> None:
    """It is, when a process first needs it; here that is said by importing it once more."""
    given = settings.SEZZLE | setting
    try:
        with override_settings(
            SEZZLE=given, TASKS={name: {"BACKEND": QUEUEING} for name in backends}
        ):
            reload(worker)
            assert found() == []
    finally:
        with override_settings(TASKS={"default": {"BACKEND": QUEUEING}}):
            reload(worker)


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        (IMMEDIATE, "while Sezzle waits"),
        (DUMMY, "processes nothing"),
        (OWN_DUMMY, "processes nothing"),
    ],
)
def test_a_backend_without_a_worker_is_warned_of_before_it_deploys(
    backend: str, says: str, settings: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": backend}}
    assert found() == []
    (warning,) = found(deploy=True)
    assert warning.id == "sezzle.W007"
    assert says in str(warning.hint)


def test_a_queue_that_looks_for_tasks_in_every_app_finds_ours() -> None:
    assert reload(tasks).process_event is worker.process_event


@pytest.mark.parametrize("setting", [{"WEBHOOKS": "inline"}, {"PRIVATE_KEY": ""}])
def test_it_finds_nothing_where_there_is_no_worker(
    setting: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery imports every app's tasks, also where the framework is not installed."""
    monkeypatch.delattr(tasks, "process_event", raising=False)
    monkeypatch.delattr("django_sezzle.worker")
    monkeypatch.setitem(sys.modules, "django_sezzle.worker", None)
    with override_settings(SEZZLE=settings.SEZZLE | setting):
        assert not hasattr(reload(tasks), "process_event")
