"""What each Stripe event means to us. An event is a trigger: the object is read again before anything is done."""

import logging
import re
from collections.abc import Callable

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
    payment = payment_of(event)
    if payment is None:
        return Outcome.NOT_OURS, ""
    problem = difference(payment, event)
    if problem:
        logger.error("Event %s does not fit payment %s: %s", event.id, payment.pk, problem)
        return Outcome.REFUSED, problem
    if not payment.checkout_session_id:
        # Our process ended between Stripe's answer and the note of it, or the answer was lost.
        payment.note_session(event.object_id)
    fulfillment.settle(payment)
    return Outcome.SETTLED, ""


def payment_of(event: Event) -> Payment | None:
    """The payment by the session's id, or by what we told Stripe of it."""
    if not event.object_id:
        return None
    payments = Payment.objects.select_related("order")
    known = payments.filter(checkout_session_id=event.object_id).first()
    metadata = event.object.get("metadata")
    if known or not isinstance(metadata, dict):
        return known
    payment_id = str(metadata.get("payment"))
    if not re.fullmatch(r"[0-9]{1,18}", payment_id):
        return None
    payment = payments.filter(pk=int(payment_id)).first()
    return payment if payment and str(payment.order.uuid) == event.object.get("client_reference_id") else None


def difference(payment: Payment, event: Event) -> str:
    """What keeps this event from being about the payment, or an empty text. Raises NoKeypair."""
    session = event.object
    account = keypair_of_account(payment.publishable_key, payment.currency).publishable_key
    if event.keypair.publishable_key != account:
        return f"it comes from the account that sells in {event.keypair.currency}"
    if payment.checkout_session_id not in ("", event.object_id):
        return "it is about another Checkout Session"
    if event.livemode is not payment.livemode or session.get("livemode") is not payment.livemode:
        return "it has another livemode"
    if str(session.get("currency")).upper() != payment.currency:
        return f"it has another currency than {payment.currency}"
    if session.get("amount_total") != payment.amount:
        return f"it has another amount than {payment.amount} {payment.currency}"
    return ""


def ignore(event: Event) -> tuple[Outcome, str]:
    return Outcome.IGNORED, ""


HANDLERS: dict[str, Callable[[Event], tuple[Outcome, str]]] = {
    "checkout.session.completed": settle_checkout_session,
    "checkout.session.async_payment_succeeded": settle_checkout_session,
    "checkout.session.async_payment_failed": settle_checkout_session,
    "checkout.session.expired": settle_checkout_session,
}
