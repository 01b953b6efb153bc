"""Addresses of the till's API; a shop that has tills includes them under any prefix."""

from django.urls import path

from django_sezzle.till import api

app_name = "sezzle-till"

urlpatterns = [
    path("schema/", api.SchemaView.as_view(), name="schema"),
    path("payments/", api.PaymentsView.as_view(), name="payments"),
    path("payments/<str:token>/", api.PaymentView.as_view(), name="payment"),
    path("payments/<str:token>/capture/", api.CaptureView.as_view(), name="capture"),
    path("payments/<str:token>/cancel/", api.CancelView.as_view(), name="cancel"),
    path("payments/<str:token>/refund/", api.RefundView.as_view(), name="refund"),
]
