"""Hearing everything that is logged, and what of it must never have been said."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any


class Listener(logging.Handler):
    """Takes every record of every logger, writes it out in full, and hands the text on."""

    def __init__(self, hear: Callable[[str, str], object]) -> None:
        super().__init__(logging.DEBUG)
        self.heard = 0
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        """Write out the message, its arguments, its extras, and its error with all variables."""
        self.heard += 1
        self._hear(record.name, everything_in(record))


def everything_in(record: logging.LogRecord) -> str:
    """Write out all that a formatter could ever show of a record."""
    extras = {name: value for name, value in vars(record).items() if name != "exc_info"}
    texts = [record.getMessage(), _plain(extras)]
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        texts += traceback.format_exception(error)
        # Those who collect local variables do so for errors.
        if record.levelno >= logging.ERROR:
            texts += variables_of(error)
    return "\n".join(texts)


def variables_of(error: BaseException | None) -> Iterator[str]:
    """Write out the local variables of every frame of an error and of what led to it."""
    while error is not None:
        for frame, _line in traceback.walk_tb(error.__traceback__):
            for name, value in frame.f_locals.items():
                # What cannot be written out, such as a query without a database, tells nothing.
                with suppress(Exception):
                    yield f"{frame.f_code.co_qualname}: {name} = {value!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _plain(extras: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value!r} {value}" for name, value in extras.items())


@contextmanager
def listening(hear: Callable[[str, str], object]) -> Iterator[Listener]:
    """
    Hear every logger at every level, in place of pytest, which would keep a hundred thousand.

    :param hear: takes the logger's name and everything that was said.
    """
    listener = Listener(hear)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    own = {
        name: logger.level
        for name, logger in logging.Logger.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    root.handlers = [listener]
    root.setLevel(logging.DEBUG)
    for name in own:
        logging.getLogger(name).setLevel(logging.NOTSET)
    try:
        yield listener
    finally:
        root.handlers = handlers
        root.setLevel(level)
        for name, before in own.items():
            logging.getLogger(name).setLevel(before)
