"""The stand-in under the real SDK, with every request and answer held against Stripe's API description."""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from payments.sandbox.transport import SandboxClient
from payments.tests import stripe_spec

SUCCESS_URL = "http://testserver/order/1/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://testserver/order/1/cancel"


class CheckedClient(SandboxClient):
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        path = url.removeprefix("https://api.stripe.com")
        if status == 200:
            assert stripe_spec.request(method, path, post_data or "") == []
        if stripe_spec.operation_of(method, path.partition("?")[0]):
            assert stripe_spec.response(method, path, status, json.loads(body)) == []
        return body, status, answered


def stripe_of(currency: str) -> stripe.StripeClient:
    """The SDK's own client with the secret key of a currency."""
    return stripe_with(f"sk_test_sandbox_{currency.lower()}")


def stripe_with(key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, http_client=CheckedClient(), max_network_retries=0)


def line(unit_amount: int = 1900, currency: str = "usd", quantity: int = 1, name: str = "Stoneware Mug") -> Any:
    price_data = {"currency": currency, "unit_amount": unit_amount, "product_data": {"name": name}}
    return {"price_data": price_data, "quantity": quantity}


def coupon(*, of: str = "USD", **params: Any) -> str:
    """The id of a new coupon; ten percent off, unless it is said otherwise."""
    return stripe_of(of).v1.coupons.create(params or {"percent_off": 10}).id  # type: ignore[arg-type]


def tax_rate(percentage: float, *, inclusive: bool, currency: str = "USD", name: str = "VAT") -> str:
    """The id of a new tax rate."""
    rates = stripe_of(currency).v1.tax_rates
    return rates.create({"display_name": name, "percentage": percentage, "inclusive": inclusive}).id


def session_params(*lines: Any, **changes: Any) -> Any:
    return {
        "mode": "payment",
        "line_items": list(lines) or [line()],
        "success_url": SUCCESS_URL,
        "cancel_url": CANCEL_URL,
        "adaptive_pricing": {"enabled": False},
    } | changes


def open_session(*lines: Any, currency: str = "USD", **changes: Any) -> stripe.checkout.Session:
    return stripe_of(currency).v1.checkout.sessions.create(session_params(*lines, **changes))


def event_types(currency: str = "USD", **params: Any) -> list[str]:
    """What happened in the account, the newest first."""
    query: Any = {"limit": 100, **params}
    return [event.type for event in stripe_of(currency).v1.events.list(query).data]
