"""The control API: faults, clock, profile and shopper for tests in another process."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from .gateway import Emulator
from .messages import Refusal, Request, Response
from .validation import read_json

_ORDER_ACTION = re.compile(r"/emulator/orders/([^/]+)/(approve|deny|cancel)\Z")


class Control:
    """Answers ``/emulator/...`` in JSON."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def respond(self, request: Request) -> Response:
        """Answer a control call; what is wrong with it is said under ``error`` with a 4xx."""
        try:
            body = read_json(request.body) if request.body else {}
            if not isinstance(body, dict):
                raise ValueError("The body has to be a JSON object.")
            return self._route(request, body)
        except Refusal as refusal:
            return Response.of_json(refusal.status, {"error": str(refusal)})
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            return Response.of_json(400, {"error": str(error)})

    def _route(self, request: Request, body: dict[str, Any]) -> Response:
        emulator = self._emulator
        action = _ORDER_ACTION.match(request.path)
        if action is not None and request.method == "POST":
            return self._act(action[1], action[2], body)
        match request.method, request.path.removeprefix("/emulator/").rstrip("/"):
            case "POST", "faults":
                operation, fault = body.pop("operation", "*"), body.pop("fault")
                emulator.faults.add(operation, fault, times=body.pop("times", 1), **body)
                return Response(204)
            case "DELETE", "faults":
                emulator.faults.clear()
                return Response(204)
            case "POST", "clock":
                emulator.clock.advance(timedelta(seconds=body["seconds"]))
                return _json({"now": emulator.clock.now()})
            case "GET", "clock":
                return _json({"now": emulator.clock.now()})
            case "GET", "calls":
                return _json([asdict(call) for call in emulator.calls])
            case "GET", "executions":
                return _json([asdict(execution) for execution in emulator.executions])
            case "GET", "orders":
                return _json([asdict(order) for order in emulator.orders])
            case "GET", "sent-links":
                return _json([asdict(sent) for sent in emulator.sent_links])
            case "POST", "profile":
                emulator.profile.change(**body)
                return _json(emulator.profile.as_dict())
            case "GET", "profile":
                return _json(emulator.profile.as_dict())
            case "POST", "deliveries":
                return _json({"sent": [each.status for each in emulator.deliver_due()]})
        return Response.of_json(404, {"error": "No such control call."})

    def _act(self, order_uuid: str, action: str, body: dict[str, Any]) -> Response:
        if action == "approve":
            url = self._emulator.approve(order_uuid, tokenize=bool(body.get("tokenize", False)))
        elif action == "deny":
            url = self._emulator.deny(order_uuid)
        else:
            url = self._emulator.shopper_cancel(order_uuid)
        return _json({"url": url})


def _json(document: Any) -> Response:
    return Response.of_json(200, _plain(document))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value
