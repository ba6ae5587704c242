"""How Stripe is reached: one pool of connections for all keypairs, over one TLS context that reads its file once.

By urllib3 alone: requests, which the SDK would use, asks the whole environment anew for each call, and reads the
certificates again for each connection.
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit
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
        self._pool = pool_to(api_base, context_that_trusts(ca_bundle))

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


def context_that_trusts(ca_bundle: str) -> ssl.SSLContext:
    """What cannot be read now may be there for the next call: the shop goes on as with a Stripe that is silent."""
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise no_answer("No certificates can be read.", should_retry=False) from error


def pool_to(url: str, context: ssl.SSLContext) -> urllib3.PoolManager:
    """Through the proxy that the environment names for this address, if it names one."""
    options: dict[str, Any] = {"maxsize": MAX_CONNECTIONS, "ssl_context": context}
    proxy = proxy_for(url)
    if not proxy:
        return urllib3.PoolManager(**options)
    # Name and password are written as an address has them, and said as they are.
    name, _, password = map(unquote, (parse_url(proxy).auth or "").partition(":"))
    headers = make_headers(proxy_basic_auth=f"{name}:{password}") if name else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, proxy_ssl_context=context, **options)


def proxy_for(url: str) -> str:
    """HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; empty for a host that NO_PROXY names."""
    address, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all", "")
    if not proxy or proxy_bypass(address.netloc) or is_in_a_network(address.hostname or "", proxies.get("no", "")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_in_a_network(host: str, named: str) -> bool:
    """Whether it is an address of one of these, such as 10.0.0.0/8: the standard library compares names alone."""
    for name in named.split(","):
        with suppress(ValueError):
            if ip_address(host) in ip_network(name.strip(), strict=False):
                return True
    return False
