"""Whatever might be signed one day: documented events, taken apart and put together wrongly."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.reliability.forgery import LONGEST, SAMPLES

#: What no column may hold; it has a sign that no id has.
NOTE = "ada@canary.example"

EVENTS = [json.loads(path.read_text()) for path in SAMPLES]
ODD_WORDS: Sequence[Any] = (
    None,
    True,
    False,
    0,
    -1,
    1.0,
    float("nan"),
    float("inf"),
    10**30,
    1e300,
    "",
    " ",
    "100",
    "null",
    NOTE,
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff" * 3,
    "\U0001f4b8" * 40,
    "\u202eabc",
    "../../v2/authentication",
    "a?b#c",
    "id\n",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%s %(x)s {0}",
    "a" * 64,
    "a" * 65,
    "9" * 5_000,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-02-30T00:00:00Z",
    "2026-11-20",
    "2026-W47-5T00:00:00+14:00",
    "2000-01-01T00:00:00+23:59",
    "2199-12-31T23:59:59-23:59",
    "order.authorized",
    "order.",
    "order.exploded",
    "....",
    "_",
    [],
    {},
    [[]],
    [{}],
    {"uuid": "x"},
    [NOTE],
    {"uuid": {"uuid": NOTE}},
)


def document_about(order_uuids: Sequence[str], dice: random.Random) -> bytes:
    """Write a body: an event about one of these orders or none, more or less spoilt."""
    document: Any = json.loads(json.dumps(dice.choice(EVENTS)))
    if dice.random() < 0.8:
        document["uuid"] = f"{dice.getrandbits(128):032x}"
    if dice.random() < 0.6:
        where = "uuid" if document["event"].startswith("order.") else "order_uuid"
        document["data"][where] = dice.choice(order_uuids)
    document["data"]["note"] = NOTE
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        document = dice.choice(CHANGES)(document, dice)
    body = _written(document, dice)
    return dice.choice(SPOILS)(body, dice) if dice.random() < 0.5 else body


def _written(document: Any, dice: random.Random) -> bytes:
    as_ascii = dice.random() < 0.5
    text = json.dumps(document, ensure_ascii=as_ascii, indent=dice.choice((None, None, 1)))
    return text.encode("utf-8", "surrogatepass")


def _place(document: Any, dice: random.Random) -> tuple[Any, Any]:
    """Choose a member somewhere in the document: its container, and its name or number."""
    places: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for name, member in pairs:
            places.append((node, name))
            if isinstance(member, (dict, list)):
                waiting.append(member)
    return dice.choice(places) if places else (None, None)


def _replace(document: Any, dice: random.Random) -> Any:
    return _change(document, dice, lambda holder, name: holder.__setitem__(name, _odd(dice)))


def _remove(document: Any, dice: random.Random) -> Any:
    return _change(document, dice, lambda holder, name: holder.__delitem__(name))


def _nest(document: Any, dice: random.Random) -> Any:
    def bury(holder: Any, name: Any) -> None:
        for _ in range(dice.randrange(1, 40)):
            holder[name] = [holder[name]] if dice.random() < 0.5 else {"data": holder[name]}

    return _change(document, dice, bury)


def _add(document: Any, dice: random.Random) -> Any:
    if isinstance(document, dict):
        name = dice.choice(("uuid", "event", "data", "created_at", "", "\x00", "é", NOTE))
        document[name] = _odd(dice)
    return document


def _be_another(document: Any, dice: random.Random) -> Any:
    return dice.choice((_odd(dice), [document], {"data": document}, [document] * 3))


def _retype(document: Any, dice: random.Random) -> Any:
    if isinstance(document, dict):
        document["event"] = dice.choice(EVENTS)["event"]
    return document


def _change(document: Any, dice: random.Random, act: Callable[[Any, Any], object]) -> Any:
    if isinstance(document, (dict, list)):
        holder, name = _place(document, dice)
        if holder is not None:
            act(holder, name)
    return document


def _odd(dice: random.Random) -> Any:
    return json.loads(json.dumps(dice.choice(ODD_WORDS)))


CHANGES = (_replace, _replace, _remove, _nest, _add, _be_another, _retype)


def _say_twice(body: bytes, dice: random.Random) -> bytes:
    name = dice.choice((b"uuid", b"event", b"data", b"created_at"))
    value = dice.choice((b"null", b'"x"', b"{}", b'"\\u0000"', b"1e999", b"-0", b"[]"))
    if dice.random() < 0.5:
        return body.replace(b"{", b'{"' + name + b'":' + value + b",", 1)
    return body[:-1] + b',"' + name + b'":' + value + b"}"


def _flip(body: bytes, dice: random.Random) -> bytes:
    changed = bytearray(body or b" ")
    for _ in range(dice.randrange(1, 6)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _fill(body: bytes, dice: random.Random) -> bytes:
    wanted = LONGEST + dice.choice((-1, 0, 1))
    return body + b" " * (wanted - len(body)) if len(body) < wanted else body


def _deep(body: bytes, dice: random.Random) -> bytes:
    depth = dice.choice((500, 900, 5_000, 20_000))
    opening, closing = dice.choice(((b"[", b"]"), (b'{"data":', b"}")))
    depth = min(depth, LONGEST // (len(opening) + 2))
    return opening * depth + b"1" + closing * depth


def _number(body: bytes, dice: random.Random) -> bytes:
    number = dice.choice((b"9" * 4_301, b"-" + b"9" * 60_000, b"1e400", b"NaN", b"-Infinity"))
    return b'{"uuid":' + number + b',"event":"order.captured"}'


SPOILS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _say_twice,
    _say_twice,
    _flip,
    _flip,
    _fill,
    _deep,
    _number,
    lambda body, dice: body[: dice.randrange(len(body) + 1)],
    lambda body, dice: dice.randbytes(dice.randrange(300)),
    lambda body, dice: b"\xef\xbb\xbf" + body,
    lambda body, dice: body.decode("utf-8", "replace").encode(dice.choice(("utf-16", "utf-32"))),
    lambda body, dice: body + body,
    lambda body, dice: b"\x00" * dice.randrange(1, 99) + body,
    lambda body, dice: body.replace(b'"', b"'"),
)
