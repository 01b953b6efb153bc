"""The pages of the shop."""

from __future__ import annotations

from django.urls import path

from example_project.shop.views import cart, catalogue, checkout, orders

app_name = "shop"

urlpatterns = [
    path("", catalogue.products, name="products"),
    path("products/<slug:slug>/", catalogue.product, name="product"),
    path("cart/", cart.show, name="cart"),
    path("cart/add/<slug:slug>/", cart.add, name="cart-add"),
    path("cart/change/<slug:slug>/", cart.change, name="cart-change"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("orders/", orders.history, name="orders"),
    path("orders/<uuid:key>/", orders.show, name="order"),
    path("orders/<uuid:key>/pay/", checkout.PayWithSezzle.as_view(), name="pay"),
    path("orders/<uuid:key>/check/", orders.check, name="order-check"),
    path("orders/<uuid:key>/state/", orders.state, name="order-state"),
]
