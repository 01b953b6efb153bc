"""The README's lines, put into a project as Django makes it, take a payment."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docutils.core
import pytest
import requests
from django.core.management import load_command_class

import django_sezzle
from django_sezzle import conf, exceptions, services, signals

README = Path(__file__).resolve().parents[2] / "README.rst"

MODELS = """
from decimal import Decimal
from django.conf import settings
from django.db import models

class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    total = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal("49.99"))
    paid = models.BooleanField(default=False)

    def get_absolute_url(self):
        return f"/orders/{self.pk}/"
"""

# What a shopper does, told by a browser without eyes: buy, approve at Sezzle, come back.
JOURNEY = """
import json, os
from urllib.parse import urlsplit
import django
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
import requests
from shop.models import Order
from django_sezzle.models import SezzlePayment

emulator = os.environ["EMULATOR"]
user = get_user_model().objects.create_user("ada")
order = Order.objects.create(user=user)
browser = Client()
browser.force_login(user)
said = {"get": browser.get(f"/pay/{order.pk}/").status_code}
answer = browser.post(f"/pay/{order.pk}/")
said["post"] = answer.status_code
said["goes_to"] = answer["Location"]
payment = SezzlePayment.objects.current_for(str(order.pk))
order.refresh_from_db()
said["paid_before"] = order.paid
approve = f"{emulator}/emulator/orders/{payment.order_uuid}/approve"
requests.post(approve, timeout=10).raise_for_status()
came_back = browser.get(f"/sezzle/{payment.token}/complete/")
said["came_back_to"] = came_back["Location"]
order.refresh_from_db()
payment.refresh_from_db()
said["paid"] = order.paid
said["captured_in_cents"] = payment.captured_in_cents
print(json.dumps(said))
"""


def block(name: str) -> str:
    """Take the code between two comments of the README."""
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"^\.\. begin {name}\n(.*?)^\.\. end {name}$", text, re.M | re.S)
    assert found, f"README.rst has no block {name!r}"
    lines = found[1].splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("   "))
    return "\n".join(line[3:] for line in lines[start:]).strip() + "\n"


@pytest.fixture
def emulator() -> Iterator[str]:
    """The emulator as a process, as the README starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "django_sezzle.emulator", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                requests.get(f"{address}/dashboard/", timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def test_the_readme_takes_a_first_payment(tmp_path: Path, emulator: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    # The package that is under test, whether it is installed or lies in this checkout.
    here = str(Path(django_sezzle.__file__).parents[1])
    environment |= {"EMULATOR": emulator, "PYTHONPATH": here}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("-m", "django", "startproject", "mysite", ".")
    run("manage.py", "startapp", "shop")
    view, _, heard = block("shop").partition("\n@receiver")
    settings = block("settings").replace("http://127.0.0.1:8765", emulator)
    settings += 'INSTALLED_APPS += ["shop"]\nALLOWED_HOSTS = ["testserver"]\n'
    mysite, shop = tmp_path / "mysite", tmp_path / "shop"
    with (mysite / "settings.py").open("a") as file:
        file.write(settings)
    with (mysite / "urls.py").open("a") as file:
        file.write("from shop.views import PayWithSezzle\n" + block("urls"))
    (shop / "views.py").write_text(block("imports") + "from shop.models import Order\n" + view)
    (shop / "models.py").write_text(block("imports") + MODELS + "\n@receiver" + heard)
    (tmp_path / "journey.py").write_text(JOURNEY)

    run("manage.py", "check", "--fail-level", "WARNING")
    run("manage.py", "makemigrations", "shop", "--verbosity", "0")
    run("manage.py", "migrate", "--verbosity", "0")
    environment["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    said = json.loads(run("journey.py").splitlines()[-1])

    assert said.pop("goes_to").startswith(f"{emulator}/checkout/")
    assert said == {
        "get": 405,
        "post": 303,
        "paid_before": False,
        "came_back_to": "/orders/1/",
        "paid": True,
        "captured_in_cents": 4999,
    }

    with (mysite / "settings.py").open("a") as file:
        file.write('SEZZLE["BASE_URL"] = "https://shop.example"\n')
    run("manage.py", "sezzle_webhooks", "apply")
    run("manage.py", "sezzle_webhooks", "check")
    assert run("manage.py", "sezzle_reconcile").endswith("No human is needed.\n")
    assert "green  keys" in run("manage.py", "sezzle_doctor")


def test_view_and_receiver_together_are_at_most_ten_lines() -> None:
    lines = [line for line in block("shop").splitlines() if line.strip()]

    assert len(lines) <= 10


def test_the_readme_is_valid_and_names_what_there_is() -> None:
    text = README.read_text(encoding="utf-8")
    docutils.core.publish_doctree(text, settings_overrides={"report_level": 2, "halt_level": 2})

    for name in services.__all__:
        assert f"``{name}(" in text or name == "Checkout"
    for name in vars(signals):
        assert not name.startswith("payment_") or f"``{name}``" in text
    for name, value in vars(exceptions).items():
        is_error = isinstance(value, type) and issubclass(value, exceptions.SezzleError)
        if is_error and "Webhook" not in name and name not in ("InvalidSignature", "GatewayError"):
            assert name in text
    for name in conf.KEYS:
        assert f"``{name}``" in text
    for command, options in {
        "sezzle_reconcile": ("--json", "--dry-run", "--limit", "--all"),
        "sezzle_doctor": ("--json", "--offline", "--round-trip"),
    }.items():
        assert f"manage.py {command}\n" in text
        parser = load_command_class("django_sezzle", command).create_parser("manage.py", command)
        for option in options:
            assert option in parser.format_help()
            assert f"``{option}" in text
