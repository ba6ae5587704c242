"""What each Stripe event means to us. An event is a trigger: the object is read again before anything is done."""

import logging
import re
from collections.abc import Callable
from typing import Any

from django.db.models import Q

from payments import fulfillment
from payments.gateway.events import Event
from payments.gateway.keys import keypair_of_account
from payments.models import Payment, StripeEvent

logger = logging.getLogger(__name__)

Outcome = StripeEvent.Outcome


def receive(event: Event) -> None:
    """Keep the event, then do what it says; one that was worked on before does nothing.

    Raises NoKeypair, StripeRefused or StripeUnreachable: the event stays unworked and Stripe will send it again.
    """
    record, _ = StripeEvent.objects.get_or_create(
        account=event.keypair.publishable_key,
        event_id=event.id,
        defaults={"type": event.type, "livemode": event.livemode, "object_id": event.object_id},
    )
    if not record.is_done:
        act = HANDLERS.get(event.type, ignore)
        record.finish(*act(event))


def settle_checkout_session(event: Event) -> tuple[Outcome, str]:
    payment = payment_of(event, order=event.object.get("client_reference_id"))
    return settle(payment, event) if payment else (Outcome.NOT_OURS, "")


def settle_payment_intent(event: Event) -> tuple[Outcome, str]:
    payment = payment_of(event, order=metadata_of(event).get("order"))
    if payment and not payment.is_intent:
        return settle_by_its_session(payment, event)
    return settle(payment, event) if payment else (Outcome.NOT_OURS, "")


def settle_by_its_session(payment: Payment, event: Event) -> tuple[Outcome, str]:
    """The intent was made by Checkout: its session says what became of it, if that is not known yet."""
    if not payment.may_change or not is_of_its_account(event, payment):
        return Outcome.IGNORED, ""
    fulfillment.settle(payment)
    return Outcome.SETTLED, ""


def settle(payment: Payment, event: Event) -> tuple[Outcome, str]:
    problem = difference(payment, event)
    if problem:
        logger.error("Event %s does not fit payment %s: %s", event.id, payment.pk, problem)
        return Outcome.REFUSED, problem
    if not payment.stripe_id:
        # Our process ended between Stripe's answer and the note of it, or the answer was lost.
        payment.note_id(event.object_id)
    fulfillment.settle(payment)
    return Outcome.SETTLED, ""


def payment_of(event: Event, order: object) -> Payment | None:
    """The payment by the id of its session or intent, or by what we told Stripe of it."""
    if not event.object_id:
        return None
    payments = Payment.objects.select_related("order")
    known = payments.filter(Q(checkout_session_id=event.object_id) | Q(payment_intent_id=event.object_id)).first()
    payment_id = str(metadata_of(event).get("payment"))
    if known or not re.fullmatch(r"[0-9]{1,18}", payment_id):
        return known
    payment = payments.filter(pk=int(payment_id)).first()
    return payment if payment and str(payment.order.uuid) == order else None


def metadata_of(event: Event) -> dict[str, Any]:
    metadata = event.object.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def is_of_its_account(event: Event, payment: Payment) -> bool:
    """Raises NoKeypair."""
    account = keypair_of_account(payment.publishable_key, payment.currency)
    return event.keypair.publishable_key == account.publishable_key


def difference(payment: Payment, event: Event) -> str:
    """What keeps this event from being about the payment, or an empty text. Raises NoKeypair."""
    if not is_of_its_account(event, payment):
        return f"it comes from the account that sells in {event.keypair.currency}"
    if payment.stripe_id not in ("", event.object_id):
        return f"it is about another {'PaymentIntent' if payment.is_intent else 'Checkout Session'}"
    if event.livemode is not payment.livemode or event.object.get("livemode") is not payment.livemode:
        return "it has another livemode"
    if str(event.object.get("currency")).upper() != payment.currency:
        return f"it has another currency than {payment.currency}"
    if event.type not in FROM_BEFORE_AN_UPDATE and amount_of(event, payment) not in expected_amounts(event, payment):
        return f"it has another amount than {payment.amount} {payment.currency}"
    return ""


def amount_of(event: Event, payment: Payment) -> object:
    return event.object.get("amount" if payment.is_intent else "amount_total")


def expected_amounts(event: Event, payment: Payment) -> set[int]:
    """An intent may ask for what the order comes to now though we did not note it: settling looks closer."""
    return {payment.amount, payment.order.price.total} if payment.is_intent else {payment.amount}


def ignore(event: Event) -> tuple[Outcome, str]:
    return Outcome.IGNORED, ""


HANDLERS: dict[str, Callable[[Event], tuple[Outcome, str]]] = {
    "checkout.session.completed": settle_checkout_session,
    "checkout.session.async_payment_succeeded": settle_checkout_session,
    "checkout.session.async_payment_failed": settle_checkout_session,
    "checkout.session.expired": settle_checkout_session,
    "payment_intent.succeeded": settle_payment_intent,
    "payment_intent.processing": settle_payment_intent,
    "payment_intent.payment_failed": settle_payment_intent,
    "payment_intent.canceled": settle_payment_intent,
}
# These may tell of an amount that was changed since; nothing was charged by them.
FROM_BEFORE_AN_UPDATE = ("payment_intent.payment_failed", "payment_intent.canceled")
