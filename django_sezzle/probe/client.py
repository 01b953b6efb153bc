"""
Asking the gateway anything, and keeping the whole answer: status and JSON, refusals included.

The shop's own client turns answers into errors; what the probe wants to know is in the answers.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django_sezzle.conf import GATEWAY_URLS, LOOPBACK, PRODUCTION, SANDBOX, Settings
from django_sezzle.exceptions import GatewayUnavailable
from django_sezzle.gateway import Gateway, transport
from django_sezzle.gateway.deadline import deadline
from django_sezzle.gateway.messages.parsing import IDENTIFIER
from django_sezzle.gateway.tokens import tokens
from django_sezzle.probe.shape import fraction_digits, plain_word

#: Not a yes and not a no: the question has to be asked again, or stays open.
UNCLEAR = frozenset({401, 408, 429})
TRIES = 3
PAUSE = 1.0
LONGEST_PAUSE = 30.0


class Refused(Exception):
    """Nothing is asked of this gateway: it is not a sandbox."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: any status, and the JSON of the body or None."""

    call: str
    """Method and path, ids left out."""

    status: int
    json: Any = field(repr=False)
    """May hold the shopper's address."""

    made_at: datetime
    """By the clock over there, to the second; by ours where it does not say."""

    sent_at: float
    """When the call left, by ``time.monotonic()``."""

    @property
    def is_yes(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def is_no(self) -> bool:
        """Whether it was refused, clearly."""
        return 400 <= self.status < 500 and self.status not in UNCLEAR

    @property
    def errors(self) -> list[dict[str, str]]:
        """Code and place of each error; what Sezzle says in words is left out."""
        entries = self.json if isinstance(self.json, list) else [self.json]
        found = []
        for entry in entries[:5] if self.status >= 400 else ():
            given = entry if isinstance(entry, dict) else {}
            words = {name: plain_word(given.get(name)) for name in ("code", "location")}
            found.append({name: word for name, word in words.items() if word})
        return [each for each in found if each]

    @property
    def error_body(self) -> str:
        """How errors are written: ``array``, ``object``, or empty when there is none to read."""
        if self.status < 400:
            return ""
        if isinstance(self.json, list):
            return "array"
        return "object" if isinstance(self.json, dict) else ""

    def member(self, *path: str) -> Any:
        """Look up a member of the answer by its path; None where there is none."""
        value = self.json
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def __str__(self) -> str:
        first: dict[str, str] = next(iter(self.errors), {})
        place = f"at {first['location']}" if "location" in first else ""
        return " ".join(filter(None, (str(self.status), first.get("code", ""), place)))


class Client:
    """
    Calls of one merchant account; each is sent once, but reads and what was not executed.

    :raises Refused: the gateway is neither Sezzle's sandbox nor on loopback.
    """

    def __init__(self, settings: Settings) -> None:
        if why := why_not(settings):
            raise Refused(why)
        self.settings = settings
        #: How moments were written: digits of a second, and how often.
        self.digits: Counter[int] = Counter()
        #: How refusals were written, and how often.
        self.error_bodies: Counter[str] = Counter()

    def authenticate(self) -> None:
        """
        Try the keys.

        :raises GatewayRejected: Sezzle does not take them.
        :raises GatewayUnavailable: nothing answered.
        """
        Gateway(self.settings).authenticate()

    def ask(
        self,
        method: str,
        path: str,
        *,
        of: str = "",
        body: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
        request_id: str | None = None,
        scheme: str = "Bearer ",
    ) -> Reply:
        """
        Send one call and return its answer, whatever its status.

        :param of: the id that takes the place of ``{...}`` in the path.
        :param raw: a body that is no JSON.
        :param scheme: what stands before the token.
        :raises GatewayUnavailable: no whole answer came.
        """
        data = json.dumps(body).encode() if body is not None else raw
        for number in range(1, TRIES + 1):
            token = Gateway(self.settings).authenticate()
            headers = {"Accept": "application/json", "Authorization": scheme + token.value}
            if data is not None:
                headers["Content-Type"] = "application/json"
            if request_id is not None:
                headers["Sezzle-Request-Id"] = request_id
            try:
                reply, pause = self._send(method, path, of, data, headers)
            except GatewayUnavailable:
                if method != "GET" or number == TRIES:
                    raise
                time.sleep(PAUSE)
                continue
            if reply.status == 401 and scheme == "Bearer " and number == 1:
                # It was not executed, so that the same may be sent again.
                tokens.drop(self.settings, token)
            elif reply.status == 429 and number < TRIES:
                time.sleep(pause)
            else:
                break
        self._note(reply)
        return reply

    def _send(
        self, method: str, path: str, of: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Reply, float]:
        if of and not IDENTIFIER.fullmatch(of):
            raise GatewayUnavailable("Sezzle gave an id that cannot be part of a URL.")
        settings = self.settings
        url = settings.gateway_url + re.sub(r"\{\w+\}", of, path)
        sent_at = time.monotonic()
        content = bytearray()
        try:
            with (
                deadline(settings.deadline),
                transport.session().request(
                    method,
                    url,
                    data=data,
                    headers=dict(headers),
                    timeout=(settings.connect_timeout, settings.read_timeout),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                for chunk in response.iter_content(65536):
                    content += chunk
                    if len(content) > transport.MAX_ANSWER_BYTES:
                        raise OSError("the answer is too long")
                given, pause = response.headers.get("Date", ""), response.headers.get("Retry-After")
        except OSError as error:
            # Every exception of requests is one; its frames hold the token.
            raise GatewayUnavailable(
                f"{method} {path} got no whole answer ({type(error).__name__})."
            ) from None
        reply = Reply(
            f"{method} {path.partition('?')[0]}",
            response.status_code,
            _parsed(bytes(content)),
            _moment(given),
            sent_at,
        )
        return reply, _seconds(pause)

    def _note(self, reply: Reply) -> None:
        self.digits.update(fraction_digits(reply.json))
        if reply.error_body:
            self.error_bodies[reply.error_body] += 1


def why_not(settings: Settings) -> str:
    """Say why nothing may be asked of the configured gateway; empty when it may."""
    if settings.environment == PRODUCTION:
        return (
            'ENVIRONMENT is "production". The probe moves money to see what happens: '
            "it runs with keys of the sandbox only."
        )
    host = urlsplit(settings.gateway_url).hostname or ""
    if settings.gateway_url != GATEWAY_URLS[SANDBOX] and host not in LOOPBACK:
        return "GATEWAY_URL is neither Sezzle's sandbox nor on loopback. Nothing was asked of it."
    return ""


def members(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list in an answer; none where it is no list."""
    yield from (each for each in (value if isinstance(value, list) else ()) if type(each) is dict)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None


def _moment(given: str) -> datetime:
    try:
        return parsedate_to_datetime(given).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _seconds(given: str | None) -> float:
    text = given or ""
    return min(float(text), LONGEST_PAUSE) if text.isascii() and text.isdigit() else PAUSE
