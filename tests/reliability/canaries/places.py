"""Every place in which a canary could come to rest, written out as text."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from types import TracebackType
from typing import Any

from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.db import connection
from django.views.debug import ExceptionReporter

import django_sezzle
from tests.reliability.listening import variables_of

PACKAGE = str(Path(django_sezzle.__file__).parent)


def database() -> Iterator[tuple[str, str]]:
    """Write out every row of every table, and what sessions hold in their code."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                yield f"table {table}", repr(row)
    for session in Session.objects.all():
        yield "session", repr(session.get_decoded())


def mails() -> Iterator[tuple[str, str]]:
    """Write out every mail with all its parts."""
    for message in getattr(mail, "outbox", []):
        parts = [message.subject, str(message.body), repr(message.extra_headers)]
        parts += [str(alternative[0]) for alternative in getattr(message, "alternatives", [])]
        yield "mail", "\n".join(parts)


def cache() -> Iterator[tuple[str, str]]:
    """Write out what the cache in memory holds."""
    for name, value in getattr(caches["default"], "_cache", {}).items():
        yield "cache", f"{name} {value!r}"


def error(raised: BaseException) -> Iterator[tuple[str, str]]:
    """Write out an error in every way in which somebody may: text, chain, reports, variables."""
    link: BaseException | None = raised
    while link is not None:
        # The frames of the test hold what it looks for.
        link.__traceback__ = _from_package(link.__traceback__)
        yield "error", f"{link} {link!r} {link.args}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    yield "traceback", "".join(traceback.format_exception(raised))
    yield "variables", "\n".join(variables_of(raised))
    report = ExceptionReporter(None, type(raised), raised, raised.__traceback__)
    yield "error report", report.get_traceback_text() + report.get_traceback_html()


def _from_package(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(PACKAGE):
        trace = trace.tb_next
    return trace


def response(answer: Any) -> Iterator[tuple[str, str]]:
    """Write out an answer of ours to a browser: status line, headers, cookies, page."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
    yield "response", f"{headers}\n{answer.cookies}\n{answer.content.decode()}"


def thing(value: object) -> Iterator[tuple[str, str]]:
    """Write out an object as logs and error reports do."""
    yield f"repr of {type(value).__name__}", f"{value} {value!r} {pformat(value)} {value:}"
