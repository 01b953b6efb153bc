"""
A host that does everything differently, all at once.

``python -m pytest --ds=tests.hosts.settings tests/webhooks tests/views tests/admin ...`` runs the
ordinary tests in it; ``tests/webhooks/hosts.py`` has hosts that differ in one thing each.
"""
