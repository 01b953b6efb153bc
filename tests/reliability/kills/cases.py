"""Which deaths there are, what each leaves behind, and what whoever comes next then comes to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from tests.reliability.kills.points import ANSWERED, POSTED, POSTING
from tests.reliability.scale import IS_FULL

KEYS = ("honoured", "ignored", "refused")

# What a death leaves behind
NOTHING = "nothing written"
UNSENT = "a click that was not sent"
DEFERRED = "an intent that the host committed and nobody sent"
CLAIMED = "sent or not, and Sezzle did nothing"
EXECUTED = "done by Sezzle, not all of it told"
TOLD = "all done"

READING = ("read", "joined, not committed", "joined")
SENDING = (
    "claimed",
    POSTING,
    POSTED,
    ANSWERED,
    "read back",
    "settled, not committed",
    "settled",
)
TELLING = ("about to tell", "receiver", "heard, not committed", "told")

_SENT = {
    "claimed": CLAIMED,
    POSTING: CLAIMED,
    **dict.fromkeys(SENDING[2:], EXECUTED),
    **dict.fromkeys(TELLING[:-1], EXECUTED),
    "told": TOLD,
}

#: Every point that a money call comes to.
CLICK = {
    **dict.fromkeys(READING, NOTHING),
    "begun, not committed": NOTHING,
    "begun": UNSENT,
    **_SENT,
}

#: Every point that a money call inside the host's transaction comes to, its commit included.
ON_COMMIT = {
    "begun, not committed": NOTHING,
    "host not committed": NOTHING,
    "host committed": DEFERRED,
    "about to send what was deferred": DEFERRED,
    **_SENT,
}

#: The points that whoever comes next comes to.
RECOVERY = {
    NOTHING: READING,
    UNSENT: (*READING, "given up"),
    DEFERRED: (*READING, *SENDING, *TELLING),
    CLAIMED: (*READING, *SENDING, *TELLING),
    EXECUTED: (*READING, *TELLING),
    TOLD: READING,
}


@dataclass(frozen=True)
class Case:
    """A death, perhaps a second one of whoever comes next, and how Sezzle takes repeats."""

    first: str
    second: str | None
    keys: str
    duplicate_status: int


def choose(dice: random.Random, firsts: Mapping[str, str], *, part: int = 0) -> list[Case]:
    """
    Give all cases; or every first death once, and this part's third of the second ones as well.

    :param part: 0, 1 or 2, so that three tests together have every second death.
    """
    reaching: dict[str | None, list[str]] = {None: list(firsts)}
    for first, left in firsts.items():
        for second in RECOVERY[left]:
            reaching.setdefault(second, []).append(first)
    if IS_FULL:
        pairs = [(first, second) for second, able in reaching.items() for first in able]
        chosen = [(*pair, keys) for pair in pairs for keys in KEYS]
    else:
        pairs = few(dice, reaching, set(list(reaching)[part::3]))
        chosen = [(*pair, dice.choice(KEYS)) for pair in pairs]
    return [Case(*case, dice.choice((422, 409))) for case in chosen]


def few(
    dice: random.Random, reaching: Mapping[str | None, list[str]], wanted: set[str | None]
) -> list[tuple[str, str | None]]:
    """Give every first death a second one, those before that are wanted and hard to come to."""
    chosen: list[tuple[str, str | None]] = []
    for first in reaching[None]:
        possible = [second for second, able in reaching.items() if first in able]
        missing = sorted(wanted.intersection(possible), key=lambda name: len(reaching[name]))
        second = missing[0] if missing else dice.choice(possible)
        wanted.discard(second)
        chosen.append((first, second))
    return chosen + [(dice.choice(reaching[second]), second) for second in sorted(wanted, key=str)]
