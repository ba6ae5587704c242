"""Where each account sends its events: which endpoint the shop needs, what is wrong with one, and how it is made."""

import re
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from payments import webhooks
from payments.gateway import accounts
from payments.gateway.accounts import WebhookEndpoint
from payments.gateway.client import API_VERSION
from payments.gateway.keys import Keypair

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
# Those that mean something to us, and no others.
EVENTS = tuple(sorted(webhooks.HANDLERS))


class NotAnOrigin(ValueError):
    """Write where the shop is as https://shop.example, with nothing behind it."""


def url_at(origin: str) -> str:
    """The address for events of a shop at this origin. Raises NotAnOrigin."""
    origin = origin.strip().rstrip("/")
    if not ORIGIN.fullmatch(origin):
        raise NotAnOrigin(_("Write where the shop is as https://shop.example, with nothing behind it."))
    return origin + reverse("stripe-webhooks")


def endpoints_at(keypair: Keypair, url: str) -> list[WebhookEndpoint]:
    """The account's endpoints at this address, the best first. Raises as calls to Stripe do."""
    present = [endpoint for endpoint in accounts.list_webhook_endpoints(keypair) if endpoint.url.rstrip("/") == url]
    return sorted(present, key=lambda endpoint: (endpoint.api_version != API_VERSION, len(problems_of(endpoint))))


def problems_of(endpoint: WebhookEndpoint) -> list[str]:
    """What keeps the shop from hearing all there is to hear through this endpoint."""
    problems = []
    if endpoint.api_version != API_VERSION:
        problems.append(another_version(endpoint.api_version))
    if not endpoint.enabled:
        problems.append(_("it is disabled"))
    missing = [] if "*" in endpoint.enabled_events else sorted(set(EVENTS) - endpoint.enabled_events)
    if missing:
        problems.append(_("it does not send %(events)s") % {"events": ", ".join(missing)})
    return problems


def another_version(version: str) -> str:
    if not version:
        return _("its version is the account’s own and not %(wanted)s") % {"wanted": API_VERSION}
    return _("its version is %(version)s and not %(wanted)s") % {"version": version, "wanted": API_VERSION}


@dataclass(frozen=True)
class Registration:
    """`made` comes with its secret, which nobody will be told again."""

    made: WebhookEndpoint | None
    updated: WebhookEndpoint | None
    outdated: list[WebhookEndpoint]


def register(keypair: Keypair, url: str) -> Registration:
    """See to it that the account sends our events to this address; done twice, nothing is made twice.

    The version of an endpoint cannot be changed: beside one of another version a new one is made.
    Raises as calls to Stripe do.
    """
    present = endpoints_at(keypair, url)
    outdated = [endpoint for endpoint in present if endpoint.api_version != API_VERSION]
    if len(outdated) == len(present):
        return Registration(accounts.create_webhook_endpoint(keypair, url, EVENTS), None, outdated)
    best = present[0]
    updated = accounts.update_webhook_endpoint(keypair, best.id, EVENTS) if problems_of(best) else None
    return Registration(None, updated, outdated)
