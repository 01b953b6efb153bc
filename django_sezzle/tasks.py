"""
Where task queues look for tasks by themselves, as Celery's autodiscovery does in every app.

Without a worker there is nothing to find, and nothing that might not be installed is imported.
"""

from django_sezzle.conf import accounts_with_worker

if accounts_with_worker():
    from django_sezzle.worker import process_event  # noqa: F401
