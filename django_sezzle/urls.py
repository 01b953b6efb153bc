"""Addresses of the package; include them under any prefix: ``path("sezzle/", include(...))``."""

from django.urls import path

from django_sezzle import api, views

app_name = "sezzle"

urlpatterns = [
    path("webhook/", api.WebhookView.as_view(), name="webhook"),
    path("webhook/<slug:account>/", api.WebhookView.as_view(), name="webhook-account"),
    path("<str:token>/complete/", views.complete, name="complete"),
    path("<str:token>/cancel/", views.cancel, name="cancel"),
    path("<str:token>/status/", api.StatusView.as_view(), name="status"),
]
