"""Products, orders and what happened to an order's payment."""

from example_project.shop.models.order import Order, OrderEvent, OrderLine
from example_project.shop.models.product import Product

__all__ = ["Order", "OrderEvent", "OrderLine", "Product"]
