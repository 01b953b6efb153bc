"""Whether webhooks can come in: the shop's own address, looked at from the shop's machine."""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from django_sezzle.health import Level
from django_sezzle.health.delivery import examine_address
from django_sezzle.services.subscription import webhook_path


@pytest.fixture
def shop(httpserver: HTTPServer, settings: Any) -> HTTPServer:
    """Something that answers where the shop says it is."""
    settings.SEZZLE = {**settings.SEZZLE, "BASE_URL": httpserver.url_for("").rstrip("/")}
    return httpserver


@pytest.fixture
def unused_port() -> int:
    """Name a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.django_db(transaction=True)
def test_the_shop_itself_answers(live_server: Any, settings: Any, caplog: Any) -> None:
    settings.SEZZLE = {**settings.SEZZLE, "BASE_URL": live_server.url}

    symptom = examine_address("default")

    assert (symptom.level, symptom.message) == (
        Level.GREEN,
        f"{live_server.url}{webhook_path()} answers.",
    )
    # Looking is no delivery: nothing is said of a key that does not fit.
    assert "webhook=refused" not in caplog.text


def test_a_redirect_loses_every_webhook(shop: HTTPServer) -> None:
    shop.expect_request(webhook_path()).respond_with_data(
        status=301, headers={"Location": "https://www.shop.example/hook"}
    )

    symptom = examine_address("default")

    assert symptom.level is Level.RED
    assert "redirects to https://www.shop.example/hook." in symptom.message
    assert len(shop.log) == 1


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND])
def test_something_else_answers(shop: HTTPServer, status: HTTPStatus) -> None:
    shop.expect_request(webhook_path()).respond_with_data("Log in", status=status)

    symptom = examine_address("default")

    assert symptom.level is Level.RED
    assert f"answers {status.value}," in symptom.message


def test_nothing_answers(settings: Any, unused_port: int) -> None:
    settings.SEZZLE = {**settings.SEZZLE, "BASE_URL": f"http://127.0.0.1:{unused_port}"}

    symptom = examine_address("default")

    assert symptom.level is Level.YELLOW
    assert "could not be reached from this machine" in symptom.message


def test_without_an_address_there_is_nothing_to_look_at(settings: Any) -> None:
    settings.SEZZLE = {**settings.SEZZLE, "BASE_URL": None}

    assert examine_address("default").level is Level.YELLOW
