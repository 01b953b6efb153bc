"""What a shop, its staff and its commands may do with payments."""

from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import cancel, clear_review, set_reference
from django_sezzle.services.money import capture, reauthorize, refund, release, upcharge
from django_sezzle.services.reading import read_order, refresh
from django_sezzle.services.resolving import close_unknown, send_again
from django_sezzle.services.starting import start_checkout

__all__ = [
    "Checkout",
    "cancel",
    "capture",
    "clear_review",
    "close_unknown",
    "read_order",
    "reauthorize",
    "refresh",
    "refund",
    "release",
    "send_again",
    "set_reference",
    "start_checkout",
    "upcharge",
]
