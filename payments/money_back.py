"""Refunds and disputes that no event told of, or whose answer was lost: asked for again, account by account."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone

from payments import disputes, refunds
from payments.errors import AccountSilent, StorefrontError
from payments.gateway import api, objects
from payments.gateway.keys import Keypair, every_keypair, keypair_of_account
from payments.models import Dispute, Payment, Refund

logger = logging.getLogger(__name__)

T = TypeVar("T")
# What is older and was missed is told by the events that could not be delivered, which Stripe keeps for 30 days.
RECENTLY = timedelta(days=3)


class Asked:
    """What the accounts were asked in one run, and what of it they did not answer.

    For each act an account that was silent is not asked again; by the next one it may be.
    """

    def __init__(self) -> None:
        self.silent: set[tuple[Callable[..., Any], str]] = set()
        self.problems: list[str] = []

    def tried(self, act: Callable[[Any], Iterable[T]], subject: Any, account: str) -> list[T]:
        """What the act found out; nothing if the account did not answer, or had not before."""
        if (act, account) in self.silent:
            return []
        try:
            return list(act(subject))
        except StorefrontError as error:
            if isinstance(error, AccountSilent):
                self.silent.add((act, account))
            self.problems.append(f"{named(subject)} ({error.code})")
            logger.warning("Not checked: %s: %s", named(subject), error.code)
            return []


def named(subject: Refund | Payment | Keypair) -> str:
    """For the log and the command: in English, whoever reads the page."""
    if isinstance(subject, Keypair):
        return f"refunds and disputes of the account for {subject.currency}"
    if isinstance(subject, Payment):
        return f"payment {subject.pk} of order {subject.order_id}"
    return f"refund {subject.pk}"


def reconcile_open(asked: Asked | None = None) -> list[Refund | Dispute]:
    """Settle unanswered and pending refunds, open disputes, and what was lately made in a dashboard; which were news.

    An account that cannot be asked is left for the next time, and `asked` says so. What is under way comes in another
    order each time: one of which Stripe cannot tell must not keep the others waiting for ever.
    """
    asked = asked or Asked()
    news: list[Refund | Dispute] = []
    for refund in Refund.objects.under_way().select_related("payment__order").order_by("?"):
        news += asked.tried(refunds.settle_refund, refund, refund.payment.publishable_key)
    contested = Dispute.objects.still_open().values("payment")
    for payment in Payment.objects.filter(pk__in=contested).order_by("?"):
        news += asked.tried(disputes.settle, payment, payment.publishable_key)
    for keypair in accounts():
        account = keypair.publishable_key
        for payment in asked.tried(refunded_lately, keypair, account):
            news += asked.tried(refunds.settle, payment, account)
        for payment in asked.tried(disputed_lately, keypair, account):
            news += asked.tried(disputes.settle, payment, account)
    return news


def accounts() -> Iterable[Keypair]:
    """A keypair of each: two currencies may be sold by one."""
    return {keypair.publishable_key: keypair for keypair in every_keypair() if keypair.is_complete}.values()


def refunded_lately(keypair: Keypair) -> list[Payment]:
    """Payments of the account with a refund at Stripe that we do not know, or not so."""
    found = api.list_refunds(keypair, {"created": {"gte": since()}})
    known = set(Refund.objects.filter(stripe_id__in=[refund.id for refund in found]).values_list("stripe_id", "status"))
    return payments_of(keypair, [each for each in found if (each.id, each.status) not in known])


def disputed_lately(keypair: Keypair) -> list[Payment]:
    found = api.list_disputes(keypair, {"created": {"gte": since()}})
    known = set(Dispute.objects.filter(stripe_id__in=[each.id for each in found]).values_list("stripe_id", "status"))
    return payments_of(keypair, [each for each in found if (each.id, each.status) not in known])


def since() -> int:
    return int((timezone.now() - RECENTLY).timestamp())


def payments_of(keypair: Keypair, found: Iterable[objects.Refund | objects.Dispute]) -> list[Payment]:
    intent_ids = {each.payment_intent_id for each in found}
    payments = Payment.objects.filter(payment_intent_id__in=intent_ids - {""}, status__in=Payment.TAKEN)
    return [payment for payment in payments if is_of(payment, keypair)]


def is_of(payment: Payment, keypair: Keypair) -> bool:
    return keypair_of_account(payment.publishable_key, payment.currency).publishable_key == keypair.publishable_key
