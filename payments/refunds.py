"""Payment -> Refund: money goes back, by the account that took it. Stock does not come back by itself."""

import contextlib
import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_noop

from payments import disputes, emails
from payments.errors import StorefrontError, StripeFailed, StripeRefused, StripeUnreachable
from payments.gateway import api, objects
from payments.gateway.keys import Keypair, keypair_of_account
from payments.models import Order, OrderEmail, Payment, Refund

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

# What is noted is noted in English, and translated when it is read.
NOT_ACCEPTED = gettext_noop("Stripe did not accept it: look at the payment in Stripe's dashboard.")
# By Stripe's code for the error.
REFUSALS = {
    "charge_already_refunded": gettext_noop("All of this payment had been refunded before."),
    "charge_disputed": gettext_noop("The bank has taken this payment back on the cardholder's dispute."),
    "resource_missing": gettext_noop("The Stripe account does not know this payment: is its keypair another one now?"),
}
# By Stripe's name for why a bank sent it back; the others are shown as they are. https://docs.stripe.com/refunds
FAILURES = {
    "charge_for_pending_refund_disputed": gettext_noop("The bank sent it back: the payment is disputed."),
    "declined": gettext_noop("The bank sent it back: it declined the refund."),
    "expired_or_canceled_card": gettext_noop("The bank sent it back: the card has expired or was canceled."),
    "insufficient_funds": gettext_noop("It failed: there is too little money in the Stripe account."),
    "lost_or_stolen_card": gettext_noop("The bank sent it back: the card was lost or stolen."),
    "merchant_request": gettext_noop("It was canceled at the shop's own request."),
    "unknown": gettext_noop("The bank sent it back, and does not say why."),
}


def refund(
    *, payment: Payment, amount: int, reason: str, note: str, by: "User", token: uuid.UUID | None = None
) -> Refund:
    """Give back this many minor units; what came of it is the refund's `status`, also if Stripe refused or was silent.

    `token` is that of the form: sent twice, it refunds once.
    Raises RefundRefused or NoKeypair, StripeRefused or StripeUnreachable, and then nothing was asked for.
    """
    keypair = account_that_took(payment)
    refund, is_new = Refund.objects.begin(
        payment, token=token or uuid.uuid4(), amount=amount, reason=reason, note=note, by=by
    )
    if is_new:
        send(refund, keypair)
    elif refund.is_unanswered:
        with contextlib.suppress(StorefrontError):
            settle_refund(refund)
    return refund


def account_that_took(payment: Payment) -> Keypair:
    """Its keypair. Where that was rolled, only one that knows the payment: no other is asked, or believed."""
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    if keypair.publishable_key != payment.publishable_key and payment.payment_intent_id:
        api.retrieve_payment_intent(keypair, payment.payment_intent_id)
    return keypair


def send(refund: Refund, keypair: Keypair) -> None:
    """Outside of any transaction. A lost answer is found again by `settle_refund`."""
    payment = refund.payment
    try:
        answer = api.create_refund(keypair, refund_params(refund), idempotency_key(refund))
    except StripeUnreachable as error:
        # Stripe answers the failure that it answered once to the same key again, for a day.
        refund.note_unanswered(needs_another_key=isinstance(error, StripeFailed))
    except StripeRefused as refusal:
        refund.mark_failed(in_words(refusal))
        learn(payment)
    else:
        take(payment, [answer])
        refund.refresh_from_db()
    payment.refresh_from_db()


def refund_params(refund: Refund) -> dict[str, Any]:
    """https://docs.stripe.com/api/refunds/create"""
    return {
        "payment_intent": refund.payment.payment_intent_id,
        "amount": refund.amount,
        "reason": refund.reason,
        "metadata": {"order": str(refund.payment.order.uuid), "refund": str(refund.token)},
    }


def idempotency_key(refund: Refund) -> str:
    return f"refund-{refund.token}-{refund.key_number}"


def in_words(refusal: StripeRefused) -> str:
    if refusal.param == "amount":
        return gettext_noop("Less than that is left of this payment at Stripe: look at its refunds.")
    return REFUSALS.get(refusal.stripe_code, NOT_ACCEPTED)


