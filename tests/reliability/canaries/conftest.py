"""A shop with canary keys, everything that is written or said in it collected for the search."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils.log import AdminEmailHandler

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.exceptions import SezzleError
from django_sezzle.gateway import transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment
from tests.fixtures import GATEWAY_URL, PUBLIC_KEY
from tests.reliability.canaries import places
from tests.reliability.canaries.plants import KEYS, Plants
from tests.reliability.listening import listening

#: Django's loggers name the address that was asked for, and at DEBUG every statement with its
#: values; both have the payment's token in them.
OF_DJANGO = "django."

#: At DEBUG it writes out whatever error is being handled while an error report is made.
NOT_SEARCHED = "django.template"


class Scene:
    """Where it happens: Sezzle, a browser, and a notebook of what may be found where."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.plants = Plants()
        emulator.observers.append(self.plants.watch)
        self.client = Client(raise_request_exception=False)
        #: Which canary stood in which place, each with the text around it once.
        self.found: dict[str, str] = {}
        self.searched: dict[str, int] = {}

    def search(self, place: str, text: str, *, quiet: bool = False) -> None:
        """Note the canaries in a text, and that it was searched."""
        kind = place.partition(" ")[0]
        self.searched[kind] = self.searched.get(kind, 0) + 1
        for name in self.plants.found_in(text, quiet=quiet):
            self.found.setdefault(f"{name} in {place}", _around(text, self.plants, name))

    def hear(self, logger: str, text: str) -> None:
        """Search what was logged."""
        if logger != NOT_SEARCHED:
            self.search(f"log {logger}", text, quiet=not logger.startswith(OF_DJANGO))

    def search_all(self, pairs: Iterator[tuple[str, str]]) -> None:
        """Search several texts."""
        for place, text in pairs:
            self.search(place, text)

    def open(self, method: str, url: str, client: Client | None = None, **options: Any) -> Any:
        """Make a request and search the answer."""
        answer = getattr(client or self.client, method)(url, **options)
        self.search_all(places.response(answer))
        return answer

    def attempt(self, act: Any) -> Any:
        """Do something; search the error if there is one, and give what came out."""
        try:
            made = act()
        except SezzleError as error:
            self.search_all(places.error(error))
            return error
        if isinstance(made, SezzlePayment):
            self.plants.quiet[f"return token {made.pk}"] = made.token
        self.search_all(places.thing(made))
        return made

    def end(self) -> None:
        """Search what is left behind, and assert that nothing was found anywhere."""
        self.search_all(chain(places.database(), places.mails(), places.cache()))
        assert not self.found, "\n".join(f"{what}: {text}" for what, text in self.found.items())


def _around(text: str, plants: Plants, name: str) -> str:
    value = {**plants.secret, **plants.quiet}[name]
    place = max(text.find(value), 0)
    return repr(text[max(place - 300, 0) : place + 100])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Sezzle with the shop's canary key, and no waiting."""
    emulator = Emulator(
        base_url=GATEWAY_URL, public_key=PUBLIC_KEY, private_key=KEYS["private key"]
    )
    adapter = EmulatorAdapter(emulator, sleep=lambda seconds: None)
    unmount = transport.mount(GATEWAY_URL, adapter)
    tokens.clear()
    yield emulator
    unmount()
    tokens.clear()


@pytest.fixture
def scene(emulator: Emulator, settings: Any, db: None) -> Iterator[Scene]:
    """A host that logs everything, mails every error with all details, and caches."""
    settings.SEZZLE = django_settings.SEZZLE | {
        "PRIVATE_KEY": KEYS["private key"],
        "PREVIOUS_PRIVATE_KEYS": [KEYS["previous key"]],
        "TIMEOUT": (1, 1),
    }
    settings.ROOT_URLCONF = "tests.reliability.canaries.urls"
    mail = "ops@shop.example"
    settings.ADMINS = [mail] if django.VERSION >= (6, 0) else [("Ops", mail)]
    cache.clear()
    scene = Scene(emulator)
    with listening(scene.hear):
        mailer = AdminEmailHandler(include_html=True)
        mailer.setLevel(logging.ERROR)
        logging.getLogger().addHandler(mailer)
        yield scene
    cache.clear()


@pytest.fixture
def staff(db: None) -> Client:
    """A browser of somebody who may do everything."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss", "boss@shop.example", "x"))
    return client
