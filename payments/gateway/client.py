"""Keypair -> StripeClient: one for each keypair, over one shared pool of connections, and no global key."""

import ssl
from functools import cache, lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import stripe
from django.conf import settings
from django.utils.module_loading import import_string
from requests.adapters import HTTPAdapter

from payments.gateway.keys import Keypair
from payments.gateway.patience import PatientSession
from payments.gateway.rolling import FirstAcceptedKey

API_VERSION = "2026-10-28.endive"
# A Stripe that stays silent is given up after three tries, some 17 seconds; earlier where a person waits: see patience.
CONNECT_SECONDS, READ_SECONDS = 3, 5
MAX_NETWORK_RETRIES = 2
MAX_CONNECTIONS = 256

# Telemetry writes a file below HOME, which a container may not have.
stripe.enable_telemetry = False


def client_for(keypair: Keypair) -> stripe.StripeClient:
    return client_of_keys(keypair.secret_keys, keypair.currency, settings.STRIPE_HTTP_CLIENT, settings.STRIPE_API_BASE)


@lru_cache(maxsize=64)
def client_of_keys(secret_keys: tuple[str, ...], currency: str, http_client: str, api_base: str) -> stripe.StripeClient:
    """`currency` is what an operator is told when a key is not accepted."""
    transport = import_string(http_client)() if http_client else shared_http_client(settings.STRIPE_CA_BUNDLE)
    return stripe.StripeClient(
        secret_keys[0],
        stripe_version=API_VERSION,
        max_network_retries=MAX_NETWORK_RETRIES,
        base_addresses={"api": api_base} if api_base else {},
        http_client=FirstAcceptedKey(transport, secret_keys, currency) if len(secret_keys) > 1 else transport,
    )


@cache
def shared_http_client(ca_bundle: str) -> stripe.HTTPClient:
    """One pool for all keypairs: the key travels in each request's header, never in the connection."""
    session = PatientSession()
    session.mount("https://", VerifyingAdapter(ca_bundle or stripe.ca_bundle_path))
    session.mount("http://", HTTPAdapter(pool_maxsize=MAX_CONNECTIONS))
    # Without an `auth` of its own, requests lets a .netrc file replace the Authorization header.
    session.auth = leave_authorization_alone
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS), session=session)


class VerifyingAdapter(HTTPAdapter):
    """Certificates and names of hosts are verified by one TLS context, so that the authorities are read once.

    Requests reads them again for each connection, which costs more than all the rest of it.
    """

    def __init__(self, ca_bundle: str) -> None:
        self._context = ssl.create_default_context(cafile=ca_bundle)
        super().__init__(pool_maxsize=MAX_CONNECTIONS)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, _ = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, {"ssl_context": self._context}

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Whatever is asked for: the context verifies."""


def leave_authorization_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
