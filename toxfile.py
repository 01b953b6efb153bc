"""
Let tox skip what this machine cannot run, and say so.

With ``REQUIRE_ALL=1`` whatever is missing fails instead: that is how CI knows that a green run
left nothing out.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tox.plugin import impl
from tox.tox_env.errors import Fail, Skip

if TYPE_CHECKING:
    from tox.config.sets import ConfigSet
    from tox.session.state import State
    from tox.tox_env.api import ToxEnv

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DEFAULT_PORTS = {"postgres": 5432, "mariadb": 3306}
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9")

REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in {"", "0"}

#: Environment name -> why it was skipped; told once more when tox ends.
skipped: dict[str, str] = {}


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    """Make a missing interpreter a failure when everything is required."""
    if REQUIRE_ALL:
        state.conf.options.skip_missing_interpreters = "false"


@impl
def tox_on_install(tox_env: ToxEnv, arguments: Any, section: str, of_type: str) -> None:
    """Look before time is spent on installing what cannot be used."""
    refuse_when_something_is_missing(tox_env)


@impl
def tox_before_run_commands(tox_env: ToxEnv) -> None:
    """Look again, as what is already installed never came past the other hook; then equip it."""
    refuse_when_something_is_missing(tox_env)
    note_when_the_broker_is_missing(tox_env)
    variables = tox_env.conf["set_env"]
    if "EXPECT_WHEEL" in variables:
        # The wheel first, then the checkout for tests and example_project. tox.ini could say it,
        # but asking for this folder there makes tox skip a missing interpreter that must fail.
        wheel, checkout = tox_env.conf["env_site_packages_dir"], tox_env.core["tox_root"]
        variables.update({"PYTHONPATH": f"{wheel}{os.pathsep}{checkout}"}, override=True)
    if "browser" in factors(tox_env):
        variables.update({"CHROMIUM": browser()}, override=True)


def factors(tox_env: ToxEnv) -> set[str]:
    """The parts of the environment's name."""
    return set(str(tox_env.conf.name).split("-"))


def refuse_when_something_is_missing(tox_env: ToxEnv) -> None:
    """Skip the environment, or fail it, when a thing it needs is not here."""
    why = missing(tox_env)
    if not why:
        return
    if REQUIRE_ALL:
        raise Fail(f"{why}, and REQUIRE_ALL is set")
    skipped[str(tox_env.conf.name)] = why
    raise Skip(why)


def note_when_the_broker_is_missing(tox_env: ToxEnv) -> None:
    """Remember what the few tests with a broker skip by themselves; they fail with REQUIRE_ALL."""
    url = urlsplit(REDIS_URL)
    host, port = url.hostname or "127.0.0.1", url.port or 6379
    has_workers = factors(tox_env) & DEFAULT_PORTS.keys() and "hostile" not in factors(tox_env)
    if has_workers and not answers(host, port):
        skipped[f"{tox_env.conf.name}, workers on Redis"] = f"no Redis answers at {host}:{port}"


def missing(tox_env: ToxEnv) -> str:
    """What the environment needs and this machine lacks; empty when it has everything."""
    wanted = factors(tox_env)
    for database in wanted & DEFAULT_PORTS.keys():
        url = urlsplit(tox_env.conf["set_env"].load("DATABASE_URL"))
        host, port = url.hostname or "127.0.0.1", url.port or DEFAULT_PORTS[database]
        if not answers(host, port):
            return f"no {database} answers at {host}:{port}"
    if "browser" in wanted and not browser():
        return f"no browser: looked for {', '.join(browser_names())}"
    return ""


def answers(host: str, port: int) -> bool:
    """Whether something accepts connections there within three seconds."""
    try:
        with socket.create_connection((host, port), timeout=3):
            return True
    except OSError:
        return False


def browser() -> str:
    """The browser's program; empty when there is none."""
    return next(filter(None, map(shutil.which, browser_names())), "")


def browser_names() -> list[str]:
    """Where to look for the browser: only at ``CHROMIUM`` when it is set."""
    chosen = os.environ.get("CHROMIUM")
    return [chosen] if chosen else list(BROWSERS)


@atexit.register
def say_what_was_skipped() -> None:
    """Repeat at the very end what did not run and why."""
    for name, why in skipped.items():
        print(f"SKIPPED {name}: {why}")
