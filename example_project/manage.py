#!/usr/bin/env python
"""Django's command line for the example shop; it may be started from any directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Run a management command of the shop."""
    # At the end, so that an installed django-sezzle is preferred to the checkout's.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - the path

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
