"""URLs of the test host: Django's admin and ours, each under a prefix of the host's choice."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sezzle/", include("django_sezzle.urls")),
]
