"""What each Stripe event means to us. An event is a trigger: the object is read again before anything is done."""

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from payments import brake, disputes, fulfillment, refunds
from payments.errors import AccountSilent, StorefrontError, StripeObjectMissing
from payments.gateway import api, events
from payments.gateway.events import Event, is_name
from payments.gateway.keys import Keypair, keypair_of_account
from payments.gateway.objects import decline_of
from payments.models import Payment, ReadEvents, RefusedDelivery, StripeEvent
from payments.models.kept_events import kept

logger = logging.getLogger(__name__)

Outcome = StripeEvent.Outcome
# https://docs.stripe.com/api/events/list: the events of the last 30 days.
STRIPE_KEEPS_EVENTS = timedelta(days=30)
# A delivery that is still under way may fail yet, so what is younger is read again the next time.
STRIPE_TRIES_AT_ONCE = timedelta(hours=1)
SECONDS_BETWEEN_WRITES = 5

NUMBER = r"[0-9]{1,18}"
# Kept with the event, and read by staff: the log beside it says of which payment.
ANOTHER_ACCOUNT = gettext_noop("It comes from another account than the payment is of.")
ANOTHER_SESSION = gettext_noop("It is about another Checkout Session.")
ANOTHER_INTENT = gettext_noop("It is about another PaymentIntent.")
ANOTHER_LIVEMODE = gettext_noop("It has another livemode than the payment.")
ANOTHER_CURRENCY = gettext_noop("It has another currency than the payment.")
ANOTHER_AMOUNT = gettext_noop("It has another amount than the payment.")


def receive(event: Event) -> None:
    """Keep the event, then do what it says; one that was worked on before does nothing.

    Raises NoKeypair, StripeRefused or StripeUnreachable: the event is kept, and tried again when Stripe sends it again
    or `work_on_waiting` comes to it.
    """
    work_on(keep(event), event)


def keep(event: Event, *, was_fetched: bool = False) -> StripeEvent:
    values = {
        "account": event.keypair.publishable_key,
        "event_id": event.id,
        "type": event.type,
        "livemode": event.livemode,
        "object_id": event.object_id,
        "payload": event.payload,
        "was_fetched": was_fetched,
    }
    return kept(values, presumed=presumed_outcome(event), payment=payment_number(event))


def presumed_outcome(event: Event) -> Outcome:
    """What becomes of it where we have no payment with its object's id, or with the number that it carries."""
    if event.type not in HANDLERS:
        return Outcome.IGNORED
    # Of money that goes back, the payment is still to be found.
    return Outcome.NOT_OURS if event.type.startswith(("checkout.", "payment_intent.")) else Outcome.RECEIVED


def work_on(record: StripeEvent, event: Event) -> None:
    if record.is_done:
        tell(event, record.outcome if record.is_new else "repeated")
        return
    act = HANDLERS.get(event.type, ignore)
    try:
        outcome = act(event)
    except Exception as error:
        record.note_failure(error.code if isinstance(error, StorefrontError) else type(error).__name__)
        raise
    record.finish(*outcome)
    tell(event, record.outcome)


def tell(event: Event, outcome: str) -> None:
    facts = {"event": "webhook", "account": event.keypair.publishable_key, "type": event.type, "outcome": outcome}
    logger.info("Event %s, %s: %s", event.id, event.type, outcome, extra=facts)


def fetch_undelivered(keypair: Keypair) -> int:
    """Keep the events whose webhooks did not arrive; how many we did not have. Raises as calls to Stripe do."""
    now = timezone.now()
    account = keypair.publishable_key
    read = ReadEvents.objects.filter(account=account).first()
    since = read.until if read else now - STRIPE_KEEPS_EVENTS
    undelivered = api.undelivered_events(keypair, types=list(HANDLERS), since=since)
    new = sum(keep(event, was_fetched=True).is_new for event in undelivered if not is_kept(event))
    ReadEvents.objects.update_or_create(account=account, defaults={"until": now - STRIPE_TRIES_AT_ONCE})
    return new


def is_kept(event: Event) -> bool:
    """Whether it was fetched before by who did not come to an end, or arrived since."""
    return StripeEvent.objects.filter(account=event.keypair.publishable_key, event_id=event.id).exists()


def work_on_waiting(keypair: Keypair) -> tuple[int, int]:
    """Work on what an account told and was not worked on to the end: how many are done now, and how many still wait.

    Raises StripeUnreachable or KeyNotAccepted: the others would wait for the same.
    """
    waiting = StripeEvent.objects.waiting().filter(account=keypair.publishable_key)
    found = list(waiting.only("failures", "failed_at"))
    done = sum(is_worked_on(StripeEvent.objects.get(pk=record.pk), keypair) for record in found if record.is_due)
    return done, len(found) - done


def is_worked_on(record: StripeEvent, keypair: Keypair) -> bool:
    """A mistake with one event must not keep the others waiting. Raises StripeUnreachable or KeyNotAccepted."""
    try:
        work_on(record, events.read(record.payload, keypair))
    except AccountSilent:
        raise
    except StorefrontError as error:
        logger.warning("Event %s still waits: %s", record.event_id, error.code)
        return False
    except Exception:
        logger.exception("Event %s cannot be worked on", record.event_id)
        return False
    return True


