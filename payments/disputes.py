"""Dispute at Stripe -> ours: what a cardholder contests, learned from the account that took the money."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from payments.gateway import api, objects
from payments.gateway.keys import keypair_of_account
from payments.models import Dispute, Order, Payment

logger = logging.getLogger(__name__)


def settle(payment: Payment) -> list[Dispute]:
    """Ask the payment's own account for its disputes, and let order and payment say the same; which were news.

    May be called by anyone at any time. Raises NoKeypair, StripeRefused or StripeUnreachable; nothing has changed then.
    """
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    asked_at = timezone.now()
    disputes = api.list_disputes(keypair, {"payment_intent": payment.payment_intent_id})
    return take(payment, disputes, asked_at)


@transaction.atomic
def take(payment: Payment, answers: list[objects.Dispute], asked_at: datetime) -> list[Dispute]:
    Order.objects.select_for_update().get(pk=payment.order_id)
    news = [dispute for answer in answers if (dispute := note(payment, answer, asked_at))]
    if news:
        Dispute.objects.keep_in_step(payment)
    return news


def note(payment: Payment, answer: objects.Dispute, asked_at: datetime) -> Dispute | None:
    known = payment.disputes.filter(stripe_id=answer.id).first()
    dispute = known or Dispute(payment=payment, stripe_id=answer.id)
    is_news = dispute.take(
        asked_at,
        status=answer.status,
        reason=answer.reason,
        amount=answer.amount,
        currency=answer.currency,
        is_charge_refundable=answer.is_charge_refundable,
        evidence_due_by=answer.evidence_due_by,
        withdrawn_amount=answer.withdrawn_amount,
        withdrawn_at=answer.withdrawn_at,
        reinstated_amount=answer.reinstated_amount,
        reinstated_at=answer.reinstated_at,
        created=answer.created,
    )
    if not known:
        logger.error("Payment %s is disputed (%s): answer by %s", payment.pk, answer.reason, answer.evidence_due_by)
    return dispute if is_news else None
