"""Everything the probe asks, which switches of the emulator each answer sets, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Need(Enum):
    """What a question cannot be asked without; the value completes "open: needs ..."."""

    CHECKOUT = "a guided checkout with intent AUTH"
    AT_ONCE = "a guided checkout with intent CAPTURE"
    LET_GO = "a guided checkout whose money is let go whole"
    REAUTHORIZED = "an order that could be reauthorized"
    EXPIRY = "--wait-for-expiry"
    DENIAL = "--denial, and a shopper whom Sezzle denies"
    DASHBOARD = "--dashboard, and a capture made there"
    WEBHOOKS = "--listen and a public URL that Sezzle can reach"


@dataclass(frozen=True, slots=True)
class Question:
    """One open question."""

    id: str
    """Never changes, for programs."""

    text: str
    switches: tuple[str, ...] = ()
    """The switches of the emulator that stand for the answer."""

    needs: tuple[Need, ...] = ()
    never: str = ""
    """Why no run can answer it."""


CHECKOUT, AT_ONCE, LET_GO = (Need.CHECKOUT,), (Need.AT_ONCE,), (Need.LET_GO,)
HOOKS = (Need.WEBHOOKS,)

QUESTIONS = (
    # Asked with the keys alone
    Question("minimum", "What is the least amount of an order?", ("merchant_minimum_in_cents",)),
    Question("order_ids", "Are order ids UUIDs?", ("order_ids",)),
    Question(
        "before_completion",
        "Does an order show an authorization before the shopper has finished?",
        ("authorization_before_completion",),
    ),
    Question("checkout_life", "How long is a checkout open?", ("checkout_hours",)),
    Question(
        "unreadable_body",
        "How is a body refused that is no JSON, or has an amount written as text?",
    ),
    Question("missing_member", "How is a missing member refused?", ("missing_member",)),
    Question(
        "invalid_value", "How is a value outside its list refused?", ("invalid_value_status",)
    ),
    Question("sum_of_parts", "Do items have to add up to the order's amount?"),
    Question("unknown_order", "How is an unknown order answered?"),
    Question(
        "no_authorization",
        "How is a money operation refused while nothing is authorized?",
        ("no_authorization_status",),
    ),
    Question("early_reference", "Can the reference be changed before the shopper has finished?"),
    Question(
        "duplicate_reference",
        "Is a reference_id refused that was used before?",
        ("unique_reference_ids",),
    ),
    Question("after_deletion", "What does an order say after its checkout was deleted?"),
    Question(
        "deleted_twice",
        "How is the second deletion of a checkout answered?",
        ("deleted_twice_status",),
    ),
    Question(
        "tokenize_placement", "Where does a session carry its tokenize?", ("tokenize_placement",)
    ),
    Question("bare_token", "Does a token work without the word Bearer?"),
    Question(
        "settlement_amounts",
        "Are settlement amounts in dollars or in cents?",
        ("settlement_amounts",),
    ),
    Question("error_body", "Are errors an array or one object?", ("error_body",)),
    Question("dates", "How many digits of a second have moments?", ("date_fraction_digits",)),
    # Asked of an order that a shopper approved
    Question("finished", "What is a finished checkout called?", ("finished_status",), CHECKOUT),
    Question("empty_lists", "Are lists without entries left out?", ("empty_lists",), CHECKOUT),
    Question(
        "shopper_currency",
        "Which amount stands in the shopper's currency?",
        ("shopper_currency",),
        CHECKOUT,
    ),
    Question(
        "authorization_life",
        "How long is an authorization good?",
        ("authorization_minutes",),
        CHECKOUT,
    ),
    Question("refund_early", "How is a refund refused before anything was captured?", (), CHECKOUT),
    Question("odd_amounts", "How are zero, negative and foreign amounts refused?", (), CHECKOUT),
    Question(
        "reauthorize_early", "How is a reauthorization refused that comes too early?", (), CHECKOUT
    ),
    Question(
        "completed_deletion",
        "How is the deletion of a completed checkout refused?",
        ("completed_checkout_status",),
        CHECKOUT,
    ),
    Question(
        "request_id",
        "What is a request id answered that comes again with the same body?",
        ("request_id",),
        CHECKOUT,
    ),
    Question(
        "request_id_conflict",
        "What is a request id answered that comes again with another body?",
        ("duplicate_status",),
        CHECKOUT,
    ),
    Question(
        "request_id_scope",
        "What is a request id answered that comes again with another operation?",
        (),
        CHECKOUT,
    ),
    Question("entries", "Are transactions nested or flat?", ("transaction_entries",), CHECKOUT),
    Question("upcharge", "May this account upcharge?", ("upcharge",), CHECKOUT),
    Question("limits", "Is more refused than there is?", ("limits",), CHECKOUT),
    Question("too_much", "With which status is an amount refused?", ("refusal_status",)),
    Question("at_once", "What does an order with intent CAPTURE show at once?", (), AT_ONCE),
    Question("released", "What is an order called that was let go?", ("released_order",), LET_GO),
    Question("after_release", "What is refused after everything was let go?", (), LET_GO),
    Question("reauthorize_released", "Can an order be reauthorized that was let go?", (), LET_GO),
    Question("expired", "What does an order say after expiry?", ("expired_order",), (Need.EXPIRY,)),
    Question("after_expiry", "What is refused after expiry?", (), (Need.EXPIRY,)),
    Question("reauthorize_expired", "Can an expired order be reauthorized?", (), (Need.EXPIRY,)),
    Question(
        "denied",
        "Where does a denied shopper land?",
        ("denied_shopper",),
        (Need.DENIAL, Need.WEBHOOKS),
    ),
    Question("after_denial", "What does an order say after a denial?", (), (Need.DENIAL,)),
    # Asked with webhooks
    Question("signature", "How is Sezzle-Signature written?", ("signature",), HOOKS),
    Question("webhook_test", "How is a test event answered?", ("webhook_test_status",), HOOKS),
    Question(
        "duplicate_webhook",
        "How is the second subscription of one URL refused?",
        ("duplicate_webhook_status",),
        HOOKS,
    ),
    Question(
        "sample_events", "What do sample events look like, and do their ids repeat?", (), HOOKS
    ),
    Question(
        "tokenized_data_type",
        "What is the data_type of customer.tokenized?",
        ("tokenized_data_type",),
        HOOKS,
    ),
    Question("event_bodies", "What do real events look like?", (), CHECKOUT + HOOKS),
    Question(
        "refund_source",
        "Where does order.refunded say where the refund was made?",
        ("refund_source_placement",),
        CHECKOUT + HOOKS,
    ),
    Question(
        "capture_intent_events",
        "Which events does intent CAPTURE send?",
        ("capture_intent_events", "automatic_capture_event"),
        AT_ONCE + HOOKS,
    ),
    Question(
        "dashboard_event",
        "Does a capture in the dashboard send an event?",
        ("dashboard_capture_event",),
        (Need.DASHBOARD, Need.WEBHOOKS),
    ),
    Question(
        "reauthorization_event",
        "Does a reauthorization send an event?",
        ("reauthorization_event",),
        (Need.REAUTHORIZED, Need.WEBHOOKS),
    ),
    Question("copies", "How often does one event come?", ("webhook_copies",), CHECKOUT + HOOKS),
    Question(
        "delay",
        "How long after the call does its event come?",
        ("webhook_delay_seconds",),
        CHECKOUT + HOOKS,
    ),
    # Not to be answered by asking
    Question(
        "event_order",
        "In which order do events come?",
        ("webhook_order",),
        never="Sezzle promises no order, so that one that was seen proves nothing.",
    ),
    Question(
        "expired_checkout",
        "How is a checkout refused that the shopper finishes too late?",
        ("expired_checkout_status",),
        never="Only the shopper's page shows it, after the link ran out.",
    ),
    Question(
        "spending_power",
        "From which amount on is a shopper denied?",
        ("spending_power_in_cents",),
        never="It is the shopper's, not the account's.",
    ),
    Question(
        "deliveries",
        "Where do deliveries come from, how long does Sezzle wait, and when does it repeat?",
        never="A tunnel hides the first, and the rest takes days of answering badly.",
    ),
    Question(
        "request_id_life",
        "How long is a request id remembered?",
        never="It may be days.",
    ),
    Question(
        "customer_uuid",
        "How is customer-uuid added to an address that has a query string?",
        never="The probe asks no shopper to be remembered.",
    ),
)
