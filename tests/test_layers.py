"""Imports go downwards only, and each layer keeps away from what is not its business."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "django_sezzle"
NAME = "django_sezzle"

#: What may be imported lies strictly lower, or in the same file or folder.
LAYERS = {
    "cells": 0,
    "counting": 0,
    "exceptions": 0,
    "installments": 0,
    "conf": 1,
    "gateway": 2,
    "models": 3,
    "probe": 3,
    "signals": 3,
    "migrations": 4,
    "services": 4,
    "arrival": 5,
    "webhooks": 5,
    "health": 6,
    "reconcile": 6,
    "worker": 6,
    "admin": 7,
    "api": 7,
    "checks": 7,
    "management": 7,
    "tasks": 7,
    "templatetags": 7,
    "views": 7,
    "saved_account": 8,
    "apps": 8,
    "till": 8,
    "urls": 9,
}
#: May import everything; nothing outside them imports them, but for what is allowed by name.
BESIDE = {"emulator", "testing"}
ALLOWED = {("probe", f"{NAME}.emulator.profile.Profile")}


class Ban(NamedTuple):
    """Modules that one part of the package, or all but some files of it, must not import."""

    modules: tuple[str, ...]
    within: tuple[str, ...] = ("",)
    excepted: tuple[str, ...] = ()


BANS = [
    Ban(
        ("requests", "urllib3"),
        excepted=("gateway/transport.py", "gateway/deadline.py", "emulator/", "testing/"),
    ),
    Ban(("environ", "os.environ", "os.getenv"), excepted=("conf.py", "emulator/")),
    Ban(("django.db", "django.contrib"), within=("exceptions.py", "conf.py", "gateway/")),
    Ban(("django.http", "django.shortcuts", "rest_framework"), within=("models", "services")),
    Ban((f"{NAME}.probe",), excepted=("probe/", "management/commands/sezzle_probe.py")),
    Ban(("django", "rest_framework"), within=("emulator/",)),
]


class Import(NamedTuple):
    """One module that a file imports, by its full name."""

    line: int
    module: str


def violations(package: Path) -> list[str]:
    """Everything in the package that breaks a rule of this file, as readable lines."""
    return [
        f"{path.relative_to(package).as_posix()}:{trouble}"
        for path in sorted(package.rglob("*.py"))
        for trouble in troubles(path, package)
    ]


def troubles(path: Path, package: Path) -> Iterator[str]:
    """What is wrong in one file, each beginning with the line number."""
    where = path.relative_to(package).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=where)
    part = where.split("/")[0].removesuffix(".py")
    if part not in LAYERS.keys() | BESIDE | {"__init__"}:
        yield f"1 {part} has no place in LAYERS"
        return
    for found in imports(tree, [NAME, *where.split("/")[:-1]]):
        yield from wrong_direction(part, found)
        yield from banned(where, found)
    if where != "conf.py" and part != "testing":
        yield from reads_of_the_setting(tree)
    if part == "services":
        yield from request_parameters(tree)


def wrong_direction(part: str, found: Import) -> Iterator[str]:
    """An import of our own package that does not go downwards."""
    if found.module != NAME and not found.module.startswith(f"{NAME}."):
        return
    target = found.module.removeprefix(NAME).lstrip(".").split(".")[0]
    if part in BESIDE or target == part or (part, found.module) in ALLOWED:
        return
    if target in BESIDE:
        yield f"{found.line} imports {target}, which stands beside the package"
    # The package's __init__ is under everything: whoever imports any part imports it first.
    elif target in LAYERS and LAYERS[target] >= LAYERS.get(part, 0):
        yield f"{found.line} imports {target}, which is not below {part}"


def banned(where: str, found: Import) -> Iterator[str]:
    """An import of a library that is another layer's business."""
    for ban in BANS:
        if where.startswith(ban.within) and not (ban.excepted and where.startswith(ban.excepted)):
            for module in ban.modules:
                if found.module == module or found.module.startswith(f"{module}."):
                    yield f"{found.line} imports {found.module}"


