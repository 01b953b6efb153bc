#!/usr/bin/env python
"""
Prepare and serve the example shop together with the Sezzle emulator, on this machine only.

``python example_project/serve.py``, from any directory. Every start begins with an empty shop
unless ``--keep`` is given. Ctrl-C ends both.
"""

from __future__ import annotations

import argparse
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HOST = "127.0.0.1"
SECONDS_TO_START = 40
SECONDS_TO_STOP = 10
FRESH_FILES = ("shop.sqlite3*", "emulator.sqlite3*", "shop.log", "emulator.log")


class CannotServeError(Exception):
    """Something keeps the demonstration from starting; the message says what to do."""


class Child(NamedTuple):
    """A process that was started here."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    options = parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    children: list[Child] = []
    try:
        prepare(options)
        start(options, children)
        subscribe(options)
        announce(options)
        watch(children)
    except KeyboardInterrupt:
        return 0
    except CannotServeError as error:
        print(f"The demonstration cannot start. {error}", file=sys.stderr)
        return 1
    finally:
        end(children)
    return 1


def parser() -> argparse.ArgumentParser:
    """Describe the options; the environment gives the defaults."""
    found = argparse.ArgumentParser(
        description="Serve the example shop and the Sezzle emulator; no real money moves."
    )
    port = int(os.environ.get("PORT") or 8000)
    found.add_argument("--port", type=int, default=port, help="of the shop (default: %(default)s)")
    found.add_argument(
        "--emulator-port",
        type=int,
        default=int(os.environ.get("EMULATOR_PORT") or 0),
        help="default: the port after the shop's",
    )
    found.add_argument(
        "--state", type=Path, default=HERE / ".demo", help="where everything is kept"
    )
    found.add_argument("--keep", action="store_true", help="go on with the orders of last time")
    found.add_argument(
        "--password",
        default=os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9),
        help="of the staff; made up when left out",
    )
    found.add_argument("--record", type=Path, help="file for the emulator's exchanges, one a line")
    found.add_argument(
        "--no-emulator", action="store_true", help="one answers at the emulator's port already"
    )
    found.add_argument("--no-webhook", action="store_true", help="do not subscribe to webhooks")
    return found


def prepare(options: argparse.Namespace) -> None:
    """Set up Django, the database, the products and the staff."""
    options.emulator_port = options.emulator_port or options.port + 1
    options.state.mkdir(parents=True, exist_ok=True)
    has_own_database = "DATABASE_URL" in os.environ
    if not (options.keep or has_own_database):
        for pattern in FRESH_FILES:
            for old in options.state.glob(pattern):
                old.unlink()
    # Also read by the shop's own process, which inherits them.
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "PORT": str(options.port),
        "EMULATOR_PORT": str(options.emulator_port),
        "DEBUG": os.environ.get("DEBUG", "false"),
        "DATABASE_URL": os.environ.get(
            "DATABASE_URL", f"sqlite:///{options.state.resolve() / 'shop.sqlite3'}"
        ),
        "DJANGO_RUNSERVER_HIDE_WARNING": "true",
    }
    # At the end, so that an installed django-sezzle is preferred to the checkout's.
    sys.path.append(str(ROOT))
    import django  # noqa: PLC0415 - needs the path
    from django.core.management import call_command  # noqa: PLC0415 - needs the path

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("demo_products", stdout=io.StringIO())
    call_command("demo_staff", password=options.password, stdout=io.StringIO())


def start(options: argparse.Namespace, children: list[Child]) -> None:
    """
    Start the emulator, unless Sezzle's sandbox is used, and the shop.

    :raises CannotServeError: a port is taken, or a process does not answer.
    """
    has_emulator = uses_emulator() and not options.no_emulator
    for port in (options.port, *([options.emulator_port] if has_emulator else [])):
        if answers(port):
            raise CannotServeError(
                f"Something answers at port {port} already; choose another PORT."
            )
    if has_emulator:
        emulator = [sys.executable, "-m", "django_sezzle.emulator"]
        emulator += ["--port", str(options.emulator_port)]
        emulator += ["--store", str(options.state / "emulator.sqlite3")]
        # Sezzle switches this on for a merchant; the demonstration shows it.
        emulator += ["--profile", "upcharge=true"]
        if options.record:
            emulator += ["--record", str(options.record.resolve())]
        launch("emulator", emulator, options.emulator_port, options.state, children)
    shop = [sys.executable, str(HERE / "manage.py"), "runserver", "--noreload", "--insecure"]
    launch("shop", [*shop, f"{HOST}:{options.port}"], options.port, options.state, children)


def uses_emulator() -> bool:
    """Tell whether payments go to the emulator; they do without keys."""
    from django.conf import settings  # noqa: PLC0415 - needs the path

    return bool(settings.USES_EMULATOR)


def launch(name: str, command: list[str], port: int, state: Path, children: list[Child]) -> None:
    """Start a process and wait until it answers at its port."""
    log = state / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment_of(name)
        )
    child = Child(name, process, log)
    children.append(child)
    last_moment = time.monotonic() + SECONDS_TO_START
    while not answers(port):
        if process.poll() is not None or time.monotonic() > last_moment:
            raise CannotServeError(
                f"The {name} does not answer. It said:\n{log.read_text()[-2000:]}"
            )
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Tell whether anything listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def environment_of(name: str) -> dict[str, str]:
    """Give a child our environment, the emulator's keys, and a way to find django_sezzle."""
    import django_sezzle  # noqa: PLC0415 - needs the path

    given = dict(os.environ)
    if name == "emulator":
        from django.conf import settings  # noqa: PLC0415 - needs the path

        for key in ("PUBLIC_KEY", "PRIVATE_KEY"):
            given[f"SEZZLE_{key}"] = settings.SEZZLE[key]
    # Not installed, it lies beside us.
    if Path(django_sezzle.__file__).resolve().parent.parent == ROOT:
        given["PYTHONPATH"] = os.pathsep.join(
            filter(None, (os.environ.get("PYTHONPATH"), str(ROOT)))
        )
    return given


