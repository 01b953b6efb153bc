"""
Bearer tokens: one per process and account, kept in memory only.

Sezzle allows any number of tokens side by side, so processes need not share them, and a token
never has to be written anywhere.

https://docs.sezzle.com/docs/api/core/authentication/postauthentication
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django_sezzle.conf import Settings
from django_sezzle.exceptions import GatewayUnavailable
from django_sezzle.gateway.deadline import DeadlinePassed, after_fork, remaining
from django_sezzle.gateway.messages import parsing

#: A token is replaced so long before it ends, so that none ends under way.
MARGIN = timedelta(minutes=5)

#: Documented life of a token, for an answer whose end cannot be read.
LIFE = timedelta(minutes=120)


@dataclass(frozen=True, slots=True)
class Token:
    """What ``POST /v2/authentication`` gave."""

    value: str = field(repr=False)
    merchant_uuid: str
    expires_at: datetime
    #: By how much this machine's clock was ahead of Sezzle's; None when Sezzle did not say.
    ahead: timedelta | None = None

    @classmethod
    def from_json(cls, value: object, *, now: datetime, made_at: datetime | None = None) -> Token:
        """
        Read the answer.

        :raises GatewayUnavailable: there is no token in it.
        """
        try:
            given = parsing.as_object(value, "authentication")
            token = parsing.text(given.get("token"), "authentication.token")
        except parsing.Malformed as error:
            raise _unusable() from error
        if not token or not token.isascii() or not token.isprintable():
            raise _unusable()
        try:
            expires = parsing.moment(given.get("expiration_date"), "authentication.expiration_date")
        except parsing.Malformed:
            expires = None
        # A gateway whose clock differs from ours must not make every token look expired.
        if expires is None or not now + MARGIN < expires < now + 2 * LIFE:
            expires = now + LIFE
        ahead = None if made_at is None else now - made_at
        return cls(token, parsing.word(given.get("merchant_uuid")), expires, ahead)


def _unusable() -> GatewayUnavailable:
    return GatewayUnavailable("Sezzle's answer held no token. No money moved. Try again later.")


def _late() -> GatewayUnavailable:
    return GatewayUnavailable("Sezzle gave no token in time. No money moved. Try again later.")


@dataclass(frozen=True, slots=True)
class _Key:
    """Whose token it is. Not a tuple: error reports show local variables by their repr."""

    gateway_url: str
    public_key: str
    private_key: str = field(repr=False)


class TokenCache:
    """Hands out tokens; a refresh is made by one thread while the others wait for it."""

    def __init__(self) -> None:
        self._tokens: dict[_Key, Token] = {}
        self._locks: dict[_Key, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, settings: Settings, authenticate: Callable[[], Token]) -> Token:
        """
        Give the account's token, asking Sezzle for one when there is none that lasts.

        :raises GatewayUnavailable: another thread was asking until the deadline passed.
        """
        key = _key(settings)
        token = self._fresh(key)
        if token is None:
            with self._guard:
                lock = self._locks.setdefault(key, threading.Lock())
            try:
                patience = min(remaining(), threading.TIMEOUT_MAX)
            except DeadlinePassed as error:
                raise _late() from error
            if not lock.acquire(timeout=patience):
                raise _late()
            try:
                token = self._fresh(key) or authenticate()
                self._tokens[key] = token
            finally:
                lock.release()
        return token

    def drop(self, settings: Settings, refused: Token) -> None:
        """Forget a token that Sezzle refused, unless another thread has replaced it already."""
        key = _key(settings)
        with self._guard:
            if self._tokens.get(key) is refused:
                del self._tokens[key]

    def merchant_uuid(self, settings: Settings) -> str | None:
        """Tell whose keys these are, if this process has been told by Sezzle; asks nobody."""
        token = self._tokens.get(_key(settings))
        return token.merchant_uuid if token else None

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        self.__init__()  # type: ignore[misc]

    def _fresh(self, key: _Key) -> Token | None:
        token = self._tokens.get(key)
        return token if token and datetime.now(UTC) + MARGIN < token.expires_at else None


def _key(settings: Settings) -> _Key:
    return _Key(settings.gateway_url, settings.public_key, settings.private_key)


tokens = TokenCache()

# A lock that another thread held at the moment of a fork would never be released in the child.
after_fork(tokens.clear)