def learn(payment: Payment) -> None:
    """Stripe knows of something that we do not: money went back by its dashboard, or is contested."""
    with contextlib.suppress(StorefrontError):
        settle(payment)
        disputes.settle(payment)


def settle(payment: Payment) -> list[Refund]:
    """Ask the payment's own account for its refunds, whoever made them, and let ours say the same; which were news.

    May be called by anyone at any time: it is applied under a lock, and old answers change nothing.
    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    keypair = account_that_took(payment)
    return take(payment, api.list_refunds(keypair, {"payment_intent": payment.payment_intent_id}))


@transaction.atomic
def take(payment: Payment, answers: list[objects.Refund]) -> list[Refund]:
    payment.order = Order.objects.select_for_update().get(pk=payment.order_id)
    payment.refresh_from_db()
    news = [refund for answer in answers if (refund := note(payment, answer))]
    if news:
        give_up_what_is_left_nothing_for(payment)
        Refund.objects.keep_in_step(payment)
        for refund in news:
            OrderEmail.objects.tell_of_refund(refund)
        transaction.on_commit(partial(emails.send_due, payment.order), robust=True)
    return news


def note(payment: Payment, answer: objects.Refund) -> Refund | None:
    """The refund that the answer is about, if it says anything new."""
    refund = find(payment, answer) or Refund(
        payment=payment, amount=answer.amount, reason=answer.reason, created=answer.created
    )
    problem = difference(refund, answer)
    if problem:
        logger.error("Refund %s of payment %s does not fit: %s", answer.id, payment.pk, problem)
        if refund.pk:
            refund.note_problem(f"Stripe's {answer.id} does not fit: {problem}")
        return None
    if not refund.take(stripe_id=answer.id, status=answer.status, problem=failure_of(answer)):
        return None
    if refund.status in Refund.NOTHING_WENT_BACK:
        logger.error("Refund %s of payment %s failed: %s", refund.pk, payment.pk, answer.failure_reason)
    return refund


def failure_of(answer: objects.Refund) -> str:
    reason = answer.failure_reason
    return FAILURES.get(reason, f"The bank sent it back ({reason}).") if reason else ""


def find(payment: Payment, answer: objects.Refund) -> Refund | None:
    """By Stripe's id, or by the name that we gave it if its answer was lost."""
    for refund in payment.refunds.all():
        if refund.stripe_id == answer.id or (not refund.stripe_id and str(refund.token) == answer.token):
            return refund
    return None


def difference(refund: Refund, answer: objects.Refund) -> str:
    """What keeps Stripe's refund from being ours, or an empty text."""
    payment = refund.payment
    ours = (payment.payment_intent_id, refund.amount, payment.currency)
    theirs = (answer.payment_intent_id, answer.amount, answer.currency)
    return "" if ours == theirs else "expected {}, {} {}; Stripe says {}, {} {}".format(*ours, *theirs)


def give_up_what_is_left_nothing_for(payment: Payment) -> None:
    """The dashboard was faster: Stripe has refused, or will refuse, what goes beyond the payment."""
    for refund in payment.refunds.filter(status=Refund.Status.CREATED):
        if payment.refunds.counting().total() > payment.amount:
            refund.status = Refund.Status.FAILED
            refund.problem = gettext_noop("This money went back by Stripe's dashboard meanwhile.")
            refund.save()


def settle_refund(refund: Refund) -> list[Refund]:
    """Ask what became of it. One that Stripe does not know is asked for again, or given up after a day.

    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    payment = refund.payment
    news = settle(payment)
    refund.refresh_from_db()
    if not refund.is_unanswered:
        return news
    if refund.may_yet_appear:
        return news
    if refund.is_repeatable:
        send(refund, account_that_took(payment))
    else:
        refund.mark_failed(
            gettext_noop("It never reached Stripe, and nothing went back: refund again if it is still to be.")
        )
        logger.error("Refund %s of payment %s was given up after a day: nothing went back", refund.pk, payment.pk)
    return news if refund.is_unanswered else [*news, refund]
