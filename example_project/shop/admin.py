"""Staff's view of products and orders. The money itself is moved in the Sezzle payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from example_project.shop import shipments
from example_project.shop.models import Order, OrderEvent, OrderLine, Product
from example_project.shop.money import dollars

if TYPE_CHECKING:
    # The type checker knows these as generic; Django's own classes are not.
    Inline = admin.TabularInline[Any, Order]
    OrderBase = admin.ModelAdmin[Order]
    ProductBase = admin.ModelAdmin[Product]
else:
    Inline = admin.TabularInline
    OrderBase = ProductBase = admin.ModelAdmin


class ReadOnlyInline(Inline):
    """Rows that are shown and never edited."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds any by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits any by hand."""
        return False


class LineInline(ReadOnlyInline):
    """What was ordered."""

    model = OrderLine
    fields = ("sku", "name", "quantity", "price", "is_made_to_order")
    readonly_fields = ("price",)

    @admin.display(description=_("Price"))
    def price(self, line: OrderLine) -> str:
        """Show the price of one piece."""
        return dollars(line.price_in_cents)


class EventInline(ReadOnlyInline):
    """What happened to the money."""

    model = OrderEvent
    fields = ("at", "text_shown")
    readonly_fields = ("at", "text_shown")

    @admin.display(description=_("Text"))
    def text_shown(self, event: OrderEvent) -> str:
        """Show it in the reader's language."""
        return str(event)


#: Fields that lead to where money is moved, and the permission that is needed there.
MOVES = {"next_shipment": "capture_sezzlepayment", "rest": "release_sezzlepayment"}


@admin.register(Order)
class OrderAdmin(OrderBase):
    """Orders: read-only, with a way to the payments, and shipping."""

    list_display = (
        "number",
        "created_at",
        "customer",
        "state",
        "total",
        "charged",
        "held",
        "refunded",
        "shipped_at",
    )
    list_filter = ("state",)
    list_per_page = 50
    search_fields = ("^number", "^email", "^last_name")
    ordering = ("-id",)
    inlines = (LineInline, EventInline)
    actions = ("ship",)
    # Whoever may only view sees every field read-only; these are computed.
    readonly_fields = (
        "is_ready",
        "sezzle_payments",
        "shipments",
        "next_shipment",
        "rest",
        "total",
        "shipping",
        "charged",
        "held",
        "released",
        "refunded",
        "customer",
        "address",
    )
    fields = (
        "number",
        "state",
        "created_at",
        "shipped_at",
        "is_ready",
        "sezzle_payments",
        "shipments",
        "next_shipment",
        "rest",
        "total",
        "shipping",
        "charged",
        "held",
        "released",
        "refunded",
        "customer",
        "email",
        "address",
    )

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> list[Any]:
        """Show a way to the money only to whoever may move it so."""
        return [
            name
            for name in self.fields
            if name not in MOVES or request.user.has_perm(f"django_sezzle.{MOVES[name]}")
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Orders come from the shop only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """Nobody edits what a shopper ordered."""
        return False

    def has_ship_permission(self, request: HttpRequest) -> bool:
        """Shipping is what staff may change about an order."""
        return request.user.has_perm("shop.change_order")

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """An order with money in it stays."""
        return False

    @admin.display(description=_("Customer"))
    def customer(self, order: Order) -> str:
        """Show who ordered."""
        return f"{order.first_name} {order.last_name}"

    @admin.display(description=_("Address"))
    def address(self, order: Order) -> str:
        """Show where it goes."""
        parts = (order.street, order.street2, order.city, f"{order.region} {order.postal_code}")
        return ", ".join(part for part in parts if part)

    @admin.display(description=_("Total"), ordering="total_in_cents")
    def total(self, order: Order) -> str:
        """Show what there was to pay."""
        return dollars(order.total_in_cents)

    @admin.display(description=_("Shipping"))
    def shipping(self, order: Order) -> str:
        """Show what of it is shipping."""
        return dollars(order.shipping_in_cents)

    @admin.display(description=_("Charged"), ordering="charged_in_cents")
    def charged(self, order: Order) -> str:
        """Show what was taken."""
        return dollars(order.charged_in_cents)

    @admin.display(description=_("Held"), ordering="held_in_cents")
    def held(self, order: Order) -> str:
        """Show what is held and not yet taken."""
        return dollars(order.held_in_cents)

    @admin.display(description=_("Released"))
    def released(self, order: Order) -> str:
        """Show what was let go."""
        return dollars(order.released_in_cents)

    @admin.display(description=_("Refunded"), ordering="refunded_in_cents")
    def refunded(self, order: Order) -> str:
        """Show what was given back."""
        return dollars(order.refunded_in_cents)

    @admin.display(description=_("Ready to ship"), boolean=True)
    def is_ready(self, order: Order) -> bool:
        """Show whether the money for it is there."""
        return order.is_ready_to_ship()

    @admin.display(description=_("Sezzle payments"))
    def sezzle_payments(self, order: Order) -> str:
        """Link to the payments, newest first."""
        rows = (
            (reverse("admin:django_sezzle_sezzlepayment_change", args=[payment.pk]), payment)
            for payment in order.payments()
        )
        return format_html_join(", ", '<a href="{}">{}</a>', rows) or gettext("none")

    @admin.display(description=_("Shipments"))
    def shipments(self, order: Order) -> str:
        """List what was charged as it was shipped, oldest first."""
        rows = (
            (
                shipment.reference or gettext("without a number"),
                dollars(shipment.amount_in_cents),
                date_format(timezone.localtime(shipment.at), "SHORT_DATETIME_FORMAT"),
                "" if shipment.is_captured else f" ({gettext('being checked: do not repeat')})",
            )
            for shipment in shipments.of_order(order)
        )
        return format_html_join(mark_safe("<br>"), "{}: {}, {}{}", rows) or gettext("none")

    @admin.display(description=_("Next shipment"))
    def next_shipment(self, order: Order) -> str:
        """Lead to where the amount of a shipment is captured under its number."""
        return _way_to("capture", order, gettext("Capture what is shipped"))

    @admin.display(description=_("The rest"))
    def rest(self, order: Order) -> str:
        """Lead to where what will not be shipped is let go."""
        return _way_to("release", order, gettext("Release the rest"))

    @admin.action(description=_("Mark as shipped"), permissions=["ship"])
    def ship(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """Mark orders as shipped; those whose money is not there stay."""
        for order in orders:
            if order.is_ready_to_ship():
                order.shipped_at = timezone.now()
                order.save(update_fields=["shipped_at"])
                self.message_user(
                    request, gettext("%(order)s is marked as shipped.") % {"order": order}
                )
            else:
                self.message_user(
                    request,
                    gettext("%(order)s stays: it is shipped already, or its money is not there.")
                    % {"order": order},
                    messages.WARNING,
                )


def _way_to(action: str, order: Order, text: str) -> str:
    holding = [payment for payment in order.payments() if payment.capturable_in_cents]
    if not holding:
        return gettext("nothing is held")
    page = reverse("admin:django_sezzle_sezzlepayment_money", args=[action])
    address = f"{page}?ids={','.join(str(payment.pk) for payment in holding)}"
    return format_html('<a href="{}">{}</a>', address, text)


@admin.register(Product)
class ProductAdmin(ProductBase):
    """What the shop sells."""

    list_display = ("name", "sku", "kind", "price", "is_made_to_order")
    prepopulated_fields = {"slug": ("name",)}

    @admin.display(description=_("Price"), ordering="price_in_cents")
    def price(self, product: Product) -> str:
        """Show the price."""
        return dollars(product.price_in_cents)
