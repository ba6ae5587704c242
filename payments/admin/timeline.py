"""What happened to an order, the newest first: from whatever the shop has noted, in one query for each kind of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from payments.admin import declines
from payments.admin.webhook_health import account_name
from payments.models import Dispute, Order, OrderChange, OrderEmail, Payment, Refund, StripeEvent
from payments.money import format_amount

# A card tester may have tried a thousand cards.
MOST_DECLINES = 50
AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    at: datetime
    says: str
    detail: str = ""
    # good, bad, or nothing of the kind.
    kind: str = ""
    about: Model | None = None

    @property
    def url(self) -> str:
        return (
            reverse(f"admin:{self.about._meta.label_lower.replace('.', '_')}_change", args=[self.about.pk])
            if self.about
            else ""
        )

    @property
    def permission(self) -> str:
        return f"payments.view_{self.about._meta.model_name}" if self.about else ""


def timeline_of(order: Order) -> list[Entry]:
    payments, changes = list(order.payments.all()), list(order.changes.all())
    parts = [
        by_staff(order, changes),
        offered(order, payments),
        declined(payments),
        completed(order, payments),
        *([refunded(order), disputed(order)] if any(payment.is_taken for payment in payments) else []),
        mailed(order, changes),
    ]
    return sorted((entry for part in parts for entry in part), key=lambda entry: entry.at, reverse=True)


def by_staff(order: Order, changes: list[OrderChange]) -> Iterator[Entry]:
    if not any(change.kind == OrderChange.Kind.MADE for change in changes):
        yield Entry(order.created, _("Made by the shopper"))
    for change in changes:
        yield Entry(change.created, change_in_words(change), change_in_detail(change))


def change_in_words(change: OrderChange) -> str:
    values = {"name": change.by_name, "email": change.detail}
    if change.kind == OrderChange.Kind.MADE:
        return _("Made by %(name)s") % values
    if change.kind == OrderChange.Kind.LINK_SENT:
        return _("%(name)s sent the payment link to %(email)s") % values
    return _("Changed by %(name)s") % values


def change_in_detail(change: OrderChange) -> str:
    if change.kind != OrderChange.Kind.CHANGED:
        return ""
    return LogEntry(change_message=change.detail).get_change_message()


def offered(order: Order, payments: list[Payment]) -> Iterator[Entry]:
    for payment in payments:
        values = {
            "amount": format_amount(payment.amount, payment.currency),
            "account": account_name(payment.publishable_key),
        }
        where = (
            _("%(amount)s to be paid on the shop's page, to the account %(account)s")
            if payment.is_intent
            else _("%(amount)s to be paid on Stripe's page, to the account %(account)s")
        )
        yield Entry(payment.created, where % values, about=payment)
        if payment.status in Payment.ENDED:
            yield ended(order, payment)
        elif payment.problem:
            yield Entry(
                payment.changed, _("Something is wrong with this payment"), payment.problem_in_words, "bad", payment
            )


def ended(order: Order, payment: Payment) -> Entry:
    is_paid = payment.status == Payment.Status.PAID
    at = payment.ended_at or (order.paid_at if is_paid else None) or payment.changed
    amount = {"amount": format_amount(payment.amount, payment.currency)}
    if is_paid:
        return Entry(at, _("%(amount)s was paid") % amount, payment.problem_in_words, "good", payment)
    if payment.status == Payment.Status.DUPLICATE:
        return Entry(at, _("%(amount)s was paid a second time") % amount, payment.problem_in_words, "bad", payment)
    if payment.status == Payment.Status.FAILED:
        return Entry(at, _("The payment failed"), payment.problem_in_words, "bad", payment)
    return Entry(at, _("The payment page expired, or was taken back"), about=payment)


def declined(payments: list[Payment]) -> Iterator[Entry]:
    """What an account told of cards that were refused, where a shopper could try another one."""
    accounts = {payment.publishable_key for payment in payments}
    intents = {payment.payment_intent_id for payment in payments} - {""}
    events = StripeEvent.objects.filter(
        type="payment_intent.payment_failed", object_id__in=intents, account__in=accounts
    ).exclude(outcome__in=[StripeEvent.Outcome.NOT_OURS, StripeEvent.Outcome.REFUSED])
    for event in events[:MOST_DECLINES] if intents else ():
        yield Entry(event.received, _("The card was declined"), reason_of(event), "bad")


def reason_of(event: StripeEvent) -> str:
    """Empty once that was left out of what is kept."""
    error = json.loads(event.payload or "{}").get("data", {}).get("object", {}).get("last_payment_error") or {}
    return declines.in_words(str(error.get("decline_code") or error.get("code") or ""))


def completed(order: Order, payments: list[Payment]) -> Iterator[Entry]:
    if order.paid_at and not any(payment.status == Payment.Status.PAID for payment in payments):
        yield Entry(order.paid_at, _("Completed: nothing was to be paid"), kind="good")


def refunded(order: Order) -> Iterator[Entry]:
    for refund in Refund.objects.filter(payment__order=order).select_related("payment", "requested_by"):
        values = {"amount": refund.shown_amount, "name": refund.requested_by}
        by = (
            _("Refund of %(amount)s by %(name)s")
            if refund.requested_by
            else _("Refund of %(amount)s by Stripe's dashboard")
        )
        why = [refund.get_reason_display(), refund.note]
        failed = refund.status in Refund.NOTHING_WENT_BACK
        state = [] if failed else [refund.get_status_display(), refund.problem_in_words]
        yield Entry(refund.created, by % values, joined(*state, *why), about=refund)
        if failed:
            yield Entry(
                refund.changed, _("Nothing went back of %(amount)s") % values, refund.problem_in_words, "bad", refund
            )


def disputed(order: Order) -> Iterator[Entry]:
    for dispute in Dispute.objects.filter(payment__order=order):
        values = {"amount": dispute.shown_amount}
        state = [dispute.get_status_display(), until(dispute)] if dispute.is_open else []
        opened = _("The cardholder disputes %(amount)s") % values
        yield Entry(dispute.created, opened, joined(dispute.reason_in_words, *state), "bad", dispute)
        if not dispute.is_open:
            is_lost = dispute.status == Dispute.Status.LOST
            ended = (
                _("The dispute was lost: %(amount)s went back")
                if is_lost
                else _("The dispute is over: nothing was lost")
            )
            yield Entry(dispute.changed, ended % values, kind="bad" if is_lost else "good", about=dispute)


def until(dispute: Dispute) -> str:
    due_by = dispute.evidence_due_by
    return _("answer by %(time)s") % {"time": date_format(localtime(due_by), "DATETIME_FORMAT")} if due_by else ""


def mailed(order: Order, changes: list[OrderChange]) -> Iterator[Entry]:
    for email in OrderEmail.objects.filter(order=order):
        kind = {"mail": email.get_kind_display()}
        if email.sent_at:
            if not was_told(email, email.sent_at, changes):
                yield Entry(email.sent_at, _("Mail sent: %(mail)s") % kind, email.recipient)
        elif email.is_given_up:
            yield Entry(email.created, _("A mail could not be sent: %(mail)s") % kind, email.recipient, "bad")
        else:
            yield Entry(email.created, _("A mail waits to be sent: %(mail)s") % kind, email.recipient)


def was_told(email: OrderEmail, sent_at: datetime, changes: list[OrderChange]) -> bool:
    """Whether it is the link that went out when staff sent it, and not only when the mail server was back."""
    sent = [change for change in changes if change.kind == OrderChange.Kind.LINK_SENT]
    return email.kind == OrderEmail.Kind.PAYMENT_LINK and any(
        change.detail == email.recipient and abs(change.created - sent_at) < AT_ONCE for change in sent
    )


def joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
