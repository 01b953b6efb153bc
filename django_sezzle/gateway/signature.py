"""
Webhook signatures: HMAC-SHA256 of the raw body with the merchant's private key.

Sezzle does not publish how the digest is written into ``Sezzle-Signature``. Sixty-four hex
digits and forty-four characters of base64 carry the same 32 bytes, so both are read.

https://docs.sezzle.com/docs/api/core/webhooks/infov2webhooks
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

HEADER = "Sezzle-Signature"

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")


def sign(body: bytes, private_key: str) -> str:
    """Write the signature of a body as Sezzle is believed to: lower-case hex."""
    return _digest(body, private_key).hex()


def is_signed(body: bytes, header: str | None, private_keys: Iterable[str]) -> bool:
    """
    Tell whether one of the keys signed exactly these bytes.

    Every key is tried in constant time, so that the answer's timing says nothing about which
    one fits. An empty key never counts: anybody could sign with it.
    """
    given = _decode(header)
    if given is None:
        return False
    found = False
    for key in private_keys:
        found |= bool(key) and hmac.compare_digest(_digest(body, key), given)
    return found


def _digest(body: bytes, private_key: str) -> bytes:
    return hmac.new(private_key.encode(), body, hashlib.sha256).digest()


def _decode(header: str | None) -> bytes | None:
    text = (header or "").strip(" \t")
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if _BASE64.fullmatch(text):
        return base64.b64decode(text)
    return None
