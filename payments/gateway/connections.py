"""How Stripe is reached: one pool of connections for all keypairs, over one TLS context that reads its file once.

By urllib3 alone: requests, which the SDK would use, asks the whole environment anew for each call, and reads the
certificates again for each connection.
"""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3
from urllib3.util import make_headers, parse_url

from payments.gateway import patience

# A Stripe that stays silent is given up after three tries, some 17 seconds; earlier where a person waits: see patience.
CONNECT_SECONDS, READ_SECONDS = 3, 5
MAX_CONNECTIONS = 256


class PooledClient(stripe.HTTPClient):
    """The key travels in each request's header, never in the connection."""

    name = "urllib3"

    def __init__(self, api_base: str, ca_bundle: str) -> None:
        super().__init__()
        context = ssl.create_default_context(cafile=ca_bundle)
        self._pool = pool_to(api_base, maxsize=MAX_CONNECTIONS, ssl_context=context)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        left = patience.seconds_left()
        if left <= 0:
            raise no_answer("Somebody has waited long enough.", should_retry=False)
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left))
        try:
            answer = self._pool.request(
                method, url, body=post_data, headers=headers, timeout=timeout, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            is_certificate = isinstance(error, urllib3.exceptions.SSLError)
            raise no_answer(type(error).__name__, should_retry=not is_certificate) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()


def no_answer(reason: str, *, should_retry: bool) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(reason, should_retry=should_retry)  # type: ignore[no-untyped-call]


def pool_to(url: str, **options: Any) -> urllib3.PoolManager:
    """Through the proxy that the environment names for this address, if it names one."""
    proxy = proxy_for(url)
    if not proxy:
        return urllib3.PoolManager(**options)
    auth = parse_url(proxy).auth
    return urllib3.ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=auth) if auth else None, **options)


def proxy_for(url: str) -> str:
    """HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; empty for a host that NO_PROXY names."""
    address = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all", "")
    return "" if not proxy or proxy_bypass(address.netloc) else proxy if "://" in proxy else f"http://{proxy}"
