"""Whoever answers for Stripe has a certificate for Stripe's name, of an authority that the shop trusts."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stripe
import trustme
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from payments.models import Item
from payments.tests.stripe_server import StripeServer
from storefront.env import Environment

StripeAt = Callable[[str], StripeServer]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, settings: Any, tmp_path: Path) -> Path:
    """What the shop trusts."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    settings.STRIPE_CA_BUNDLE = str(path)
    return path


@pytest.fixture
def stripe_at(authority: trustme.CA, stripe_server: StripeServer, settings: Any) -> Iterator[StripeAt]:
    """The server with a certificate for this name, reached as localhost."""

    def with_certificate_for(name: str) -> StripeServer:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        server = opened.enter_context(StripeServer())
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        settings.STRIPE_API_BASE = f"https://localhost:{server.port}"
        return server

    with ExitStack() as opened:
        yield with_certificate_for


@pytest.mark.usefixtures("bundle")
def test_a_certificate_of_a_trusted_authority_for_stripes_name_is_accepted(
    client: Client, usd_mug: Item, stripe_at: StripeAt
) -> None:
    stripe_at("localhost")
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303


@pytest.mark.usefixtures("bundle")
def test_a_certificate_for_another_name_is_refused(client: Client, usd_mug: Item, stripe_at: StripeAt) -> None:
    server = stripe_at("elsewhere.example")
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 503
    assert server.requests == []


@pytest.mark.parametrize("trusted", ["the SDK's authorities", "another authority"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    client: Client, usd_mug: Item, stripe_at: StripeAt, settings: Any, tmp_path: Path, trusted: str
) -> None:
    if trusted == "another authority":
        trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
        settings.STRIPE_CA_BUNDLE = str(tmp_path / "another.pem")
    server = stripe_at("localhost")
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 503
    assert server.requests == []


@pytest.mark.parametrize("named", [True, False])
def test_the_file_of_certificates_is_read_once_for_many_connections(
    client: Client, usd_mug: Item, stripe_at: StripeAt, bundle: Path, monkeypatch: Any, settings: Any, named: bool
) -> None:
    # Where none is named, it is the SDK's own that is read.
    monkeypatch.setattr(stripe, "ca_bundle_path", str(bundle))
    settings.STRIPE_CA_BUNDLE = str(bundle) if named else ""
    server = stripe_at("localhost")
    server.keeps_connections = False
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    bundle.unlink()
    bought = [Client().get(f"/buy/{usd_mug.pk}").status_code for _ in range(3)]
    assert bought == [200, 200, 200]
    assert len(server.requests) == 4


def test_a_file_of_certificates_that_is_gone_before_the_first_call_is_a_stripe_that_does_not_answer(
    client: Client, usd_mug: Item, stripe_at: StripeAt, bundle: Path
) -> None:
    stripe_at("localhost")
    content = bundle.read_bytes()
    bundle.unlink()
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 503
    bundle.write_bytes(content)
    assert client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "bundle.pem").write_text(content)
    monkeypatch.setenv("STRIPE_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with pytest.raises(ImproperlyConfigured, match="STRIPE_CA_BUNDLE is '.*bundle.pem', and no certificates can"):
        Environment().certificates("STRIPE_CA_BUNDLE")
