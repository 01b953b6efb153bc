"""Writing every exchange and delivery to a file, one JSON line each, for contract checks."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from .messages import Delivery, Exchange, Refusal
from .validation import read_json


class Recorder:
    """An observer that appends to a file; credentials are blotted out."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._lock = Lock()

    def __call__(self, seen: Exchange | Delivery) -> None:
        line = json.dumps(as_document(seen), ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def as_document(seen: Exchange | Delivery) -> dict[str, Any]:
    """Return an exchange or a delivery as a JSON document without credentials."""
    if isinstance(seen, Delivery):
        return {
            "type": "delivery",
            "event": seen.event,
            "url": seen.url,
            "headers": dict(seen.headers),
            "body": _body(seen.body),
            "status": seen.status,
        }
    return {
        "type": "exchange",
        "operation": seen.operation,
        "method": seen.method,
        "path": seen.path,
        "query": seen.query,
        "request_headers": _headers(seen.request_headers),
        "request_body": _body(seen.request_body),
        "status": seen.status,
        "response_headers": dict(seen.response_headers),
        "response_body": _body(seen.response_body),
        "fault": seen.fault,
    }


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    # The scheme stays, because that it was "Bearer" is part of the contract.
    return {
        name: f"{value.partition(' ')[0]} ***" if name.lower() == "authorization" else value
        for name, value in headers.items()
    }


def _body(body: bytes) -> Any:
    if not body:
        return None
    try:
        document = read_json(body)
    except Refusal:
        return {"base64": b64encode(body).decode()}
    if isinstance(document, dict):
        secret = {"private_key"} | ({"token"} if "merchant_uuid" in document else set())
        return {name: "***" if name in secret else value for name, value in document.items()}
    return document
