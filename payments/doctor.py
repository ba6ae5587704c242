"""Does the ring work? Each account is asked, with each of its keys; what it answers is said in words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from payments import endpoints
from payments.errors import KeyLacksPermission, KeyNotAccepted, StripeRefused, StripeUnreachable
from payments.gateway import accounts
from payments.gateway.accounts import Account, WebhookEndpoint
from payments.gateway.keys import Keypair
from payments.gateway.objects import PaymentIntent


class State(StrEnum):
    OK = "ok"
    # To be known, or to be done some time; nothing fails for it.
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    subject: str
    state: State
    says: str


SECRET_KEY, PUBLISHABLE_KEY, MODE, CHARGES, WEBHOOK = "secret key", "publishable key", "mode", "charges", "webhook"


def examine(keypair: Keypair, url: str) -> list[Finding]:
    """What is found about a keypair; `url` is where events shall arrive, or empty where that is not known."""
    # What two keys of one account both say need not be said twice.
    return list(dict.fromkeys(findings_of(keypair, url)))


def findings_of(keypair: Keypair, url: str) -> Iterator[Finding]:
    if not (keypair.publishable_key and keypair.secret_key):
        yield Finding(SECRET_KEY, State.WRONG, "a key is missing: `manage.py check` says which")
        return
    try:
        for secret_key in keypair.secret_keys:
            yield from examine_key(keypair, secret_key)
        yield from examine_webhook(keypair, url)
    except StripeUnreachable:
        yield Finding("Stripe", State.WRONG, "does not answer, or not as Stripe does: try again in a minute")


def examine_key(keypair: Keypair, secret_key: str) -> Iterator[Finding]:
    alone = replace(keypair, secret_key=secret_key, other_secret_keys=())
    try:
        yield from examine_account(alone)
        yield from examine_pair(alone)
    except KeyNotAccepted:
        if secret_key == keypair.secret_key:
            says = "not accepted by Stripe: copy it again from the dashboard, or roll it there"
            yield Finding(SECRET_KEY, State.WRONG, says)
        else:
            yield Finding(SECRET_KEY, State.NOTE, "the one behind the first is not accepted (any more): remove it")


def examine_account(keypair: Keypair) -> Iterator[Finding]:
    """Raises KeyNotAccepted or StripeUnreachable."""
    try:
        account = accounts.retrieve_account(keypair)
    except KeyLacksPermission:
        yield Finding(SECRET_KEY, State.NOTE, "accepted; being restricted, it may not say of which account it is")
    except KeyNotAccepted:
        raise
    except StripeRefused:
        yield Finding(SECRET_KEY, State.WRONG, "Stripe refuses to say of which account it is: see the log")
    else:
        yield Finding(SECRET_KEY, State.OK, f"accepted, of account {account.id} {named(account)}".rstrip())
        yield charges_of(account, keypair)


def named(account: Account) -> str:
    return f"({account.name})" if account.name else ""


def charges_of(account: Account, keypair: Keypair) -> Finding:
    if account.charges_enabled:
        return Finding(CHARGES, State.OK, "enabled")
    if keypair.retired:
        return Finding(CHARGES, State.NOTE, "not enabled, and not needed: nothing is sold by a retired account")
    return Finding(CHARGES, State.WRONG, "not enabled: the dashboard says what Stripe still wants to know")


def examine_pair(keypair: Keypair) -> Iterator[Finding]:
    """Raises KeyNotAccepted or StripeUnreachable."""
    try:
        intent = accounts.some_payment_intent(keypair)
    except KeyNotAccepted:
        raise
    except KeyLacksPermission:
        says = "it may not write PaymentIntents, so nothing can be sold: allow it in the dashboard"
        yield Finding(SECRET_KEY, State.WRONG, says)
    except StripeRefused:
        says = f"Stripe makes no PaymentIntent in {keypair.currency} with it: see the log"
        yield Finding(SECRET_KEY, State.WRONG, says)
    else:
        yield mode_of(intent, keypair)
        yield publishable_key_of(keypair, intent)


def mode_of(intent: PaymentIntent, keypair: Keypair) -> Finding:
    said, found = ("live" if livemode else "test" for livemode in (keypair.livemode, intent.livemode))
    if said == found:
        return Finding(MODE, State.OK, found)
    return Finding(MODE, State.WRONG, f"{found}, although the secret key says {said}")


def publishable_key_of(keypair: Keypair, intent: PaymentIntent) -> Finding:
    try:
        same = accounts.publishable_key_opens(keypair, intent)
    except KeyNotAccepted:
        if keypair.retired:
            says = "not accepted (any more), and not needed: former payments are found by it, so leave it as it is"
            return Finding(PUBLISHABLE_KEY, State.NOTE, says)
        return Finding(PUBLISHABLE_KEY, State.WRONG, "not accepted by Stripe: copy it again from the dashboard")
    except StripeRefused:
        return Finding(PUBLISHABLE_KEY, State.WRONG, "Stripe refuses to answer it: see the log")
    if same:
        return Finding(PUBLISHABLE_KEY, State.OK, "of the same account")
    says = "of another account than the secret key: copy both from one, or shoppers cannot pay here"
    return Finding(PUBLISHABLE_KEY, State.WRONG, says)


def examine_webhook(keypair: Keypair, url: str) -> Iterator[Finding]:
    """Raises StripeUnreachable."""
    if not keypair.webhook_secrets:
        yield Finding(WEBHOOK, State.WRONG, "no signing secret is set: `manage.py register_webhooks` tells one")
    if not url:
        yield Finding(WEBHOOK, State.NOTE, "not looked at: set SHOP_ORIGIN, or say --origin https://shop.example")
        return
    try:
        yield from examine_endpoints(endpoints.endpoints_at(keypair, url), url)
    except KeyLacksPermission:
        says = "not looked at: the restricted key may not read Webhook Endpoints; allow it, or look in the dashboard"
        yield Finding(WEBHOOK, State.NOTE, says)
    except KeyNotAccepted:
        # It was said already.
        return
    except StripeRefused:
        yield Finding(WEBHOOK, State.WRONG, "Stripe refuses to list the account's endpoints: see the log")


def examine_endpoints(present: list[WebhookEndpoint], url: str) -> Iterator[Finding]:
    if not present:
        yield Finding(WEBHOOK, State.WRONG, f"none at {url}: run `manage.py register_webhooks`")
        return
    best, *others = present
    problems = endpoints.problems_of(best)
    if problems:
        says = f"{best.id} at {url}: {'; '.join(problems)}: run `manage.py register_webhooks`"
        yield Finding(WEBHOOK, State.WRONG, says)
    else:
        yield Finding(WEBHOOK, State.OK, f"{best.id} at {url}, with our events and version")
    for other in others:
        yield Finding(WEBHOOK, State.NOTE, f"{other.id} is at the same address: delete it, its events come twice")
