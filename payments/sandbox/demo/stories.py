"""What happens on a visit, step by step: by the shop's own acts, and by what a payer and a bank do at the stand-in."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from payments import checkout, emails, intents, refunds
from payments.models import NewOrder, Order, OrderChange, Payment, Refund
from payments.models.purchases import taxes_put_on
from payments.money import step
from payments.sandbox import accounts, store
from payments.sandbox.demo.visits import Ending, Visit
from payments.sandbox.objects import disputes
from payments.sandbox.pages import elements
from payments.sandbox.paying import payers
from payments.sandbox.paying.cards import TEST_CARDS, Behavior, Card, card_of
from payments.sandbox.paying.rehearsal import Bank, Rehearsal

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CARDS = {
    Ending.CONFIRMED: Behavior.AUTHENTICATES,
    Ending.REFUNDED_SLOWLY: Behavior.REFUNDS_SLOWLY,
    Ending.REFUND_FAILED: Behavior.REFUND_FAILS,
    Ending.DISPUTED: Behavior.IS_DISPUTED,
    Ending.DISPUTE_WON: Behavior.IS_DISPUTED,
    Ending.DISPUTE_LOST: Behavior.IS_DISPUTED,
    Ending.INQUIRED: Behavior.IS_INQUIRED,
}
REFUNDED = (Ending.REFUNDED_PARTLY, Ending.REFUNDED_FULLY, Ending.REFUNDED_SLOWLY, Ending.REFUND_FAILED)
NOTES = ("Arrived broken", "Wrong size", "Changed their mind", "Sent too late", "One piece was missing")


class Story:
    """Each step is taken at its time: `tell` says how long after the one before."""

    def __init__(self, visit: Visit, clerk: "User", seed: int) -> None:
        self.visit = visit
        self.clerk = clerk
        self.random = Random(f"{seed} {visit.number}")  # noqa: S311  (nobody's secret)
        self.payment: Payment | None = None

    def tell(self) -> Iterator[timedelta]:
        with translation.override(self.visit.language):
            order = self.composed_by_staff() if self.visit.by_staff else self.put_together()
        if self.visit.by_staff:
            yield self.some_time(5 * MINUTE, 8 * 60 * MINUTE)
        self.open(order)
        if self.payment is None or self.visit.ending is Ending.ABANDONED:
            return
        yield self.some_time(MINUTE, 6 * MINUTE)
        if self.visit.ending is Ending.DECLINED_FIRST:
            self.give(card(Behavior.DECLINES))
            yield self.some_time(MINUTE, 3 * MINUTE)
        self.give(card(CARDS.get(self.visit.ending, Behavior.PAYS)))
        # Until a bank that takes its time has decided.
        yield MINUTE
        yield from self.afterwards(order)

    def put_together(self) -> Order:
        (order,) = Order.objects.for_purchase([self.offer], purchase_key=uuid.uuid4().hex)
        return order

    @property
    def offer(self) -> NewOrder:
        taxes = taxes_put_on(self.visit.currency)
        return NewOrder(self.visit.currency, self.visit.lines, taxes, self.visit.discount)

    def composed_by_staff(self) -> Order:
        order: Order = Order.objects.create(currency=self.visit.currency, email=self.visit.email)
        order.take(self.offer)
        OrderChange.objects.note(order, OrderChange.Kind.MADE, by=self.clerk)
        emails.send_payment_link(order, settings.LINK_ORIGIN + reverse("order", args=[order.uuid]))
        OrderChange.objects.note(order, OrderChange.Kind.LINK_SENT, by=self.clerk, detail=order.email)
        return order

    def open(self, order: Order) -> None:
        """Nothing is opened for what is free."""
        if self.visit.on_own_page:
            order.note_email(self.visit.email)
            self.payment = intents.open_intent(order=order)
        else:
            self.payment = checkout.open_session(order=order, origin=settings.LINK_ORIGIN)

    def give(self, given: Card) -> None:
        bank = Bank.SLOW if self.visit.ending is Ending.BANK_TAKES_TIME else Bank.AT_ONCE
        rehearsal = Rehearsal(bank=bank)
        payment = self.paid_by
        account, asks = accounts.of_publishable_key(payment.publishable_key), given.behavior is Behavior.AUTHENTICATES
        if payment.is_intent:
            intent = (account, payment.payment_intent_id, payment.client_secret)
            elements.confirm(*intent, given, self.visit.email, settings.LINK_ORIGIN, rehearsal)
            if asks:
                elements.authenticate(*intent, succeeds=True)
        else:
            payers.pay(account, payment.checkout_session_id, given, self.visit.email, rehearsal)
            if asks:
                payers.confirm(account, payment.checkout_session_id, succeeds=True)

    @property
    def paid_by(self) -> Payment:
        if self.payment is None:
            raise ValueError("Nothing was to be paid.")
        return self.payment

    def afterwards(self, order: Order) -> Iterator[timedelta]:
        if self.visit.ending in REFUNDED:
            yield self.some_time(DAY / 2, 5 * DAY)
            self.refund()
            yield MINUTE
        elif self.visit.ending in (Ending.DISPUTE_WON, Ending.DISPUTE_LOST):
            yield self.some_time(DAY, 3 * DAY)
            self.decide("answer")
            yield self.some_time(2 * DAY, 6 * DAY)
            self.decide("win" if self.visit.ending is Ending.DISPUTE_WON else "lose")

    def refund(self) -> None:
        payment = Payment.objects.get(pk=self.paid_by.pk)
        whole = payment.refundable_amount
        smallest = step(payment.currency)
        part = max(smallest, whole * self.random.randint(10, 60) // 100 // smallest * smallest)
        refunds.refund(
            payment=payment,
            amount=part if self.visit.ending is Ending.REFUNDED_PARTLY else whole,
            reason=Refund.Reason.REQUESTED_BY_CUSTOMER,
            note=self.random.choice(NOTES),
            by=self.clerk,
        )

    def decide(self, how: str) -> None:
        """On the dispute of this payment: by an answer, or by the bank."""
        payment = Payment.objects.get(pk=self.paid_by.pk)
        account = accounts.of_publishable_key(payment.publishable_key)
        with store.writing() as db:
            for dispute in list(store.newest_first(db, account, "dispute")):
                if dispute["payment_intent"] != payment.payment_intent_id:
                    continue
                if how == "answer":
                    disputes.submit_evidence(db, account, dispute)
                else:
                    disputes.close(db, account, dispute, won=how == "win")

    def some_time(self, least: timedelta, most: timedelta) -> timedelta:
        return least + (most - least) * self.random.random()


def card(behavior: Behavior) -> Card:
    number = next(number for number, each in TEST_CARDS.items() if each is behavior)
    found = card_of(number)
    if found is None:
        raise ValueError(behavior)
    return found
