"""Addresses of the package; include them under any prefix: ``path("sezzle/", include(...))``."""

from django.urls import path

from django_sezzle import api, saved_account, views

app_name = "sezzle"

urlpatterns = [
    path("webhook/", api.WebhookView.as_view(), name="webhook"),
    path("webhook/<slug:account>/", api.WebhookView.as_view(), name="webhook-account"),
    path(
        "saved-account/<int:pk>/remove/",
        saved_account.ForgetSavedAccountView.as_view(),
        name="saved-account-remove",
    ),
    path("<str:token>/complete/", views.complete, name="complete"),
    path("<str:token>/cancel/", views.cancel, name="cancel"),
    path("<str:token>/status/", api.StatusView.as_view(), name="status"),
]