class Refusals:
    """Counts what no account of ours signed. A flood of it must not become one of writes, so they are added up."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.written_at = 0.0

    def add(self, reason: str) -> None:
        with self.lock:
            self.counts[reason] += 1
            if time.monotonic() - self.written_at < SECONDS_BETWEEN_WRITES:
                return
            self.written_at = time.monotonic()
            counts, self.counts = self.counts, Counter()
        for each, count in counts.items():
            RefusedDelivery.add(each, count)


refusals = Refusals()


def settle_checkout_session(event: Event) -> tuple[Outcome, str]:
    payment = payment_of(event, order=event.object.get("client_reference_id"))
    return settle(payment, event) if payment else (Outcome.NOT_OURS, "")


def settle_payment_intent(event: Event) -> tuple[Outcome, str]:
    payment = payment_of(event, order=metadata_of(event).get("order"))
    if payment and not payment.is_intent:
        return settle_by_its_session(payment, event)
    return settle(payment, event) if payment else (Outcome.NOT_OURS, "")


def settle_failed_intent(event: Event) -> tuple[Outcome, str]:
    """A card was declined. Who has had too many tries no other on a page that is open."""
    payment = payment_of(event, order=metadata_of(event).get("order"))
    if payment and is_of_its_account(event, payment):
        brake.note_decline(payment.order, decline_of(event.object) or event.id)
        if brake.has_too_many_declines(payment.order):
            fulfillment.close_open_offers(payment.order)
    return settle_payment_intent(event)


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


def settle_refunds(event: Event) -> tuple[Outcome, str]:
    return settle_money_back(event, refunds.settle)


def settle_disputes(event: Event) -> tuple[Outcome, str]:
    return settle_money_back(event, disputes.settle)


def settle_money_back(event: Event, settle: Callable[[Payment], object]) -> tuple[Outcome, str]:
    """What went back or is contested, and how much, says the account of the payment; the event only that it should."""
    payment = payment_taken_back(event)
    if payment is None:
        return Outcome.NOT_OURS, ""
    problem = "" if is_of_its_account(event, payment) else ANOTHER_ACCOUNT
    if event.livemode is not payment.livemode:
        problem = ANOTHER_LIVEMODE
    if problem:
        logger.error("Event %s does not fit payment %s: %s", event.id, payment.pk, problem)
        return Outcome.REFUSED, problem
    if payment.may_change:
        fulfillment.settle(payment)
    if not payment.is_taken:
        return Outcome.IGNORED, ""
    settle(payment)
    return Outcome.SETTLED, ""


def payment_taken_back(event: Event) -> Payment | None:
    """By its PaymentIntent. Of one made by Checkout we may not have heard yet: then the intent says what it is for."""
    intent_id = event.object.get("payment_intent")
    if not is_name(intent_id):
        return None
    payments = Payment.objects.select_related("order")
    known = payments.filter(payment_intent_id=intent_id).first()
    if known:
        return known
    try:
        intent = api.retrieve_payment_intent(event.keypair, str(intent_id))
    except StripeObjectMissing:
        return None
    found = payments.filter(pk=int(intent.payment)).first() if re.fullmatch(NUMBER, intent.payment) else None
    return found if found and str(found.order.uuid) == intent.order else None


def payment_of(event: Event, order: object) -> Payment | None:
    """The payment by the id of its session or intent, or by what we told Stripe of it."""
    if not event.object_id:
        return None
    payments = Payment.objects.select_related("order")
    known = payments.filter(Q(checkout_session_id=event.object_id) | Q(payment_intent_id=event.object_id)).first()
    number = payment_number(event)
    if known or number is None:
        return known
    payment = payments.filter(pk=number).first()
    return payment if payment and str(payment.order.uuid) == order else None


def payment_number(event: Event) -> int | None:
    """What we told Stripe of the payment."""
    number = str(metadata_of(event).get("payment"))
    return int(number) if re.fullmatch(NUMBER, number) else None


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
        return ANOTHER_ACCOUNT
    if payment.stripe_id not in ("", event.object_id):
        return ANOTHER_INTENT if payment.is_intent else ANOTHER_SESSION
    if event.livemode is not payment.livemode or event.object.get("livemode") is not payment.livemode:
        return ANOTHER_LIVEMODE
    if str(event.object.get("currency")).upper() != payment.currency:
        return ANOTHER_CURRENCY
    if event.type not in FROM_BEFORE_AN_UPDATE and amount_of(event, payment) not in expected_amounts(event, payment):
        return ANOTHER_AMOUNT
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
    "payment_intent.payment_failed": settle_failed_intent,
    "payment_intent.canceled": settle_payment_intent,
    "refund.created": settle_refunds,
    "refund.updated": settle_refunds,
    "refund.failed": settle_refunds,
    "charge.refunded": settle_refunds,
    "charge.dispute.created": settle_disputes,
    "charge.dispute.updated": settle_disputes,
    "charge.dispute.closed": settle_disputes,
    "charge.dispute.funds_withdrawn": settle_disputes,
    "charge.dispute.funds_reinstated": settle_disputes,
}
# These may tell of an amount that was changed since; nothing was charged by them.
FROM_BEFORE_AN_UPDATE = ("payment_intent.payment_failed", "payment_intent.canceled")
