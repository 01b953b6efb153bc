"""
One HTTP exchange with Sezzle, and what can be known after it failed.

Nothing is followed: no redirect, no link of an answer. Nothing of the environment is used: no
proxy, no ``.netrc``, no CA bundle. Only reads are ever repeated here; a POST is sent once.
"""

from __future__ import annotations

import json
import logging
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import exceptions as urllib3_errors

from django_sezzle import __version__
from django_sezzle.conf import Settings
from django_sezzle.counting import count
from django_sezzle.exceptions import (
    AuthenticationFailed,
    ErrorDetail,
    GatewayRejected,
    GatewayUnavailable,
    OutcomeUnknown,
)
from django_sezzle.gateway.deadline import (
    DeadlineAdapter,
    DeadlinePassed,
    after_fork,
    deadline,
    remaining,
)

logger = logging.getLogger("django_sezzle.gateway")

# At DEBUG urllib3 writes out every address it asks for.
HIDDEN = re.compile(r"/v2/(?:token|customer)/")
logging.getLogger("urllib3.connectionpool").addFilter(
    lambda record: HIDDEN.search(record.getMessage()) is None
)

POOL_SIZE = 32
MAX_ANSWER_BYTES = 2**20
READ_TRIES = 3
FIRST_PAUSE = 0.5

#: Where Sezzle's paths have an id ("/v2/order/{id}/capture"), and the words that stand there too.
ID_PLACE = 3
NO_IDS = frozenset({"balance", "report", "test"})
#: Those with a word before the id ("/v2/settlements/details/{id}").
LATER_IDS = frozenset({"settlements"})

