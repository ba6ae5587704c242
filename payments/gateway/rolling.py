"""While a secret key is rolled: the next key is sent where Stripe does not accept the first."""

import logging
import time
from collections.abc import Mapping
from threading import Lock

import stripe

logger = logging.getLogger(__name__)

UNAUTHORIZED = 401
# After which a key that was not accepted is tried again; meanwhile no call pays for the lost round trip.
SECONDS_UNTIL_TRIED_AGAIN = 600
SECONDS_BETWEEN_REPORTS = 3600


class FirstAcceptedKey(stripe.HTTPClient):
    """Sends each request by another HTTP client, with the first key that Stripe accepts.

    A request is sent again as it was, idempotency key and parameters included: a 401 is said before anything is done.
    https://docs.stripe.com/api/errors
    """

    name = "first-accepted-key"

    def __init__(self, transport: stripe.HTTPClient, secret_keys: tuple[str, ...], currency: str) -> None:
        super().__init__()
        self._transport = transport
        self._secret_keys = secret_keys
        self._currency = currency
        self._lock = Lock()
        self._refused_at: dict[str, float] = {}
        self._reported_at: float | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        for key in self._in_order():
            sent = {**(headers or {}), "Authorization": f"Bearer {key}"}
            answer = self._transport.request(method, url, sent, post_data)
            if answer[1] != UNAUTHORIZED:
                break
            self._refuse(key)
        if answer[1] < 400:
            self._accept(key)
        return answer

    def _in_order(self) -> list[str]:
        """As they are given, but last those that were not accepted a short while ago."""
        now = time.monotonic()
        with self._lock:
            refused = {key for key, at in self._refused_at.items() if now - at < SECONDS_UNTIL_TRIED_AGAIN}
        return sorted(self._secret_keys, key=lambda key: key in refused)

    def _refuse(self, key: str) -> None:
        with self._lock:
            self._refused_at[key] = time.monotonic()

    def _accept(self, key: str) -> None:
        """Say loudly, but not with every call, that it is not the first."""
        with self._lock:
            self._refused_at.pop(key, None)
            if key == self._secret_keys[0] or self._was_reported_lately():
                return
            self._reported_at = time.monotonic()
        logger.error(
            "Stripe does not accept the first secret key for %s; another is used. Put the one that works first in "
            "STRIPE_%s_SECRET_KEY, and roll or remove the other.",
            self._currency,
            self._currency,
        )

    def _was_reported_lately(self) -> bool:
        return self._reported_at is not None and time.monotonic() - self._reported_at < SECONDS_BETWEEN_REPORTS

    def close(self) -> None:
        self._transport.close()  # type: ignore[no-untyped-call]
