"""``sezzle_webhooks``: the subscriptions are looked after without a dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.messages import EventType
from django_sezzle.models import SezzleWebhookEvent
from django_sezzle.services import subscription
from tests.services.rigs import called

pytestmark = pytest.mark.django_db

URL = f"https://shop.example{settings.WEBHOOK_PATH}"


def command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("sezzle_webhooks", *arguments, stdout=out, no_color=True)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def there(emulator: Emulator) -> list[tuple[str, int]]:
    return sorted((found.url, len(found.events)) for found in emulator.subscriptions)


def test_apply_creates_what_is_missing_and_is_safe_to_repeat(emulator: Emulator) -> None:
    assert command("check")[0] == 1
    assert command("apply") == (0, f"ok    default: {URL} created.\n")
    assert there(emulator) == [(URL, 9)]
    assert command("apply") == (0, f"ok    default: {URL} unchanged.\n")
    assert command("check") == (0, "ok    default: as it should be.\n")
    assert there(emulator) == [(URL, 9)]


def test_apply_adds_missing_events_and_keeps_others_subscriptions(emulator: Emulator) -> None:
    gateway = Gateway(get_settings())
    gateway.create_webhook(URL, [EventType.ORDER_AUTHORIZED])
    gateway.create_webhook("https://other.example/hook", [EventType.ORDER_REFUNDED])
    assert command("apply") == (0, f"ok    default: {URL} updated.\n")
    assert there(emulator) == [("https://other.example/hook", 1), (URL, 9)]


def test_apply_may_only_look(emulator: Emulator) -> None:
    assert command("apply", "--dry-run") == (0, f"ok    default: {URL} would be created.\n")
    assert called(emulator) == ["webhook_list"]


def test_two_deployments_at_once_make_one(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gateway(get_settings()).create_webhook(URL)
    outdated = _outdated_once(subscription.list_subscriptions)
    monkeypatch.setattr(subscription, "list_subscriptions", outdated)
    assert command("apply") == (0, f"ok    default: {URL} unchanged.\n")
    assert there(emulator) == [(URL, 9)]


def _outdated_once(real: Callable[[str], Any]) -> Callable[[str], Any]:
    """See nothing the first time, as who looked just before the other deployment wrote."""
    looked: list[str] = []

    def look(account: str) -> Any:
        looked.append(account)
        return [] if len(looked) == 1 else real(account)

    return look


def test_without_a_public_origin_nothing_is_made(emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"BASE_URL": None}
    code, said = command("apply")
    assert code == 1
    assert 'Set SEZZLE["BASE_URL"]' in said
    assert called(emulator) == []


def test_list_and_delete(emulator: Emulator) -> None:
    command("apply")
    code, said = command("list", "--json")
    (line,) = [json.loads(text) for text in said.splitlines()]
    assert (code, line["url"], len(line["events"])) == (0, URL, 9)
    assert command("delete", line["uuid"]) == (0, f"ok    default: {line['uuid']} deleted.\n")
    assert there(emulator) == []
    code, said = command("delete", line["uuid"])
    assert (code, said.startswith("WRONG default:")) == (1, True)


def test_delete_answers_programs_too(emulator: Emulator) -> None:
    command("apply")
    (found,) = emulator.subscriptions
    code, said = command("delete", found.uuid, "--json")
    assert (code, json.loads(said)) == (
        0,
        {
            "account": "default",
            "ok": True,
            "message": f"{found.uuid} deleted.",
            "uuid": found.uuid,
        },
    )
    code, said = command("delete", found.uuid, "--json")
    line = json.loads(said)
    assert (code, line["account"], line["ok"]) == (1, "default", False)
    assert there(emulator) == []


def test_each_account_has_its_own(emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": {}}}
    assert command("apply", "--account", "canada")[0] == 0
    assert there(emulator) == [(f"{URL}canada/", 9)]
    assert command("check")[0] == 1
    assert command("apply")[0] == 0
    assert command("check")[0] == 0
    with pytest.raises(CommandError, match="no account 'mexico'"):
        command("check", "--account", "mexico")


def test_a_sample_event_that_comes_in_is_said(emulator: Emulator) -> None:
    def deliver(_seconds: float) -> None:
        emulator.deliver_due(send=_through_the_host)

    assert subscription.round_trip(seconds=5, sleep=deliver)
    assert SezzleWebhookEvent.objects.count() == 1


def _through_the_host(url: str, headers: Mapping[str, str], body: bytes) -> int:
    header = {"Sezzle-Signature": headers["Sezzle-Signature"]}
    path = url.removeprefix("https://shop.example")
    content_type = headers["Content-Type"]
    return Client().post(path, body, content_type=content_type, headers=header).status_code


def test_a_sample_event_that_stays_away_is_said(emulator: Emulator) -> None:
    code, said = command("test", "--wait", "0")
    assert code == 1
    assert "No sample event came in within 0 s" in said
    assert "webhook=refused" in said


def test_a_gateway_that_does_not_answer_is_said(emulator: Emulator) -> None:
    emulator.faults.add("webhook_list", "drop_before", times=None)
    for action in ("check", "apply", "list"):
        code, said = command(action)
        assert (code, said.startswith("WRONG default: Sezzle")) == (1, True)
