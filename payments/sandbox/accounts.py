"""One separate account per publishable key, opened by the secret key beside it."""

import hashlib
import hmac

from django.core.exceptions import ImproperlyConfigured

from payments.gateway.keys import Keypair, every_keypair
from payments.sandbox.errors import wrong_key
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.store import JSON


def refuse_live_keys() -> None:
    """Raise ImproperlyConfigured if a keypair is live: nobody may take the stand-in's payments for money."""
    live = [keypair.currency for keypair in every_keypair() if keypair.livemode]
    if live:
        raise ImproperlyConfigured(
            f"The stand-in for Stripe does not run beside live keys, and {', '.join(live)} has one:"
            " use real keys for every currency, or for none."
        )


def authenticate(key: str) -> str:
    """The account that the secret key opens. Raises a 401 ApiError."""
    for keypair in every_keypair():
        if keypair.publishable_key and any(is_same(key, secret_key) for secret_key in keypair.secret_keys):
            return account_id(keypair)
    raise wrong_key(key)


def is_same(sent: str, key: str) -> bool:
    return hmac.compare_digest(sent.encode(), key.encode())


def of_publishable_key(key: str) -> str:
    """The account that a browser speaks of: it shows nothing but what everybody may see. Raises a 401 ApiError."""
    for keypair in every_keypair():
        if key and keypair.publishable_key == key:
            return account_id(keypair)
    raise wrong_key(key)


def account_id(keypair: Keypair) -> str:
    return "acct_1" + hashlib.sha256(keypair.publishable_key.encode()).hexdigest()[:15]


def webhook_secret(account: str) -> str:
    """The secret that signs the account's webhooks; empty where it has none, and then none are sent."""
    for keypair in every_keypair():
        if account_id(keypair) == account and keypair.webhook_secrets:
            return keypair.webhook_secrets[0]
    return ""


def retrieve_account(call: Call) -> JSON:
    call.read({})
    currencies = [keypair.currency for keypair in every_keypair() if account_id(keypair) == call.account]
    return {
        "id": call.account,
        "object": "account",
        "business_profile": None,
        "business_type": None,
        "charges_enabled": True,
        "country": "US",
        "default_currency": currencies[0].lower(),
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {},
            "card_payments": {},
            "dashboard": {"display_name": "Stand-in for Stripe", "timezone": "Etc/UTC"},
            "payments": {},
        },
        "type": "standard",
    }


ROUTES: Routes = {("GET", "/v1/account"): retrieve_account}
