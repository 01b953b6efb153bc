"""Performing an outcome on a real socket, broken connections included."""

from __future__ import annotations

import os
import select
import socket
import struct
from http.server import BaseHTTPRequestHandler
from threading import Event

from .messages import Response
from .outcome import Manner, Outcome

CHUNK = b" " * 65536


def perform(handler: BaseHTTPRequestHandler, outcome: Outcome, stop: Event) -> None:
    """Send an outcome to the caller, or break the connection as it says."""
    response = outcome.response
    if outcome.manner is Manner.REFUSED:
        _reset(handler)
    elif outcome.manner is Manner.STALLED:
        _stall(handler, outcome.seconds, stop)
    elif outcome.manner is Manner.DROPPED or response is None:
        handler.close_connection = True
    elif outcome.manner is Manner.DRIP:
        _drip(handler, response, outcome.seconds, stop)
    elif outcome.manner is Manner.ENDLESS:
        _send_without_end(handler, response, outcome.size)
    else:
        if outcome.manner is Manner.SLOW:
            stop.wait(outcome.seconds)
        send(handler, response)


def send(handler: BaseHTTPRequestHandler, response: Response) -> None:
    """Send a whole answer and keep the connection."""
    _send_head(handler, response, len(response.body))
    if handler.command != "HEAD":
        handler.wfile.write(response.body)


def _send_head(handler: BaseHTTPRequestHandler, response: Response, length: int | None) -> None:
    handler.log_request(response.status)
    handler.send_response_only(response.status)
    handler.send_header("Server", handler.version_string())
    if "Date" not in response.headers:
        handler.send_header("Date", handler.date_time_string())
    for name, value in response.headers.items():
        handler.send_header(name, value)
    if length is None:
        handler.send_header("Connection", "close")
    elif response.status != 204:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


def _reset(handler: BaseHTTPRequestHandler) -> None:
    # A connection that was accepted can no longer be refused; a reset before the first byte is
    # the nearest thing. EmulatorServer.refusing() closes the port for a true refusal.
    handler.close_connection = True
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(handler.connection.detach())


def _stall(handler: BaseHTTPRequestHandler, seconds: float, stop: Event) -> None:
    handler.close_connection = True
    waited = 0.0
    while waited < seconds and not stop.is_set():
        readable, _, _ = select.select([handler.connection], [], [], 0.1)
        if readable and not handler.connection.recv(1, socket.MSG_PEEK):
            return
        if readable:
            stop.wait(0.1)
        waited += 0.1


def _drip(handler: BaseHTTPRequestHandler, response: Response, delay: float, stop: Event) -> None:
    _send_head(handler, response, len(response.body))
    for position in range(len(response.body)):
        if stop.wait(delay):
            handler.close_connection = True
            return
        handler.wfile.write(response.body[position : position + 1])


def _send_without_end(handler: BaseHTTPRequestHandler, response: Response, size: int) -> None:
    handler.close_connection = True
    _send_head(handler, response, None)
    for _ in range(0, size, len(CHUNK)):
        handler.wfile.write(CHUNK)
