"""Where things are: the shop, Sezzle's return and webhook addresses, the till's API, the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

admin.site.site_header = _("Lantern & Loom staff")
admin.site.site_title = "Lantern & Loom"
admin.site.index_title = _("Orders and payments")

urlpatterns = [
    path("", include("example_project.shop.urls")),
    path("sezzle/", include("django_sezzle.urls")),
    path("till/", include("django_sezzle.till.urls")),
    path("admin/", admin.site.urls),
]
