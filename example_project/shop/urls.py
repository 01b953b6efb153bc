"""The pages of the shop."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from example_project.shop.views import account, cart, catalogue, checkout, orders

app_name = "shop"

urlpatterns = [
    path("", catalogue.products, name="products"),
    path("products/<slug:slug>/", catalogue.product, name="product"),
    path("cart/", cart.show, name="cart"),
    path("cart/add/<slug:slug>/", cart.add, name="cart-add"),
    path("cart/change/<slug:slug>/", cart.change, name="cart-change"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("account/login/", account.LogIn.as_view(), name="login"),
    path("account/logout/", account.LogOut.as_view(), name="logout"),
    path("account/new/", account.new_account, name="new-account"),
    path("subscription/", account.subscription, name="subscription"),
    path("subscription/subscribe/", account.Subscribe.as_view(), name="subscribe"),
    path("subscription/resume/", account.resume, name="resume"),
    path("language/", set_language, name="language"),
    path("orders/", orders.history, name="orders"),
    path("orders/<uuid:key>/", orders.show, name="order"),
    path("orders/<uuid:key>/pay/", checkout.PayWithSezzle.as_view(), name="pay"),
    path("orders/<uuid:key>/check/", orders.check, name="order-check"),
    path("orders/<uuid:key>/state/", orders.state, name="order-state"),
]
