"""The search itself: a canary that is put into a place is found there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.mail import mail_admins
from django.http import HttpResponse

from django_sezzle.exceptions import GatewayRejected, SezzleError
from tests.reliability.canaries import places
from tests.reliability.canaries.conftest import Scene
from tests.reliability.canaries.plants import KEYS, SHOPPER

pytestmark = pytest.mark.django_db

KEY, MAIL = KEYS["private key"], SHOPPER["e-mail"]


def in_a_table(scene: Scene) -> None:
    """Write it into a column."""
    User.objects.create(username="x", last_name=MAIL)


def in_a_session(scene: Scene) -> None:
    """Write it into a session, which keeps it in its own code."""
    session = SessionStore()
    session["cart"] = [MAIL]
    session.save()


def in_a_log(scene: Scene) -> None:
    """Log it at the lowest level of a logger that nobody listens to."""
    logging.getLogger("django_sezzle.anything").debug("to %s", MAIL)


def in_an_extra(scene: Scene) -> None:
    """Log it beside the message."""
    logging.getLogger("urllib3").info("sent", extra={"body": {"to": MAIL}})


def in_a_local_variable(scene: Scene) -> None:
    """Log an error whose frames know it."""
    try:
        secret = KEY
        raise ValueError(len(secret))
    except ValueError:
        logging.getLogger("django_sezzle").exception("oh")


def in_a_mail(scene: Scene) -> None:
    """Mail it."""
    mail_admins("oh", "text", html_message=f"<p>{MAIL}</p>")


def in_the_cache(scene: Scene) -> None:
    """Cache it."""
    cache.set("token", KEY)


def in_an_answer(scene: Scene) -> None:
    """Send it to a browser."""
    scene.search_all(places.response(HttpResponse(f"<p>{MAIL}</p>")))


def in_a_header(scene: Scene) -> None:
    """Send it to a browser beside the page."""
    scene.search_all(places.response(HttpResponse(headers={"X-Debug": KEY})))


def in_an_error(scene: Scene) -> None:
    """Raise it."""
    _raise(scene, GatewayRejected(MAIL))


def in_a_cause(scene: Scene) -> None:
    """Raise something else because of it."""
    error = GatewayRejected("no")
    error.__cause__ = ValueError(MAIL)
    _raise(scene, error)


def in_an_object(scene: Scene) -> None:
    """Write out an object that shows it."""
    scene.attempt(lambda: {"key": KEY})


def in_html(scene: Scene) -> None:
    """Escape it."""
    scene.search("response", "Is &#x27;Qanarya Fetherstone&#x27; a name?")


def _raise(scene: Scene, error: SezzleError) -> None:
    def act() -> Any:
        raise error

    scene.attempt(act)


@pytest.mark.parametrize(
    "plant",
    [
        in_a_table,
        in_a_session,
        in_a_log,
        in_an_extra,
        in_a_local_variable,
        in_a_mail,
        in_the_cache,
        in_an_answer,
        in_a_header,
        in_an_error,
        in_a_cause,
        in_an_object,
        in_html,
    ],
)
def test_a_canary_is_found_where_it_is_put(plant: Callable[[Scene], None], scene: Scene) -> None:
    plant(scene)
    with pytest.raises(AssertionError, match=r"private key|e-mail|echo"):
        scene.end()


def test_without_one_nothing_is_found(scene: Scene) -> None:
    scene.end()
    assert scene.searched["table"] > 0
