"""A user model without ``username``, whose keys are no numbers."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    """Makes persons, as Django's commands and tests ask for it."""

    def create_user(self, email: str, password: str | None = None, **members: Any) -> Person:
        """Make a person with a password."""
        person = self.model(email=self.normalize_email(email), **members)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **members: Any) -> Person:
        """Make a person who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **members)


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody with an e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)

    objects = PersonManager()

    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email
