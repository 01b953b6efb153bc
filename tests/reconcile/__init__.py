"""Tests of ``sezzle_reconcile``."""
