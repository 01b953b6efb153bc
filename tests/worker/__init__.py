"""Tests of processing webhooks in a worker: the task, what queues do to it, and real workers."""
