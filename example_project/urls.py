"""Where things are: the shop, the return and webhook addresses of Sezzle, the staff admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Lantern & Loom staff"
admin.site.site_title = "Lantern & Loom"
admin.site.index_title = "Orders and payments"

urlpatterns = [
    path("", include("example_project.shop.urls")),
    path("sezzle/", include("django_sezzle.urls")),
    path("admin/", admin.site.urls),
]
