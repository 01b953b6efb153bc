"""Every mutation there is, by its name."""

from __future__ import annotations

from tests.reliability.mutations import (
    Mutation,
    amounts,
    charges,
    money,
    records,
    shoppers,
    staff,
    webhooks,
)

TOPICS = (money, amounts, shoppers, charges, webhooks, records, staff)

MUTATIONS: dict[str, Mutation] = {
    mutation.name: mutation for topic in TOPICS for mutation in topic.MUTATIONS
}
