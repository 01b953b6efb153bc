"""
The faults and attacks that the tests answer for, by number.

A test says which of them it proves: ``@pytest.mark.fault(6, 34)``. What covers what is written
down by ``python -m tests.reliability.coverage``.
"""

from __future__ import annotations

from typing import NamedTuple

#: Every class, and what goes wrong in it; tests must cover all rows of the first four.
CLASSES = {
    "A": "Money goes where it should not, or goods go out without it",
    "B": "What we keep is false, or we do not see",
    "C": "Secrets, shoppers' data, and who is who",
    "D": "Service stops, or Sezzle stops telling us",
    "E": "Running it, and keeping it in order",
}
MUST_BE_COVERED = "ABCD"


class Row(NamedTuple):
    """One fault or attack."""

    number: int
    letter: str
    fault: str


_FAULTS = {
    "A": {
        1: "The return address is opened and nothing was paid",
        2: "An unsigned or wrongly signed webhook",
        3: "A real event leads to an order that is not the shop's",
        4: "The cart grows after the checkout was made",
        5: "The browser names the price",
        6: "The same money is captured by several at once",
        7: "No answer: done or not done?",
        8: "A process ends between Sezzle's yes and our commit",
        9: "A repeat carries another id or another body",
        10: "A host's rollback forgets that money moved",
        11: "Refunds at once give back more than was taken",
        12: "Captures and releases at once exceed what is held",
        13: "A reauthorization is answered 200 and was declined",
        14: "A lost reauthorization is asked again: two instalment plans",
        15: "Our own clock asks for a new authorization",
        16: "A capture goes to the order that was replaced",
        17: "One order has two checkouts, and both are paid",
        18: "Approved after the shop gave up",
        19: "No key is set, and the empty one signs",
        20: "A switch that turns signature checks off",
        21: "Signatures that are cut, doubled or written otherwise",
        22: "One approval is presented for another order",
        23: "Dollars become the wrong number of cents",
        24: "A currency that has no cents, or is not served",
        25: "Order, request and answer differ in their currency",
        26: "Amounts of nothing, below nothing, or too large",
        27: "Amounts in JSON that are not whole numbers",
        28: "A no to the repeat hides the yes to the first",
        29: "A yes that cannot be read",
        30: "Sezzle acts long after we gave up waiting",
        31: "A link or a foreign form moves money",
        32: "Staff move money without the permission for it",
        33: "One click on thousands of payments",
        34: "A form is sent again by reload, back or proxy",
        35: "A task queue delivers the same request twice",
        36: "Under review, or of another environment or merchant",
    },
    "B": {
        37: "Webhook and return at once, and the staler one is last",
        38: "An old reading arrives after a newer one",
        39: "Events in the wrong order",
        40: "One event delivered many times",
        41: "Two writers, and one of them is forgotten",
        42: "An end that nothing later can change",
        43: "A late no takes a payment back",
        44: "Staff act in Sezzle's own dashboard",
        45: "The webhook subscription is gone without a word",
        46: "A constraint refuses what Sezzle says, for ever",
        47: "A known transaction changes or disappears",
        48: "The event is faster than our own commit",
        49: "An event of an order that is nobody's",
        50: "Answer and webhook are counted both",
        51: "A process ends before the shop was told",
        52: "The shop's own receiver raises",
        53: "The shop is told twice, and ships twice",
        54: "A stale object is saved over newer columns",
        55: "A replica shows yesterday",
        56: "A restored database lacks an operation that was sent",
        57: "Servers whose clocks disagree",
        58: "A database that isolates more strictly",
        59: "A database without conditional unique indexes",
        60: "Old and new code at the same time",
        61: "Sezzle leaves out what it said before",
        62: "An old delivery is replayed months later",
    },
    "C": {
        63: "A link in an answer leads the token elsewhere",
        64: "The gateway redirects",
        65: "Proxies, passwords or certificates of the environment",
        66: "Somebody else's certificate",
        67: "An id that is a path",
        68: "A checkout address that is not Sezzle's",
        69: "Return addresses that can be guessed",
        70: "Return addresses that leak",
        71: "The time of a comparison tells the signature",
        72: "Keys in errors, reports and settings dumps",
        73: "Shoppers in log lines",
        74: "An event that carries a shopper's token",
        75: "What is kept of a shopper, and for how long",
        76: "A parameter that sends shoppers elsewhere",
        77: "A forged host name in the return address",
        78: "Staff write totals by hand",
        79: "Markup from outside in the admin",
        80: "SQL in an id",
    },
    "D": {
        81: "An event that always fails ends the subscription",
        82: "The wrong key turns real events away",
        83: "Keys change while deliveries are on their way",
        84: "The host's defaults answer for our endpoint",
        85: "A body that is too large",
        86: "Signed rubbish",
        87: "Text that a database refuses",
        88: "Headers that are not text",
        89: "Events of an unknown kind or shape",
        90: "A transaction is open while Sezzle thinks",
        91: "SQLite is locked",
        92: "An answer that drips or never ends",
        93: "Sezzle is down",
        94: "The token ends in the middle",
        95: "Sezzle asks us to slow down",
        96: "Two writers wait for each other",
        97: "An open operation blocks its payment for ever",
        98: "Two reconcilers at once",
        99: "A unique key that collides in a host's transaction",
        100: "Somebody reloads the return page all day",
        101: "A flood of signed events",
        102: "The cancel address is opened by a preview",
    },
    "E": {
        103: "Staff read success where nobody knows",
        104: "A bulk action stops in the middle",
        105: "Settings that cannot work",
        106: "Sezzle learns new words",
        107: "Deleting people or orders takes money's history along",
        108: "Green on SQLite, red in production",
        109: "A guard is lost and no test sees it",
        110: "Moments without a zone, or of another clock",
    },
}

ROWS = {
    number: Row(number, letter, fault)
    for letter, faults in _FAULTS.items()
    for number, fault in faults.items()
}