def reads_of_the_setting(tree: ast.Module) -> Iterator[str]:
    """``settings.SEZZLE`` or ``getattr(settings, "SEZZLE")``."""
    for node in ast.walk(tree):
        by_attribute = isinstance(node, ast.Attribute) and node.attr == "SEZZLE"
        by_name = isinstance(node, ast.Constant) and node.value == "SEZZLE"
        if by_attribute or by_name:
            yield f"{node.lineno} reads settings.SEZZLE"


def request_parameters(tree: ast.Module) -> Iterator[str]:
    """A function that wants a web request."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if any(argument.arg == "request" for argument in taken):
                yield f"{node.lineno} takes a request"


def imports(tree: ast.AST, folder: list[str]) -> Iterator[Import]:
    """Every import that can run, also inside functions; not those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, f"{source}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield Import(node.lineno, ast.unparse(node))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for otherwise in node.orelse:
                yield from imports(otherwise, folder)
        else:
            yield from imports(node, folder)


def test_the_package_keeps_to_its_layers() -> None:
    assert len(list(PACKAGE.rglob("*.py"))) > 1
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("models.py", "from django_sezzle.services import capture", "services, which is not below"),
        ("models.py", "from .services import capture", "services, which is not below"),
        ("models.py", "def total():\n    from . import services", ":2 imports services"),
        ("gateway/client.py", "from ..models import SezzlePayment", "models, which is not below"),
        ("gateway/client.py", "from .. import models", "models, which is not below"),
        (
            "gateway/client.py",
            "import django_sezzle.services.money",
            "services, which is not below",
        ),
        ("services/money.py", "from django_sezzle import webhooks", "webhooks, which is not below"),
        ("views.py", "from django_sezzle.api import WebhookView", "api, which is not below views"),
        ("__init__.py", "from django_sezzle.exceptions import SezzleError", "not below __init__"),
        ("services.py", "from django_sezzle.emulator import Emulator", "beside the package"),
        ("admin/site.py", "from django_sezzle import testing", "beside the package"),
        ("helpers.py", "", "no place in LAYERS"),
        ("probe/run.py", "from django_sezzle.models import SezzlePayment", "not below probe"),
        ("probe/run.py", "from django_sezzle.emulator import Emulator", "beside the package"),
        ("health/host.py", "from django_sezzle.probe import Probe", "imports django_sezzle.probe"),
        ("models.py", "import requests", "imports requests"),
        ("gateway/client.py", "from urllib3.util import Retry", "imports urllib3.util.Retry"),
        ("gateway/client.py", "from django.db import models", "imports django.db.models"),
        ("gateway/client.py", "import os\nkey = os.environ['KEY']", "imports os.environ"),
        ("services/money.py", "from django.http import Http404", "imports django.http.Http404"),
        ("services/money.py", "import rest_framework.views", "imports rest_framework.views"),
        ("services/money.py", "def capture(payment, *, request): ...", "takes a request"),
        ("emulator/server.py", "from django.utils import timezone", "imports django.utils"),
        ("checks.py", "from django.conf import settings\nsettings.SEZZLE", "reads settings.SEZZLE"),
        ("apps.py", "x = getattr(settings, 'SEZZLE', {})", "reads settings.SEZZLE"),
    ],
)
def test_a_planted_trespass_is_caught(
    tmp_path: Path, file: str, source: str, complaint: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / file).write_text(source)
    found = violations(tmp_path)
    assert len(found) == 1, found
    assert complaint in found[0]
    assert found[0].startswith(f"{file}:")


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("services/money.py", "from ..models import SezzlePayment\nfrom . import reading"),
        ("apps.py", "def ready(self):\n    from . import checks"),
        ("exceptions.py", "if TYPE_CHECKING:\n    from django_sezzle.models import SezzlePayment"),
        ("gateway/transport.py", "import requests"),
        ("conf.py", "import environ\nfrom django.conf import settings\nsettings.SEZZLE"),
        ("probe/report.py", "from django_sezzle.emulator.profile import Profile"),
        ("management/commands/sezzle_probe.py", "from django_sezzle.probe import Probe"),
        ("emulator/server.py", "import requests\nfrom django_sezzle.gateway import Price"),
        ("testing/fixtures.py", "from django_sezzle.emulator import Emulator\nimport requests"),
    ],
)
def test_what_the_design_allows_is_not_held_against_it(
    tmp_path: Path, file: str, source: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / file).write_text(source)
    assert violations(tmp_path) == []
