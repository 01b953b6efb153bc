"""French in Canada: ``20 h 35``. Django's own has a bare h, which is the hour once more."""

from __future__ import annotations

TIME_FORMAT = "G\xa0\\h\xa0i"
DATETIME_FORMAT = f"j F Y, {TIME_FORMAT}"
SHORT_DATETIME_FORMAT = f"Y-m-d {TIME_FORMAT}"
