"""Keypair -> StripeClient: one for each secret key, over one shared pool of connections, and no global key."""

from functools import cache, lru_cache
from http.cookiejar import DefaultCookiePolicy

import requests
import stripe
from django.conf import settings
from django.utils.module_loading import import_string
from requests.adapters import HTTPAdapter

from payments.gateway.keys import Keypair

API_VERSION = "2026-10-28.endive"
# A shopper waits for the answer: a Stripe that stays silent is given up after three tries, some 17 seconds.
CONNECT_SECONDS, READ_SECONDS = 3, 5
MAX_NETWORK_RETRIES = 2
MAX_CONNECTIONS = 256

# Telemetry writes a file below HOME, which a container may not have.
stripe.enable_telemetry = False


def client_for(keypair: Keypair) -> stripe.StripeClient:
    return client_of_key(keypair.secret_key, settings.STRIPE_HTTP_CLIENT, settings.STRIPE_API_BASE)


@lru_cache(maxsize=64)
def client_of_key(secret_key: str, http_client: str, api_base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        max_network_retries=MAX_NETWORK_RETRIES,
        base_addresses={"api": api_base} if api_base else {},
        http_client=import_string(http_client)() if http_client else shared_http_client(),
    )


@cache
def shared_http_client() -> stripe.HTTPClient:
    """One pool for all keypairs: the key travels in each request's header, never in the connection."""
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=MAX_CONNECTIONS))
    session.mount("http://", HTTPAdapter(pool_maxsize=MAX_CONNECTIONS))
    # Without an `auth` of its own, requests lets a .netrc file replace the Authorization header.
    session.auth = leave_authorization_alone
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS), session=session)


def leave_authorization_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
