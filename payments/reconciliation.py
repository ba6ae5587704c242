"""What Stripe knows and we missed: with every webhook lost, one run makes the shop agree with all its accounts."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from payments import brake, counterparts, emails, fulfillment, money_back, webhooks
from payments.errors import AccountSilent, EmailNotWritten, StorefrontError
from payments.gateway.keys import Keypair, every_keypair
from payments.models import Order, OrderEmail, Payment, StripeEvent, Upload

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """What was mended; or what could not be, so that somebody may have to look."""

    text: str
    is_mended: bool = True


def reconcile() -> Iterator[Line]:
    """One run over all accounts. What fails in one of them, or by a mistake of ours, does not stop the others.

    It may run in two places at once: whatever it does is done under a lock, or twice without harm.
    """
    for keypair in every_keypair():
        if keypair.is_complete:
            yield from tried(events_of_account(keypair))
    for part in (
        *(events_of_nobody(), payments_under_way(), money_that_goes_back(), stock_held_for_nobody()),
        *(leftovers_at_stripe(), what_is_over(), mails_that_wait()),
    ):
        yield from tried(part)


def tried(part: Iterator[Line]) -> Iterator[Line]:
    """As far as it comes. Without a database the others would come no further."""
    try:
        yield from part
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("A part of the reconciliation failed")
        yield Line(f"not now: a part of the work ({type(error).__name__}): the log says more", is_mended=False)


def events_of_account(keypair: Keypair) -> Iterator[Line]:
    account = f"the {'retired ' if keypair.retired else ''}account for {keypair.currency}"
    try:
        yield from counted(webhooks.fetch_undelivered(keypair), f"events fetched that {account} could not deliver")
    except StorefrontError as error:
        yield Line(f"not now: events of {account} ({error.code})", is_mended=False)
        if isinstance(error, AccountSilent):
            return
    try:
        done, waiting = webhooks.work_on_waiting(keypair)
    except StorefrontError as error:
        yield Line(f"not now: waiting events of {account} ({error.code})", is_mended=False)
        return
    yield from counted(done, f"events of {account} worked on that had waited")
    if waiting:
        yield Line(f"{waiting} events of {account} cannot be worked on: the admin shows why", is_mended=False)


def events_of_nobody() -> Iterator[Line]:
    known = {keypair.publishable_key for keypair in every_keypair()}
    for account, count in StripeEvent.objects.waiting_by_account().items():
        if account not in known:
            yield Line(
                f"{count} events wait for {account}, which is in no keypair: add it as a retired one", is_mended=False
            )


def payments_under_way() -> Iterator[Line]:
    """Read those again of which nothing was heard for a while; take back what was not paid in time."""
    silent: set[str] = set()
    payments = Payment.objects.select_related("order__discount")
    # All at once: a list that is still being read lets no other write to SQLite.
    for pk in list(Payment.objects.due_for_reading().values_list("pk", flat=True)):
        payment = payments.get(pk=pk)
        if payment.publishable_key in silent or not claim(payment):
            continue
        before = payment.status
        try:
            fulfillment.release(payment)
        except StorefrontError as error:
            if isinstance(error, AccountSilent):
                silent.add(payment.publishable_key)
            yield Line(f"not now: payment {payment.pk} of order {payment.order_id} ({error.code})", is_mended=False)
            continue
        if payment.status != before:
            yield Line(f"payment {payment.pk} of order {payment.order_id}: was {before}, is {payment.status}")


def claim(payment: Payment) -> bool:
    """Whether it is ours to look at: another run may have come to it first."""
    return payment.claim_check() or not payment.stripe_id


def money_that_goes_back() -> Iterator[Line]:
    asked = money_back.Asked()
    for changed in money_back.reconcile_open(asked):
        yield Line(f"{changed}: {changed.get_status_display()}")
    for problem in asked.problems:
        yield Line(f"not now: {problem}", is_mended=False)


def stock_held_for_nobody() -> Iterator[Line]:
    for order in Order.objects.holding_for_nobody():
        order.release_if_idle()
        yield Line(f"stock of order {order.pk} given back")


def leftovers_at_stripe() -> Iterator[Line]:
    yield from counted(counterparts.retire_leftovers(), "coupons and tax rates retired that nothing uses any more")


def what_is_over() -> Iterator[Line]:
    brake.forget_what_is_over()
    Upload.objects.forget_old()
    yield from counted(cut_down_events(), "events left without what tells of a person")


def cut_down_events() -> int:
    days = timedelta(days=settings.EVENT_PAYLOAD_DAYS)
    return StripeEvent.objects.cut_down(received_before=timezone.now() - days)


def mails_that_wait() -> Iterator[Line]:
    unwritten: list[OrderEmail] = []
    yield from counted(emails.send_due(unwritten=unwritten), "mails sent that had waited")
    for email in unwritten:
        yield Line(f"not now: mail {email.pk} of order {email.order_id} ({EmailNotWritten.code})", is_mended=False)


def counted(count: int, what: str) -> Iterator[Line]:
    if count:
        yield Line(f"{count} {what}")
