"""Everything under a language, but where Sezzle and its shoppers come."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("till/sezzle/", include("django_sezzle.urls")),
    *i18n_patterns(path("staff/desk/", admin.site.urls)),
]
