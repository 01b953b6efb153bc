"""The example shop is whole: checks, migrations, and its own cases in its own settings."""

from __future__ import annotations

import re
from pathlib import Path

from tests.example.running import manage


def test_the_system_checks_find_nothing(tmp_path: Path) -> None:
    found = manage(tmp_path, "check", "--fail-level", "INFO")
    assert found.returncode == 0, found.stderr
    assert "no issues" in found.stdout


def test_a_deployment_has_no_warning_about_payments(tmp_path: Path) -> None:
    found = manage(tmp_path, "check", "--deploy")
    assert "security.W" in found.stderr
    assert "(sezzle." not in found.stderr, found.stderr


def test_the_migrations_are_complete(tmp_path: Path) -> None:
    found = manage(tmp_path, "makemigrations", "--check", "--dry-run")
    assert found.returncode == 0, found.stdout


def test_the_cases_of_the_shop_pass(tmp_path: Path) -> None:
    found = manage(tmp_path, "test", "tests.example.cases", "--verbosity", "1")
    assert found.returncode == 0, found.stderr
    ran = re.search(r"Ran (\d+) tests", found.stderr)
    assert ran is not None
    assert int(ran[1]) >= 16


def test_sezzles_own_widget_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    cases = ("test", "tests.example.widget_cases")
    found = manage(tmp_path, *cases, WIDGET_MERCHANT_UUID="a1-b2")
    assert found.returncode == 0, found.stderr
    assert "Ran 2 tests" in found.stderr


def test_the_staff_have_what_their_roles_need_and_no_more(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    assert manage(tmp_path, "demo_staff", "--password", "a-word").returncode == 0
    again = manage(tmp_path, "demo_staff", "--password", "another-word")
    assert again.stdout.count("another-word") == 4

    script = (
        "from django.contrib.auth.models import User\n"
        "for user in User.objects.order_by('username'):\n"
        "    moves = sorted(p.split('.')[1].split('_')[0] for p in user.get_all_permissions()\n"
        "                   if p.endswith('_sezzlepayment') and 'view' not in p)\n"
        "    print(user.username, user.is_superuser, *moves)\n"
    )
    shown = manage(tmp_path, "shell", "--command", script).stdout

    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if " " in line}
    assert lines["viewer"] == ["False"]
    assert lines["cashier"] == ["False", "capture", "release", "sell"]
    assert lines["manager"][:1] == ["False"]
    assert {"capture", "refund", "release", "reauthorize"} <= set(lines["manager"])
    assert lines["admin"][0] == "True"
