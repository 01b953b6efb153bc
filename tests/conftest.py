"""What every test gets: the contract rig, no way out to the network, and a browser on request."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
import rest_framework
from django.conf import settings
from django.utils import translation

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.contract.plugin", "tests.fixtures", "tests.hosts.plugin"]

CHECKOUT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER_OPTIONS = [
    "--no-sandbox",  # in a container the tests run as root, where the sandbox refuses to start
    "--disable-gpu",
    "--disable-background-networking",
]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test the checkout where the built wheel was meant."""
    if os.environ.get("EXPECT_WHEEL") and package_folder().is_relative_to(
        CHECKOUT / "django_sezzle"
    ):
        raise pytest.UsageError(f"the wheel is to be tested, but {package_folder()} is imported")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name everything the result depends on."""
    lines = [
        f"django-sezzle from {package_folder()}",
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"REST framework {rest_framework.__version__}",
    ]
    if settings.configured:
        database = settings.DATABASES["default"]
        where = f"{database['ENGINE'].rpartition('.')[2]} {database.get('HOST') or ''}".strip()
        lines.append(f"database: {where}, ATOMIC_REQUESTS={database['ATOMIC_REQUESTS']}")
    return lines


def package_folder() -> Path:
    """Where ``import django_sezzle`` finds the package."""
    spec = find_spec("django_sezzle")
    if spec is None or spec.origin is None:
        raise pytest.UsageError("django_sezzle cannot be imported")
    return Path(spec.origin).resolve().parent


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine; no network client expects (and swallows) this."""


#: Every forbidden attempt, so that one whose error was lost in a thread still fails its test.
blocked: list[str] = []


def stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to look up or connect to anything but this machine and the tests' database."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if isinstance(host, str) and not is_here(host):
        blocked.append(f"{event} {host}")
        raise NetworkBlocked(f"{event} {host}: tests stay on this machine")


def is_here(host: str) -> bool:
    """Whether the host is this machine, or the one the tests' database is on."""
    if host in {"", "localhost"}:
        return True
    if settings.configured and host == settings.DATABASES["default"].get("HOST"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# An audit hook sees every Python socket, also those of libraries that keep their own reference
# to the socket functions. It cannot be removed; tests are all this process does.
sys.addaudithook(stay_on_this_machine)


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fail the test in which anything tried to reach another machine."""
    blocked.clear()
    yield
    assert not blocked, f"tried to leave this machine: {blocked}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, the one ``CHROMIUM`` names or the one on the path."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only browser runs have it)

    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)("no Chromium found")
    # Playwright's blocking interface keeps an event loop in this thread, which Django takes for
    # asynchronous code and refuses the database to.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=BROWSER_OPTIONS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture(autouse=True)
def no_language_left_behind() -> Iterator[None]:
    """Forget the language that a request has chosen for this thread: the next test has its own."""
    yield
    translation.deactivate()
