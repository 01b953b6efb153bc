"""The cart: product slugs with quantities, kept in the session."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from django.http import HttpRequest

from example_project.shop.models import Order, Product
from example_project.shop.models.order import PAYABLE, shipping_for

CART, CHECKOUT_KEY, ORDERS = "cart", "checkout_key", "orders"
MOST_PIECES = 9


class CartLine(NamedTuple):
    """One product in the cart."""

    product: Product
    quantity: int

    @property
    def total_in_cents(self) -> int:
        """Tell what the line costs, in cents."""
        return self.quantity * self.product.price_in_cents


class Cart:
    """
    What a shopper has chosen.

    The cart has a key while its content stays the same. The order made from it takes that key,
    so pressing the button twice, going back, or a second tab all lead to the same order.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.session = request.session
        self._forget_what_was_ordered()

    def __iter__(self) -> Iterator[CartLine]:
        chosen = self._chosen
        for product in Product.objects.filter(slug__in=chosen):
            yield CartLine(product, chosen[product.slug])

    def __len__(self) -> int:
        return sum(self._chosen.values())

    @property
    def _chosen(self) -> dict[str, int]:
        chosen: dict[str, int] = self.session.get(CART, {})
        return chosen

    @property
    def key(self) -> uuid.UUID:
        """Give the key that the order made from this content has, or will have."""
        if CHECKOUT_KEY not in self.session:
            self.session[CHECKOUT_KEY] = str(uuid.uuid4())
        return uuid.UUID(self.session[CHECKOUT_KEY])

    @property
    def goods_in_cents(self) -> int:
        """Tell what the products cost together."""
        return sum(line.total_in_cents for line in self)

    @property
    def shipping_in_cents(self) -> int:
        """Tell what shipping costs."""
        return shipping_for(self.goods_in_cents)

    @property
    def total_in_cents(self) -> int:
        """Tell what there is to pay."""
        return self.goods_in_cents + self.shipping_in_cents

    @property
    def is_made_to_order(self) -> bool:
        """Tell whether something in it has yet to be made, so that money is held first."""
        return any(line.product.is_made_to_order for line in self)

    def add(self, product: Product, pieces: int = 1) -> None:
        """Put more pieces into the cart."""
        self.set(product.slug, self._chosen.get(product.slug, 0) + pieces)

    def set(self, slug: str, quantity: int) -> None:
        """Change how many pieces are in the cart; none takes the product out."""
        kept = {name: pieces for name, pieces in self._chosen.items() if name != slug}
        if quantity > 0:
            kept[slug] = min(quantity, MOST_PIECES)
        self.session[CART] = kept
        # Another content is another order.
        self.session.pop(CHECKOUT_KEY, None)

    def remember(self, order: Order) -> None:
        """List the order among those of this visitor."""
        keys: list[str] = self.session.get(ORDERS, [])
        if str(order.key) not in keys:
            self.session[ORDERS] = [str(order.key), *keys]

    def _forget_what_was_ordered(self) -> None:
        """Empty the cart once its order has been paid, even if the shopper never came back."""
        key = self.session.get(CHECKOUT_KEY)
        if not key:
            return
        if Order.objects.filter(key=key).exclude(state__in=PAYABLE).exists():
            self.session.pop(CART, None)
            self.session.pop(CHECKOUT_KEY, None)