def subscribe(options: argparse.Namespace) -> None:
    """Ask for webhooks, where they can reach the shop."""
    from django.urls import reverse  # noqa: PLC0415 - needs the path

    from django_sezzle.conf import get_settings  # noqa: PLC0415 - needs the path
    from django_sezzle.exceptions import SezzleError  # noqa: PLC0415 - needs the path
    from django_sezzle.gateway import Gateway  # noqa: PLC0415 - needs the path

    settings = get_settings()
    base = settings.base_url or (f"http://{HOST}:{options.port}" if uses_emulator() else None)
    if base is None or options.no_webhook:
        print("No webhooks: orders follow when the shopper returns or presses Check payment.")
        return
    gateway = Gateway(settings)
    url = base + reverse("sezzle:webhook")
    try:
        if url not in {subscription.url for subscription in gateway.list_webhooks()}:
            gateway.create_webhook(url)
    except SezzleError as error:
        raise CannotServeError(f"Webhooks could not be subscribed to: {error}") from error


def announce(options: argparse.Namespace) -> None:
    """Say where everything is."""
    shop = f"http://{HOST}:{options.port}/"
    lines = [("Shop", shop), ("Staff", f"{shop}admin/")]
    if uses_emulator():
        lines.append(("Sezzle emulator", f"http://{HOST}:{options.emulator_port}/dashboard/"))
    lines.append(("Log in as", "viewer, cashier, manager or admin"))
    lines.append(("Password", options.password))
    lines.append(("Logs and data", str(options.state)))
    print()
    for name, value in lines:
        print(f"  {name:<16} {value}")
    print("\nNo real money moves. Stop with Ctrl-C.", flush=True)


def watch(children: list[Child]) -> None:
    """Wait until a process ends by itself, which none of them should."""
    while True:
        for child in children:
            if child.process.poll() is not None:
                print(f"The {child.name} has ended by itself; see {child.log}.", file=sys.stderr)
                return
        time.sleep(0.3)


def interrupt(*_: object) -> None:
    """End the wait, once; what follows is only tidying up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def end(children: list[Child]) -> None:
    """End what was started here, the shop before the emulator."""
    for child in reversed(children):
        if child.process.poll() is None:
            child.process.terminate()
    for child in children:
        try:
            child.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


if __name__ == "__main__":
    sys.exit(main())
