"""The pages of the tests in a browser."""

from django.urls import path

from tests.messaging import pages

urlpatterns = [path("product/", pages.product), path("slow/", pages.slow)]
