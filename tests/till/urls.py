"""A shop with tills."""

from django.urls import include, path

from tests.urls import urlpatterns as of_the_shop

urlpatterns = [*of_the_shop, path("till/", include("django_sezzle.till.urls"))]
