"""
Where this host keeps what: its users, staff and payments in one database, the rest in another.

Reads of payments go to a replica that never gets any row, as if it lagged behind for ever: what
is decided from it is decided wrong, and a test sees it. Only the product reads there: the tests
themselves, and the host's own code, read where they wrote.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.handlers import base

import django_sezzle

SHOP, REPLICA = "shop", "replica"
IN_SHOP = {"admin", "auth", "contenttypes", "django_sezzle", "people"}

PRODUCT = f"{Path(django_sezzle.__file__).parent}{os.sep}"
EMULATOR = f"{PRODUCT}emulator{os.sep}"
TESTS = f"{Path(__file__).parents[1]}{os.sep}"
HANDLER = base.__file__


class OneShop:
    """Keeps what refers to users together: a foreign key cannot leave its database."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Name the database to read from."""
        if model._meta.app_label == "django_sezzle" and is_read_by_the_product():
            return REPLICA
        return self.db_for_write(model)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Name the database to write to."""
        return SHOP if model._meta.app_label in IN_SHOP else None

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        """Let rows be joined that live together; the replica is the shop."""
        return True if {one._meta.app_label, other._meta.app_label} <= IN_SHOP else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Make each table where it is used."""
        return (db == "default") != (app_label in IN_SHOP)


class NoReplica:
    """Sends the product's reads to a database that answers none: each that is not pinned fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Name the database to read from."""
        is_ours = model._meta.app_label == "django_sezzle" and is_read_by_the_product()
        return "nowhere" if is_ours else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Name the database to write to."""
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Let everything refer to everything."""
        return True


def is_read_by_the_product() -> bool:
    """
    Tell whether a query comes from our code.

    It does when ours is nearer to it than a test's, and when a request stands between the query
    and the test: then it is a page of ours, perhaps made by Django's admin.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file == HANDLER:
            return True
        if file.startswith(PRODUCT):
            return not file.startswith(EMULATOR)
        if file.startswith(TESTS) and file != __file__:
            return False
        frame = frame.f_back
    return False
