"""Asks a sandbox gateway what Sezzle's documents leave open, and writes down what it answers."""

from django_sezzle.probe.report import Report
from django_sezzle.probe.run import Options, Probe

__all__ = ["Options", "Probe", "Report"]
