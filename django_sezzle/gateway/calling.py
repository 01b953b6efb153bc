"""
How Sezzle is called: with a token, within a deadline, and what an answer that cannot be read means.

What is called is for the subclasses to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from django_sezzle.conf import Settings
from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayUnavailable,
    InvalidInput,
    OutcomeUnknown,
)
from django_sezzle.gateway.deadline import deadline
from django_sezzle.gateway.messages import Malformed, Session, parsing
from django_sezzle.gateway.tokens import Token, tokens
from django_sezzle.gateway.transport import Answer, Call, exchange, forget_frames

T = TypeVar("T")


def _nothing() -> None:
    """Stand in for a guard that has nothing to guard."""


class Caller:
    """
    What all calls for one merchant account have in common.

    :param seconds: how long one call may take in all, getting a token included; the account's
        ``DEADLINE`` when left out.
    :param guard: called before anything is sent; raises when this is no moment to send.

    Every call raises :class:`~django_sezzle.exceptions.GatewayRejected` when Sezzle refuses.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seconds: float | None = None,
        guard: Callable[[], None] = _nothing,
    ) -> None:
        self.settings = settings
        self.seconds = settings.deadline if seconds is None else min(seconds, settings.deadline)
        self._guard = guard

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.settings.account} {self.settings.gateway_url}>"

    def authenticate(self) -> Token:
        """
        Make sure there is a token; asks Sezzle only when this process has none that lasts.

        POST /v2/authentication
        https://docs.sezzle.com/docs/api/core/authentication/postauthentication
        """
        return tokens.get(self.settings, self._new_token)

    def _new_token(self) -> Token:
        self._guard()
        # No local variable holds the keys: error reports show local variables.
        call = Call(
            method="POST",
            path="/v2/authentication",
            token=None,
            body={
                "public_key": self.settings.public_key,
                "private_key": self.settings.private_key,
            },
        )
        with deadline(self.seconds):
            answer = exchange(call, self.settings)
        try:
            return Token.from_json(answer.json, now=datetime.now(UTC), made_at=answer.made_at)
        except GatewayUnavailable as error:
            forget_frames(error)
            raise

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        request_id: str | None = None,
        moves_money: bool = False,
        secret: str = "",
        token_of: Session | None = None,
    ) -> Answer:
        """
        Send once; a refused token is replaced and the same request sent once more.

        :param secret: what ``{secret}`` in the path stands for, and no log shows.
        :param token_of: whose token that is; no variable holds it by itself.
        """
        call = Call(
            method=method,
            path=path,
            token=None,
            body=body,
            request_id=request_id,
            moves_money=moves_money,
            secret=secret if token_of is None else token_of.token,
        )
        # Error reports show local variables, and this one may hold the shopper's address.
        del body
        return self._exchange(call)

    def _exchange(self, call: Call) -> Answer:
        """Send once; a refused token is replaced and the same request sent once more."""
        self._guard()
        with deadline(self.seconds):
            token = self.authenticate()
            try:
                return exchange(replace(call, token=token.value), self.settings)
            except AuthenticationFailed:
                # 401: it was not executed, so repeating is safe, even for money.
                tokens.drop(self.settings, token)
                token = self.authenticate()
                return exchange(replace(call, token=token.value), self.settings)

    def _read(self, read: Callable[[object], T], answer: Answer) -> T:
        try:
            return read(answer.json)
        except Malformed as error:
            raise unreadable(error, answer.status) from error

    def _read_money(self, read: Callable[[object], T], answer: Answer) -> T:
        try:
            return read(answer.json)
        except Malformed as error:
            forget_frames(error)
            raise OutcomeUnknown(
                f"Sezzle said yes, but its answer could not be read ({error}). "
                "It is being checked. Do not repeat.",
                status=answer.status,
            ) from error


def unreadable(error: Malformed, status: int | None = None) -> GatewayUnavailable:
    """Turn a reading that failed into an error that holds nothing of the answer."""
    # Its frames hold the whole answer, the shopper's data included.
    forget_frames(error)
    return GatewayUnavailable(
        f"Sezzle's answer could not be read ({error}). Nothing of it was used.", status=status
    )


def checked_id(value: str) -> str:
    """
    Let an id into a URL.

    :raises InvalidInput: it has characters that no id of Sezzle's has.
    """
    if not parsing.IDENTIFIER.fullmatch(value):
        raise InvalidInput("That is not an id of Sezzle's. Nothing was sent.")
    return value


def known_merchant(settings: Settings) -> str | None:
    """Tell which merchant these keys belong to, if this process has asked Sezzle before."""
    return tokens.merchant_uuid(settings)
