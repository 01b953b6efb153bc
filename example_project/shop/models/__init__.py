"""Products, orders and what happened to an order's payment, and subscriptions."""

from example_project.shop.models.order import Order, OrderEvent, OrderLine
from example_project.shop.models.product import Product
from example_project.shop.models.subscription import Subscription

__all__ = ["Order", "OrderEvent", "OrderLine", "Product", "Subscription"]
