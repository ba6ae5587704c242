"""Stripe is reached through the proxy that the environment names, as by any other program of the machine."""

import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import getproxies_environment

import pytest
import trustme
from django.test import Client

from payments.models import Item
from payments.tests.stripe_server import StripeServer


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*getproxies_environment(), "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shop:secret", "shop:secret"),
        ("shop%40example.com:p%40ss%2Fword%25", "shop@example.com:p@ss/word%"),
        ("shop:p@ss", "shop:p@ss"),
        ("token", "token:"),
    ],
)
def test_a_proxy_is_told_name_and_password_as_they_are_meant(
    client: Client,
    usd_mug: Item,
    stripe_server: StripeServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    meant: str,
) -> None:
    settings.STRIPE_API_BASE = "http://stripe.example"
    monkeypatch.setenv("http_proxy", f"http://{written}@127.0.0.1:{stripe_server.port}")
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303
    (request,) = stripe_server.requests
    assert request.path.startswith("http://stripe.example/")
    assert b64decode(told(request.headers).removeprefix("Basic ")).decode() == meant


def told(headers: dict[str, str]) -> str:
    """In whatever case the name of the header is written."""
    return {name.lower(): value for name, value in headers.items()}["proxy-authorization"]


class Tunnel(BaseHTTPRequestHandler):
    """A proxy that is asked for a way to Stripe, and leads to what listens at that address."""

    server: "Proxy"

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.server.asked_for.append(self.path)
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            back = Thread(target=carry, args=(far, self.connection), daemon=True)
            back.start()
            carry(self.connection, far)
            back.join()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `asked_for` instead."""


def carry(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while part := near.recv(65536):
            far.sendall(part)
    with suppress(OSError):
        far.shutdown(socket.SHUT_WR)


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.asked_for: list[str] = []


@pytest.fixture
def authority(settings: Any, tmp_path: Path) -> trustme.CA:
    """What the shop trusts, and nothing else does."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    settings.STRIPE_CA_BUNDLE = str(tmp_path / "authority.pem")
    return authority


def with_certificate(server: HTTPServer, authority: trustme.CA) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield proxy
        proxy.shutdown()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_a_certificate_of_a_trusted_authority_leads_to_stripe(
    client: Client,
    usd_mug: Item,
    stripe_server: StripeServer,
    proxy: Proxy,
    authority: trustme.CA,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    with_certificate(stripe_server.server, authority)
    if scheme == "https":
        with_certificate(proxy, authority)
    settings.STRIPE_API_BASE = f"https://localhost:{stripe_server.port}"
    monkeypatch.setenv("https_proxy", f"{scheme}://localhost:{proxy.server_port}")
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303
    assert proxy.asked_for == [f"localhost:{stripe_server.port}"]


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("http://127.0.0.1:{port}", "127.0.0.1"),
        ("http://127.0.0.1:{port}", "elsewhere.example, 127.0.0.1:{port}"),
        ("http://127.0.0.1:{port}", "no network/8, 127.0.0.0/8"),
        ("http://127.0.0.1:{port}", "*"),
        ("http://localhost:{port}", ".localhost"),
    ],
)
def test_what_is_named_as_needing_no_proxy_is_reached_without(
    client: Client,
    usd_mug: Item,
    stripe_server: StripeServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    named: str,
) -> None:
    settings.STRIPE_API_BASE = address.format(port=stripe_server.port)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", named.format(port=stripe_server.port))
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303
