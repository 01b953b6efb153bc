"""What a repeated ``Sezzle-Request-Id`` is answered, under each reading of the documentation."""

from __future__ import annotations

import json

from .context import Context
from .messages import Refusal, Response
from .records import RememberedAnswer
from .validation import read_json


def earlier_answer(context: Context) -> Response | None:
    """
    Return the first answer to this request id, or None when the call is to be executed.

    :raises Refusal: the id was used for another call, or repeats are refused altogether.
    """
    reading = context.profile.request_id
    if context.request_id is None or reading == "ignored":
        return None
    known = context.state.answers.get(_key(context))
    if known is None:
        return None
    if reading == "refused" or known.call != _call(context) or known.body != _body(context):
        status = context.profile.duplicate_status
        raise Refusal(status, "duplicate", "Request id was used before")
    return Response.of_json(known.status, json.loads(known.answer))


def remember(context: Context, response: Response) -> None:
    """Keep the answer of a call that was executed under its request id."""
    if context.request_id is None or context.profile.request_id == "ignored":
        return
    context.state.answers.put(
        RememberedAnswer(
            uuid=_key(context),
            call=_call(context),
            body=_body(context),
            status=response.status,
            answer=response.body.decode(),
        )
    )


def _key(context: Context) -> str:
    return f"{context.merchant.uuid}/{context.request_id}"


def _call(context: Context) -> str:
    return f"{context.request.method} {context.request.path.rstrip('/')}"


def _body(context: Context) -> str:
    return json.dumps(read_json(context.request.body), sort_keys=True)
