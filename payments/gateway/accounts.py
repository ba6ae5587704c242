"""What an account says of itself and where it sends its events: calls of an operator, never of a shopper."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from payments.gateway.api import stripe_errors_as_ours
from payments.gateway.client import API_VERSION, client_for
from payments.gateway.keys import Keypair
from payments.gateway.objects import PaymentIntent
from payments.money import MINIMUM_CHARGE, minimum_amount, to_minor_units

# An account has at most 16 endpoints, so one page has them all.
MOST = 100


@dataclass(frozen=True, kw_only=True)
class Account:
    id: str
    name: str
    charges_enabled: bool

    @classmethod
    def from_stripe(cls, account: dict[str, Any]) -> "Account":
        """Raises KeyError, TypeError or AttributeError for what is not an account."""
        dashboard = (account.get("settings") or {}).get("dashboard") or {}
        business = account.get("business_profile") or {}
        return cls(
            id=account["id"],
            name=dashboard.get("display_name") or business.get("name") or "",
            charges_enabled=account["charges_enabled"],
        )


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    id: str
    url: str
    enabled: bool
    enabled_events: frozenset[str]
    api_version: str
    # Stripe tells it once, when the endpoint is made.
    secret: str = field(repr=False)

    @classmethod
    def from_stripe(cls, endpoint: dict[str, Any]) -> "WebhookEndpoint":
        """Raises KeyError, TypeError or AttributeError for what is not an endpoint."""
        return cls(
            id=endpoint["id"],
            url=endpoint["url"],
            enabled=endpoint["status"] == "enabled",
            enabled_events=frozenset(endpoint["enabled_events"]),
            api_version=endpoint.get("api_version") or "",
            secret=endpoint.get("secret") or "",
        )


def retrieve_account(keypair: Keypair) -> Account:
    with stripe_errors_as_ours(keypair, "retrieve account"):
        return Account.from_stripe(client_for(keypair).v1.accounts.retrieve_current().to_dict())


def list_webhook_endpoints(keypair: Keypair) -> list[WebhookEndpoint]:
    with stripe_errors_as_ours(keypair, "list webhook endpoints"):
        endpoints = client_for(keypair).v1.webhook_endpoints.list({"limit": MOST}).to_dict()
        return [WebhookEndpoint.from_stripe(endpoint) for endpoint in endpoints["data"]]


def create_webhook_endpoint(keypair: Keypair, url: str, events: Iterable[str]) -> WebhookEndpoint:
    """In the pinned version, which an endpoint keeps for ever."""
    with stripe_errors_as_ours(keypair, "create webhook endpoint"):
        params: Any = {"url": url, "enabled_events": list(events), "api_version": API_VERSION}
        return WebhookEndpoint.from_stripe(client_for(keypair).v1.webhook_endpoints.create(params).to_dict())


def update_webhook_endpoint(keypair: Keypair, endpoint_id: str, events: Iterable[str]) -> WebhookEndpoint:
    """Enabled, and with these events and no others."""
    with stripe_errors_as_ours(keypair, "update webhook endpoint"):
        params: Any = {"enabled_events": list(events), "disabled": False}
        endpoint = client_for(keypair).v1.webhook_endpoints.update(endpoint_id, params)
        return WebhookEndpoint.from_stripe(endpoint.to_dict())


def some_payment_intent(keypair: Keypair) -> PaymentIntent:
    """One that the account has; where it has none, one that is made and canceled at once, and stays the only one."""
    with stripe_errors_as_ours(keypair, "list payment intents"):
        intents = client_for(keypair).v1.payment_intents.list({"limit": 10}).to_dict()
        for intent in intents["data"]:
            if intent.get("client_secret"):
                return PaymentIntent.from_stripe(intent)
    with stripe_errors_as_ours(keypair, "create payment intent"):
        params: Any = {
            "amount": amount_never_charged(keypair.currency),
            "currency": keypair.currency.lower(),
            "description": "Made and canceled at once, to see that all keys are of this account.",
        }
        intents_of = client_for(keypair).v1.payment_intents
        return PaymentIntent.from_stripe(intents_of.cancel(intents_of.create(params).id).to_dict())


def amount_never_charged(currency: str) -> int:
    """In minor units, and well above what Stripe takes as the least."""
    return 20 * minimum_amount(currency) if currency in MINIMUM_CHARGE else to_minor_units(Decimal(10_000), currency)


def read_books(keypair: Keypair) -> None:
    """As the board reads them, but no more than shows whether it may."""
    with stripe_errors_as_ours(keypair, "list balance transactions"):
        client_for(keypair).v1.balance_transactions.list({"limit": 1, "expand": ["data.source"]}).to_dict()


def publishable_key_opens(keypair: Keypair, intent: PaymentIntent) -> bool:
    """Whether the publishable key is of the account that has the intent.

    https://docs.stripe.com/api/payment_intents/retrieve: with a publishable key, the `client_secret` has to be sent.
    """
    public = replace(keypair, secret_key=keypair.publishable_key, other_secret_keys=())
    with stripe_errors_as_ours(public, "retrieve payment intent", passing="resource_missing"):
        client_for(public).v1.payment_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
        return True
    return False
