"""A run of ``sezzle_reconcile``: when the last one came to its end."""

from __future__ import annotations

from django.db import models


class SezzleRun(models.Model):
    """
    One row, by which the doctor tells that ``sezzle_reconcile`` does not run any more.

    What waits cannot tell it: where money is captured shortly before its authorization ends,
    nothing is overdue until it is lost.
    """

    #: The number of the only row: runs beside each other write the same one.
    ONLY = 1

    ended_at = models.DateTimeField(editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.ended_at)
