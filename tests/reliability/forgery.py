"""A forger's workshop: deliveries that look signed, and an own opinion on which of them are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

SAMPLES = sorted(Path(__file__).parent.parent.glob("samples/event.*.json"))
LONGEST = 64 * 1024

#: Headers as WSGI names them; the signature's own is left out where it is missing.
SIGNATURE = "HTTP_SEZZLE_SIGNATURE"
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


class Delivery(NamedTuple):
    """What arrives, and how it was made."""

    body: bytes
    headers: Mapping[str, str]
    made_by: str


def event_about(order_uuid: str, note: str, dice: random.Random) -> bytes:
    """Write one of the documented events about an order, with something nobody may repeat."""
    document: dict[str, Any] = json.loads(dice.choice(SAMPLES).read_text())
    document["uuid"] = f"{dice.getrandbits(128):032x}"
    where = "uuid" if document["event"].startswith("order.") else "order_uuid"
    document["data"] |= {where: order_uuid, "note": note}
    return json.dumps(document).encode()


def is_authentic(delivery: Delivery, keys: tuple[str, ...]) -> bool:
    """
    Tell whether a key's holder signed exactly these bytes; written without the product's code.

    Base64 of 32 bytes has two bits to spare in its last letter: they carry nothing.
    """
    given = delivery.headers.get(SIGNATURE, "").strip(" \t")
    for key in keys:
        digest = hmac.digest(key.encode(), delivery.body, "sha256")
        if given.isascii() and given.lower() == digest.hex():
            return True
        letters = base64.b64encode(digest).decode()
        if len(given) == 44 and given[:42] == letters[:42] and given[43] == "=":
            last = BASE64.find(given[42])
            if last >= 0 and last >> 2 == BASE64.index(letters[42]) >> 2:
                return True
    return False


class Forger:
    """Spoils signed deliveries, one way at a time, as the dice fall."""

    def __init__(self, key: str, dice: random.Random) -> None:
        self.key = key
        self.dice = dice
        self._ways: list[Callable[[bytes], Delivery]] = [
            self._other_header,
            self._other_header,
            self._other_key,
            self._other_scheme,
            self._other_body,
            self._other_body,
            self._elsewhere,
        ]

    def forge(self, body: bytes) -> Delivery:
        """Make a delivery out of the body of a genuine one."""
        return self.dice.choice(self._ways)(body)

    def _sign(self, body: bytes) -> str:
        digest = hmac.digest(self.key.encode(), body, "sha256")
        return digest.hex() if self.dice.random() < 0.7 else base64.b64encode(digest).decode()

    def _other_header(self, body: bytes) -> Delivery:
        name, spoil = self.dice.choice(list(SPOILT.items()))
        return Delivery(body, {SIGNATURE: spoil(self._sign(body), self.dice)}, name)

    def _other_key(self, body: bytes) -> Delivery:
        name, change = self.dice.choice(list(OTHER_KEYS.items()))
        digest = hmac.digest(change(self.key).encode(), body, "sha256")
        return Delivery(body, {SIGNATURE: digest.hex()}, f"key: {name}")

    def _other_scheme(self, body: bytes) -> Delivery:
        name, digest = self.dice.choice(list(OTHER_SCHEMES.items()))
        return Delivery(body, {SIGNATURE: digest(self.key.encode(), body)}, f"scheme: {name}")

    def _other_body(self, body: bytes) -> Delivery:
        name, change = self.dice.choice(list(OTHER_BODIES.items()))
        signature = self._sign(body)
        return Delivery(change(body, self.dice), {SIGNATURE: signature}, f"body: {name}")

    def _elsewhere(self, body: bytes) -> Delivery:
        name = self.dice.choice(OTHER_HEADERS)
        return Delivery(body, {name: self._sign(body)} if name else {}, f"header: {name}")


def _flip(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + dice.choice(string.printable) + text[place + 1 :]


def _bit(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + chr(ord(text[place]) ^ 1 << dice.randrange(7)) + text[place + 1 :]


def _cut(text: str, dice: random.Random) -> str:
    start, end = sorted((dice.randrange(len(text)), dice.randrange(len(text) + 1)))
    return text[start:end]


SPOILT: dict[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda good, dice: good,
    "other case": lambda good, dice: good.swapcase(),
    "mixed case": lambda good, dice: "".join(dice.choice((c.upper(), c.lower())) for c in good),
    "one character": _flip,
    "one bit": _bit,
    "a part": _cut,
    "empty": lambda good, dice: "",
    "backwards": lambda good, dice: good[::-1],
    "shuffled": lambda good, dice: "".join(dice.sample(good, len(good))),
    "doubled": lambda good, dice: good + dice.choice(("", ",", ", ", " ", ";", "\n")) + good,
    "padded": lambda good, dice: good + dice.choice(("=", "==", "0", "00", "\x00", "A")),
    "padded before": lambda good, dice: dice.choice(("0x", "0", "=", "\x00", "\ufeff")) + good,
    "without its padding": lambda good, dice: good.rstrip("="),
    "for URLs": lambda good, dice: good.replace("+", "-").replace("/", "_"),
    "last letter": lambda good, dice: good[:-2] + dice.choice(BASE64) + good[-1],
    "space around": lambda good, dice: dice.choice((" {} ", "\t{}", "{} \t", "\x0b{}")).format(
        good
    ),
    "space inside": lambda good, dice: good[:20] + dice.choice(" \t\r\n") + good[20:],
    "a line more": lambda good, dice: good + dice.choice(("\n", "\r\n", "\r", "\nX: y")),
    "a line before": lambda good, dice: dice.choice(("\n", "\r\n", "x\n")) + good,
    "named": lambda good, dice: dice.choice(("sha256=", "v1=", "t=1,v1=", "hmac ", '"')) + good,
    "not ASCII": lambda good, dice: good[:-1] + dice.choice("é\xa0\xff\uff10\u0660\u212a"),
    "in wide digits": lambda good, dice: "".join(chr(ord(c) + 0xFEE0) for c in good),
    "encoded again": lambda good, dice: base64.b64encode(good.encode()).decode(),
    "written as hex": lambda good, dice: good.encode().hex(),
    "long": lambda good, dice: good * dice.randrange(2, 100),
    "made up": lambda good, dice: f"{dice.getrandbits(256):064x}",
    "zeroes": lambda good, dice: "0" * 64,
    "words": lambda good, dice: dice.choice(("null", "None", "undefined", "[]", "true", "*")),
}

OTHER_KEYS: dict[str, Callable[[str], str]] = {
    "empty": lambda key: "",
    "None": lambda key: "None",
    "public": lambda key: key.replace("sz_pr_", "sz_pub_"),
    "upper case": str.upper,
    "a part": lambda key: key[:-1],
    "more": lambda key: key + "0",
    "with a line": lambda key: key + "\n",
    "with a space": lambda key: " " + key,
    "backwards": lambda key: key[::-1],
    "hex of it": lambda key: key.encode().hex(),
    "base64 of it": lambda key: base64.b64encode(key.encode()).decode(),
    "without its prefix": lambda key: key.removeprefix("sz_pr_"),
    "another": lambda key: "sz_pr_of_somebody_else",
}

OTHER_SCHEMES: dict[str, Callable[[bytes, bytes], str]] = {
    "SHA-1": lambda key, body: hmac.new(key, body, "sha1").hexdigest(),
    "SHA-512": lambda key, body: hmac.new(key, body, "sha512").hexdigest(),
    "SHA-512, cut": lambda key, body: hmac.new(key, body, "sha512").hexdigest()[:64],
    "SHA3-256": lambda key, body: hmac.new(key, body, "sha3_256").hexdigest(),
    "hash of the body": lambda key, body: hashlib.sha256(body).hexdigest(),
    "hash of key and body": lambda key, body: hashlib.sha256(key + body).hexdigest(),
    "hash of body and key": lambda key, body: hashlib.sha256(body + key).hexdigest(),
    "of nothing": lambda key, body: hmac.digest(key, b"", "sha256").hex(),
    "of its digest": lambda key, body: hmac.digest(
        key, hashlib.sha256(body).digest(), "sha256"
    ).hex(),
    "with a time": lambda key, body: hmac.digest(key, b"1763683200." + body, "sha256").hex(),
    "roles exchanged": lambda key, body: hmac.digest(body, key, "sha256").hex(),
}


def _flip_bytes(body: bytes, dice: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(dice.randrange(1, 4)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _insert(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body) + 1)
    return body[:place] + dice.randbytes(dice.choice((1, 1, 3, 200))) + body[place:]


def _delete(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body))
    return body[:place] + body[place + dice.choice((1, 1, 5, 50)) :]


OTHER_BODIES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bits": _flip_bytes,
    "more": _insert,
    "less": _delete,
    "none": lambda body, dice: b"",
    "a line more": lambda body, dice: body + dice.choice((b"\n", b"\r\n", b" ", b"\x00")),
    "a mark before": lambda body, dice: b"\xef\xbb\xbf" + body,
    "written again": lambda body, dice: json.dumps(json.loads(body), indent=1).encode(),
    "in another order": lambda body, dice: (
        json.dumps(json.loads(body)[::-1]).encode()
        if body.startswith(b"[")
        else json.dumps(dict(sorted(json.loads(body).items()))).encode()
    ),
    "twice": lambda body, dice: body + body,
    "another amount": lambda body, dice: body.replace(b"5000", b"1").replace(b"3000", b"1"),
    "huge": lambda body, dice: body + b" " * (LONGEST + dice.randrange(3) - len(body)),
}

#: Where else a signature might be believed.
OTHER_HEADERS = (
    "",
    "HTTP_AUTHORIZATION",
    "HTTP_X_SEZZLE_SIGNATURE",
    "HTTP_SEZZLE_SIGNATURES",
    "HTTP_X_SIGNATURE",
    "HTTP_SIGNATURE",
    "HTTP_COOKIE",
    "SEZZLE_SIGNATURE",
)
