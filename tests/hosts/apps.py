"""The host's admin, in the place of Django's own."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin app with a site of the host's."""

    default_site = "tests.hosts.desk.Desk"
