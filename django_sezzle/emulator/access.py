"""Authentication: keys for a token, a token for everything else."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from .bodies import date
from .messages import Refusal, Request, Response
from .records import AccessToken, Merchant
from .state import State
from .validation import KEYS, read_object, require

TOKEN_LIFE = timedelta(minutes=120)


def create_token(state: State, request: Request) -> Response:
    """Answer 201 with a token good for 120 minutes. :raises Refusal: wrong keys."""
    document = read_object(request.body, KEYS)
    require(document, state.profile, "public_key", "private_key")
    for merchant in state.merchants:
        if merchant.public_key == document["public_key"] and _is_same(
            merchant.private_key, document["private_key"]
        ):
            return Response.of_json(201, _issue(state, merchant))
    raise Refusal.unauthorized()


def authenticate(state: State, request: Request) -> Merchant:
    """
    Return whose token the request carries.

    :raises Refusal: 401 without ``Bearer``, with an unknown token or one that has run out.
    """
    scheme, _, token = (request.header("Authorization") or "").partition(" ")
    record = state.tokens.get(token) if scheme == "Bearer" else None
    if record is None or record.expires_at <= state.clock.now():
        raise Refusal.unauthorized()
    merchant = state.merchants.get(record.merchant_uuid)
    if merchant is None:
        raise Refusal.unauthorized()
    return merchant


def _issue(state: State, merchant: Merchant) -> dict[str, str]:
    now = state.clock.now()
    for old in state.tokens:
        if old.expires_at <= now:
            state.tokens.remove(old.uuid)
    token = AccessToken(secrets.token_urlsafe(32), merchant.uuid, now + TOKEN_LIFE)
    state.tokens.put(token)
    return {
        "token": token.uuid,
        "expiration_date": date(token.expires_at, state.profile),
        "merchant_uuid": merchant.uuid,
    }


def _is_same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode("utf-8", "surrogatepass"))
