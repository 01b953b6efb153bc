"""Make the demonstration staff: one person per role, and an administrator."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Q

SEES_EVERYTHING = Q(
    content_type__app_label__in=["django_sezzle", "shop"], codename__startswith="view_"
)
MOVES_MONEY = Q(content_type__app_label="django_sezzle", content_type__model="sezzlepayment")
SHIPS = Q(content_type__app_label="shop", codename="change_order")

CASHIER_MAY = ("sell", "capture", "release")

ROLES: dict[str, Q] = {
    "viewer": SEES_EVERYTHING,
    "cashier": SEES_EVERYTHING
    | SHIPS
    | MOVES_MONEY & Q(codename__in=[f"{may}_sezzlepayment" for may in CASHIER_MAY]),
    "manager": SEES_EVERYTHING | SHIPS | MOVES_MONEY | Q(codename="forget_sezzlecustomer"),
}
ADMIN = "admin"


class Command(BaseCommand):
    """
    Make the demonstration staff: viewer, cashier, manager and admin.

    All get the same password, which is printed. For a shop on one's own machine only.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a password; without one a new one is made."""
        parser.add_argument("--password", help="password of all four; made up when left out")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make groups and users, and print how to log in."""
        password = options["password"] or secrets.token_urlsafe(9)
        for role, permissions in ROLES.items():
            group, _ = Group.objects.get_or_create(name=role)
            group.permissions.set(Permission.objects.filter(permissions))
            user = self._person(role, password)
            user.groups.set([group])
        self._person(ADMIN, password, is_superuser=True)
        self.stdout.write("Staff at /admin/, all with the same password:")
        for name in (*ROLES, ADMIN):
            self.stdout.write(f"  {name:<8} {password}")

    def _person(self, name: str, password: str, *, is_superuser: bool = False) -> User:
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff = True
        user.is_superuser = is_superuser
        user.set_password(password)
        user.save()
        return user
