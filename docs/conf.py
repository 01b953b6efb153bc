"""Sphinx configuration: ``tox run -e docs`` builds it with every warning an error."""

import re
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

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
html_static_path = ["_static"]
html_css_files = ["names.css"]

#: A test as docs/features.rst names it and as pytest takes it, below tests/.
PROOF = re.compile(r":ref:`([\w/]+\.py)::([\w:]+)`")
SOURCE = """
.. _`{file}::{name}`:

{file}::{name}
{line}

.. literalinclude:: ../tests/{file}
   :pyobject: {inside}
"""


def show_proofs(app: Sphinx, page: str, text: list[str]) -> None:
    """Put the source of each test that the features name onto a page of its own."""
    if page != "proofs":
        return
    features = app.srcdir / "features.rst"
    app.env.note_dependency(features)
    named = sorted({*PROOF.findall(Path(features).read_text(encoding="utf-8"))})
    for file, name in named:
        line = "=" * len(f"{file}::{name}")
        inside = name.replace("::", ".")
        text[0] += SOURCE.format(file=file, name=name, line=line, inside=inside)


def setup(app: Sphinx) -> None:
    """Have the page of proofs written while the documentation is built."""
    app.connect("source-read", show_proofs)
