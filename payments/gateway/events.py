"""Payload and signature -> a verified event, and the keypair whose secret verified it."""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import stripe
from django.utils.translation import gettext_noop

from payments.gateway.keys import Keypair, every_keypair

TOLERANCE_SECONDS = 300


class InvalidEvent(Exception):
    """Not Stripe's word: the body, the signature or its time does not hold. It is counted by its text, in English."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """It is truly from the account of `keypair`; `object` is a snapshot and may be out of date."""

    id: str
    type: str
    livemode: bool
    object: dict[str, Any]
    keypair: Keypair
    # The whole of it, as it came.
    payload: str = field(repr=False)

    @property
    def object_id(self) -> str:
        """Empty for an object that has none, or one that no payment of ours could have."""
        object_id = self.object.get("id")
        return str(object_id) if is_name(object_id) else ""


def verify(body: bytes, signature: str) -> Event:
    """Try each account's secrets on the raw body: the secret that fits names the account. Raises InvalidEvent.

    https://docs.stripe.com/webhooks#verify-manually
    """
    try:
        payload = body.decode("utf-8")
        signature.encode("ascii")
    except UnicodeError:
        raise InvalidEvent(gettext_noop("not UTF-8")) from None
    require_recent(signature)
    return read(payload, keypair_that_verifies(payload, signature))


def require_recent(signature: str) -> None:
    """Refuse a timestamp too far in either direction; the SDK looks at the past alone."""
    stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
    if len(stamps) != 1 or not stamps[0].isdecimal() or len(stamps[0]) > 12:
        raise InvalidEvent(gettext_noop("no timestamp"))
    if abs(int(stamps[0]) - time.time()) > TOLERANCE_SECONDS:
        raise InvalidEvent(gettext_noop("timestamp too old or in the future"))


def keypair_that_verifies(payload: str, signature: str) -> Keypair:
    for keypair in every_keypair():
        for secret in keypair.webhook_secrets:
            try:
                stripe.WebhookSignature.verify_header(payload, signature, secret, TOLERANCE_SECONDS)
            except stripe.SignatureVerificationError:
                continue
            return keypair
    raise InvalidEvent(gettext_noop("no secret fits the signature"))


def read(payload: str, keypair: Keypair) -> Event:
    """The event that the payload is, which is known to be from this keypair's account. Raises InvalidEvent."""
    try:
        return event_from(json.loads(payload), keypair, payload)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidEvent(gettext_noop("signed, but not an event")) from None


def event_from(values: Any, keypair: Keypair, payload: str) -> Event:
    """Raises KeyError, TypeError or ValueError for what is not an event."""
    event = Event(
        id=values["id"],
        type=values["type"],
        livemode=values["livemode"],
        object=values["data"]["object"],
        keypair=keypair,
        payload=payload,
    )
    if not (is_name(event.id) and is_name(event.type)):
        raise ValueError("id and type are not names")
    if not (isinstance(event.livemode, bool) and isinstance(event.object, dict)):
        raise TypeError("livemode or object is of another type")
    return event


def is_name(value: Any) -> bool:
    """Whether a database can keep it, and Stripe could have sent it."""
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.]{1,100}", value) is not None