#: Sezzle says no, and nothing was done. Everything else that is not 2xx is not a clear answer.
REFUSALS = frozenset({400, 401, 403, 404, 422})
#: 429 is not among them: asking again at once is what it forbids.
WORTH_READING_AGAIN = frozenset({408, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: its status, and its JSON or None where it has none."""

    status: int
    # Holds a token, or the shopper's address: error reports show local variables by their repr.
    json: Any = field(repr=False)
    #: When it was made by the clock over there, to the second; None where it does not say.
    made_at: datetime | None = None
    #: As it came, for what is no JSON, and for numbers of which no float may be made.
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One request. ``moves_money`` decides what silence means.

    ``secret`` stands for ``{secret}`` in the path, and in no log, error or report.
    """

    method: str
    path: str
    token: str | None
    body: Mapping[str, Any] | None = None
    request_id: str | None = None
    moves_money: bool = False
    secret: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    accept: str = "application/json"
    longest: int = MAX_ANSWER_BYTES

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}>"

    @property
    def route(self) -> str:
        """The path without its id, which stands in the third place: what calls are counted by."""
        parts = self.path.split("/")
        place = ID_PLACE + (not LATER_IDS.isdisjoint(parts))
        if len(parts) > place and parts[place] not in NO_IDS:
            parts[place] = "{id}"
        return "/".join(parts)


def exchange(call: Call, settings: Settings) -> Answer:
    """
    Send a request and return Sezzle's 2xx answer. Reads are tried up to three times.

    Everything together, repeats and pauses included, obeys the current deadline.

    :raises GatewayRejected: Sezzle refused (400, 403, 404, 422); nothing was done.
    :raises AuthenticationFailed: Sezzle refused the token (401); nothing was done.
    :raises GatewayUnavailable: the request never left, or the call moves no money and failed.
    :raises OutcomeUnknown: the call moves money and nothing clear came back.
    """
    pauses = [FIRST_PAUSE * 2**n for n in range(READ_TRIES - 1)] if call.method == "GET" else []
    for pause in pauses:
        try:
            return _once(call, settings)
        except GatewayUnavailable as error:
            wait = pause * random.uniform(0.5, 1)  # noqa: S311 - spreads load, hides nothing
            clear = error.status is not None and error.status not in WORTH_READING_AGAIN
            if clear or _left() <= wait:
                raise
            time.sleep(wait)
    return _once(call, settings)


def _once(call: Call, settings: Settings) -> Answer:
    started = time.monotonic()
    status: int | None = None
    left = _left()
    if not left:
        raise GatewayUnavailable(
            "There was no time left to ask Sezzle. No money moved. Try again later."
        )
    try:
        with session().request(
            call.method,
            settings.gateway_url + call.path.replace("{secret}", call.secret),
            data=None if call.body is None else json.dumps(call.body).encode(),
            params=call.query,
            headers=_headers(call),
            timeout=(min(settings.connect_timeout, left), min(settings.read_timeout, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            status = response.status_code
            answer = _answer(response, call.longest)
    except (requests.RequestException, urllib3_errors.HTTPError, OSError) as error:
        _log(call, settings, status, started, type(error).__name__)
        forget_frames(error)
        unnamed = _failure(call, error)
        if not call.secret:
            raise unnamed from error
    except Exception as error:
        # A fault that nobody thought of is none of ours to hide; its frames are.
        forget_frames(error)
        raise
    else:
        _log(call, settings, status, started)
        return _judge(call, answer)
    # Without the error that led to it: the libraries' errors quote the address.
    raise unnamed


def knock(url: str, *, seconds: float) -> tuple[int, str]:
    """
    See what answers at an address of the shop's own; nothing is sent but the question.

    :returns: the status, and where a redirect leads (empty without one).
    :raises GatewayUnavailable: nothing answered.
    """
    try:
        with (
            deadline(seconds),
            session().get(url, timeout=seconds, allow_redirects=False, stream=True) as response,
        ):
            return response.status_code, _printable(response.headers.get("Location"))
    except (requests.RequestException, urllib3_errors.HTTPError, OSError) as error:
        raise GatewayUnavailable(f"Nothing answered ({type(error).__name__}).") from None


def _headers(call: Call) -> dict[str, str]:
    headers = {"Accept": call.accept, "Content-Type": "application/json"}
    if call.body is None:
        del headers["Content-Type"]
    if call.token is not None:
        headers["Authorization"] = f"Bearer {call.token}"
    if call.request_id is not None:
        headers["Sezzle-Request-Id"] = call.request_id
    return headers


def _answer(response: requests.Response, longest: int) -> Answer:
    # Not where errors are raised: reports show local variables, and this one may hold a token.
    body = _read(response, longest)
    return Answer(response.status_code, _parsed(body), _made_at(response), body)


def _read(response: requests.Response, longest: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        remaining()
        if len(body) > longest:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
    return bytes(body)


def _made_at(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _judge(call: Call, answer: Answer) -> Answer:
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    errors = _errors(answer.json)
    # Sezzle's words may repeat what the shopper typed, where that was sent.
    may_quote = call.moves_money or (call.body is None and not call.secret)
    words = [(may_quote and e.message) or " ".join((e.code, e.location)).strip() for e in errors]
    said = ", ".join(filter(None, (f"HTTP {status}", *words[:3])))
    if status == HTTPStatus.UNAUTHORIZED:
        raise AuthenticationFailed(
            f"Sezzle did not accept the keys ({said}). No money moved. "
            "Check that both keys belong to this environment.",
            status=status,
            errors=errors,
        )
    if status in REFUSALS:
        raise GatewayRejected(
            f"Sezzle refused ({said}). No money moved.", status=status, errors=errors
        )
    raise _unclear(call, said, status=status, errors=errors)


def _errors(content: Any) -> tuple[ErrorDetail, ...]:
    # Documented as an array; some pages print a bare object.
    entries = content if isinstance(content, list) else [content]
    found = []
    for entry in entries[:10]:
        if isinstance(entry, dict):
            values = (entry.get(name) for name in ErrorDetail._fields)
            found.append(ErrorDetail(*(_printable(value) for value in values)))
    return tuple(found)


def _printable(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text[:300] if character.isprintable())


def _failure(call: Call, error: Exception) -> GatewayUnavailable | OutcomeUnknown:
    if _never_left(error):
        unsent = GatewayUnavailable("Sezzle could not be reached. No money moved. Try again later.")
        unsent.never_left = True
        return unsent
    slow = any(isinstance(cause, _SLOW) for cause in _causes(error))
    return _unclear(call, "no answer in time" if slow else "the connection broke")


def _unclear(call: Call, said: str, **details: Any) -> GatewayUnavailable | OutcomeUnknown:
    if call.moves_money:
        return OutcomeUnknown(
            f"Sezzle gave no clear answer ({said}). Money may or may not have moved: "
            "it is being checked. Do not repeat.",
            **details,
        )
    return GatewayUnavailable(
        f"Sezzle gave no usable answer ({said}). No money moved. Try again later.", **details
    )


def _never_left(error: BaseException) -> bool:
    """
    Whether the connection was not even made: refused, not resolved, certificate refused.

    Other TLS errors may happen while the answer is read, so they prove nothing.
    """
    return any(isinstance(cause, _NEVER_LEFT) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[object]:
    """Unwrap what requests wrapped around what urllib3 wrapped around what the socket said."""
    reason: object = error
    for _ in range(5):
        yield reason
        if isinstance(reason, urllib3_errors.MaxRetryError):
            reason = reason.reason
        else:
            # The cause comes first or last: ("Connection aborted.", TimeoutError()).
            found = reason.args if isinstance(reason, Exception) else ()
            reason = next((arg for arg in found if isinstance(arg, BaseException)), None)


def forget_frames(error: BaseException | None) -> None:
    """Cut off the frames of requests and urllib3: their variables hold keys and shoppers' data."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


_SLOW = (requests.Timeout, urllib3_errors.TimeoutError, TimeoutError)
_NEVER_LEFT = (
    requests.ConnectTimeout,
    urllib3_errors.NewConnectionError,
    urllib3_errors.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)


def _left() -> float:
    try:
        return remaining()
    except DeadlinePassed:
        return 0.0


def _log(
    call: Call, settings: Settings, status: int | None, started: float, error: str = ""
) -> None:
    took = time.monotonic() - started
    count(
        "gateway_call",
        seconds=took,
        account=settings.account,
        method=call.method,
        path=call.route,
        status=error or str(status),
    )
    logger.info(
        "method=%s path=%s status=%s ms=%d request_id=%s error=%s",
        call.method,
        call.path,
        status or "-",
        took * 1000,
        call.request_id or "-",
        error or "-",
    )


class _Session(requests.Session):
    """A session that does not even look where a redirect would lead."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none; requests would read the whole body to find out."""


_lock = threading.Lock()
_session: requests.Session | None = None
_mounts: dict[str, BaseAdapter] = {}


def session() -> requests.Session:
    """Give this process its one session: pooled, no cookies, nothing of the environment."""
    global _session  # noqa: PLW0603 - one pool per process is the point
    if _session is None:
        with _lock:
            if _session is None:
                _session = _new_session()
    return _session


def _new_session() -> requests.Session:
    new = _Session()
    new.trust_env = False
    new.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    new.headers["User-Agent"] = f"django-sezzle/{__version__}"
    adapter = DeadlineAdapter(POOL_SIZE)
    new.mount("https://", adapter)
    new.mount("http://", adapter)
    for prefix, mounted in _mounts.items():
        new.mount(prefix, mounted)
    return new


def mount(prefix: str, adapter: BaseAdapter) -> Callable[[], None]:
    """
    Answer requests to addresses with this prefix by an adapter: for tests and the emulator.

    Returns a function that takes the adapter away again.
    """
    _mounts[prefix] = adapter
    _forget_session()

    def unmount() -> None:
        _mounts.pop(prefix, None)
        _forget_session()

    return unmount


def _forget_session() -> None:
    global _session, _lock  # noqa: PLW0603
    _session = None
    _lock = threading.Lock()


after_fork(_forget_session)
