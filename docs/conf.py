"""Sphinx configuration: ``tox run -e docs`` builds it with every warning an error."""

from importlib.metadata import version as installed_version

project = "django-sezzle"
author = "the django-sezzle authors"
copyright = "2026, the django-sezzle authors"
release = installed_version("django-sezzle")
version = ".".join(release.split(".")[:2])

extensions: list[str] = []
exclude_patterns = ["_build"]
nitpicky = True
html_theme = "alabaster"
html_theme_options = {"description": "Accept Sezzle in a Django shop."}
