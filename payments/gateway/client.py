"""Keypair -> StripeClient: one for each keypair, over one shared pool of connections, and no global key."""

from functools import cache, lru_cache
from threading import Lock

import stripe
from django.conf import settings
from django.utils.module_loading import import_string

from payments.gateway.connections import PooledClient
from payments.gateway.keys import Keypair
from payments.gateway.rolling import FirstAcceptedKey

API_VERSION = "2026-10-28.endive"
MAX_NETWORK_RETRIES = 2

# Telemetry writes a file below HOME, which a container may not have.
stripe.enable_telemetry = False


making = Lock()


def client_for(keypair: Keypair) -> stripe.StripeClient:
    # Many may ask at once for the first time, and a cache alone lets each of them make one of their own.
    with making:
        return client_of_keys(
            keypair.secret_keys, keypair.currency, settings.STRIPE_HTTP_CLIENT, settings.STRIPE_API_BASE
        )


@lru_cache(maxsize=64)
def client_of_keys(secret_keys: tuple[str, ...], currency: str, http_client: str, api_base: str) -> stripe.StripeClient:
    """`currency` is what an operator is told when a key is not accepted."""
    transport = import_string(http_client)() if http_client else shared_http_client(api_base)
    return stripe.StripeClient(
        secret_keys[0],
        stripe_version=API_VERSION,
        max_network_retries=MAX_NETWORK_RETRIES,
        base_addresses={"api": api_base} if api_base else {},
        http_client=FirstAcceptedKey(transport, secret_keys, currency) if len(secret_keys) > 1 else transport,
    )


@cache
def shared_http_client(api_base: str) -> stripe.HTTPClient:
    return PooledClient(api_base or stripe.DEFAULT_API_BASE, settings.STRIPE_CA_BUNDLE or stripe.ca_bundle_path)
