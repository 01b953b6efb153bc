"""A certificate nobody vouches for stops the call before it left; a later TLS error does not."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from django_sezzle.exceptions import GatewayUnavailable, OutcomeUnknown
from django_sezzle.gateway import Price, transport

from .conftest import gateway_at
from .wire import ORDER, Wire, drip, message, say

pytestmark = pytest.mark.usefixtures("quick_retries")

TEN = Price(1_000, "USD")
YES = {"uuid": "t-1"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody has signed but itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_name("key.pem")
    request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-days", "2", "-keyout", str(key), "-out", str(path)]
    try:
        subprocess.run(["openssl", *request, *names, *files], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process believe the certificate."""
    monkeypatch.setattr(transport.session(), "verify", str(certificate))


def scrambled(connection: socket.socket, stop: threading.Event) -> bool:
    """Answer with bytes that are no TLS."""
    os.write(connection.fileno(), b"HTTP/1.1 200 OK\r\n\r\n" * 10)
    return False


@pytest.mark.fault(66)
def test_an_unknown_certificate_stops_money_before_it_left(tls: ssl.SSLContext) -> None:
    with Wire(say(200, YES), tls=tls) as wire:
        gateway = gateway_at(wire.url)
        with pytest.raises(GatewayUnavailable, match="could not be reached"):
            gateway.capture(ORDER, TEN, request_id="r-1")
        with pytest.raises(GatewayUnavailable, match="could not be reached"):
            gateway.get_order(ORDER)

        assert wire.requests == []


@pytest.mark.fault(65, 66)
def test_certificates_named_by_the_environment_are_not_believed(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    with Wire(say(200, YES), tls=tls) as wire:
        with pytest.raises(GatewayUnavailable, match="could not be reached"):
            gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

        assert wire.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_known_certificate_is_fine_and_one_connection_serves_all(tls: ssl.SSLContext) -> None:
    with Wire(say(200, YES), tls=tls) as wire:
        gateway = gateway_at(wire.url)
        for number in range(3):
            assert gateway.capture(ORDER, TEN, request_id=f"r-{number}") == "t-1"

        assert wire.connections == 1


@pytest.mark.fault(66)
@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_stops_money_before_it_left(tls: ssl.SSLContext) -> None:
    with Wire(say(200, YES), tls=tls) as wire:
        gateway = gateway_at(wire.url.replace("127.0.0.1", "localhost"))
        with pytest.raises(GatewayUnavailable, match="could not be reached"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert wire.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_tls_error_after_the_request_leaves_money_in_doubt(tls: ssl.SSLContext) -> None:
    with Wire(scrambled, tls=tls) as wire:
        gateway = gateway_at(wire.url)
        gateway.authenticate()
        with pytest.raises(OutcomeUnknown, match="the connection broke") as raised:
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert len(wire.calls) == 1
        assert "SSLError" in repr(raised.value.__cause__)


@pytest.mark.usefixtures("trusted")
def test_the_deadline_holds_for_tls_too(tls: ssl.SSLContext) -> None:
    with Wire(drip(message(200, YES), 0.1), tls=tls) as wire:
        gateway = gateway_at(wire.url, seconds=0.6)
        gateway.authenticate()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert 0.5 <= time.monotonic() - started < 1.6
