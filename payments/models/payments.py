"""One attempt to have an order paid, by one Stripe account, and what became of it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.admin import display
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from payments.errors import RefundRefused, in_words
from payments.models.agreed import Agreed
from payments.models.orders import Order
from payments.models.statements import insert, update
from payments.money import format_amount, step

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_BETWEEN_CHECKS = 3
# Stripe keeps a Checkout Session open for 30 minutes at least; a little more, as clocks differ and requests take time.
HOLD = timedelta(minutes=35)
# After that a Checkout Session ends by itself; a PaymentIntent would wait for ever.
OFFER_HOLDS = timedelta(hours=24)
SOME_MINUTES = timedelta(minutes=5)
# Stripe is given up before.
CREATION_TAKES = timedelta(minutes=2)
MAXIMUM_PROBLEM = 200
PAID_BEFORE = gettext_noop("This order had been paid before: refund this payment.")
# Of all attempts to have an order paid.
IS_LAST = """
    NOT EXISTS (SELECT 1 FROM payments_payment later
        WHERE later.order_id = payments_payment.order_id AND later.attempt > payments_payment.attempt)
"""
# What failed or expired is over, whatever was wrong with it. No list: SQLite would not see that an index has the same.
NEEDS_SOMEBODY = (Q(status="open") | Q(status="processing") | Q(status="paid") | Q(status="duplicate")) & ~Q(problem="")


class PaymentQuerySet(models.QuerySet["Payment"]):
    def needing_somebody(self) -> "PaymentQuerySet":
        """Paid, or still to be paid, with a word of what is wrong."""
        return self.filter(NEEDS_SOMEBODY)

    def overdue(self) -> "PaymentQuerySet":
        """Under way for longer than something scarce is held, the oldest first."""
        late = timezone.now() - HOLD
        return self.filter(status__in=Payment.UNDER_WAY, created__lt=late).order_by("id")

    def due_for_reading(self) -> "PaymentQuerySet":
        """Under way, and not looked at for some minutes; what has waited for more than an hour, for an hour."""
        now = timezone.now()
        minutes_ago, hour_ago = now - SOME_MINUTES, now - timedelta(hours=1)
        looked_at = Coalesce("checked_at", "created")
        due = Q(looked_at__lt=hour_ago) | Q(looked_at__lt=minutes_ago, created__gt=hour_ago)
        return self.filter(status__in=Payment.UNDER_WAY).alias(looked_at=looked_at).filter(due).order_by("id")

    @transaction.atomic
    def begin(self, order: Order, *, publishable_key: str, livemode: bool, method: "Payment.Method") -> "Payment":
        """The attempt that is under way for the order at this account, or the next one. Raises OrderClosed.

        It exists before Stripe is called, so that no event arrives for something unknown. Of two requests at once
        both get the same attempt, and with it the same idempotency key. An open intent is kept when the order has
        changed: its amount can. Only the last attempt is ever gone on with, since only one may be open.
        """
        order = Order.objects.locked(order.pk)
        order.require_payable()
        last = self.filter(order=order).order_by("-attempt").first()
        agreed = order.freeze()
        if last and last.method == method and last.can_be_continued(publishable_key, agreed.terms):
            return last
        payment = Payment.of(agreed, method=method, publishable_key=publishable_key, livemode=livemode)
        payment.attempt = last.attempt + 1 if last else 1
        insert(payment)
        return payment


class Payment(models.Model):
    class Method(models.TextChoices):
        CHECKOUT = "checkout", _("On Stripe's page")
        INTENT = "intent", _("On the shop's page")

    class Status(models.TextChoices):
        CREATED = "created", _("Not yet at Stripe")
        OPEN = "open", _("Waiting for the shopper")
        PROCESSING = "processing", _("Waiting for the bank")
        PAID = "paid", _("Paid")
        DUPLICATE = "duplicate", _("Paid a second time")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    UNDER_WAY = (Status.CREATED, Status.OPEN, Status.PROCESSING)
    TAKEN = (Status.PAID, Status.DUPLICATE)
    ENDED = (*TAKEN, Status.FAILED, Status.EXPIRED)
    NOT_SETTLED = (*UNDER_WAY, Status.FAILED, Status.EXPIRED)

    # The constraint below has an index that begins with it.
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="payments", verbose_name=_("order"), db_index=False
    )
    attempt = models.PositiveIntegerField(_("attempt"))
    method = models.CharField(_("method"), max_length=10, choices=Method, default=Method.CHECKOUT)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CREATED)
    # The account is remembered as it was: keys may be rotated, or the currency moved, before a refund.
    publishable_key = models.CharField(_("publishable key"), max_length=255)
    livemode = models.BooleanField(_("live mode"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"), help_text=_("In minor units."))
    refunded_amount = models.BigIntegerField(
        _("refunded amount"),
        default=0,
        db_default=0,
        editable=False,
        help_text=_("In minor units: what went back, or may be on its way."),
    )
    terms = models.CharField(_("terms"), max_length=64, editable=False)
    checkout_session_id = models.CharField(_("Checkout Session ID"), max_length=255, blank=True)
    payment_intent_id = models.CharField(_("PaymentIntent ID"), max_length=255, blank=True)
    # As long as Stripe likes: it carries a fragment of the page's own.
    url = models.TextField(_("address"), blank=True)
    problem = models.CharField(
        _("problem"), max_length=MAXIMUM_PROBLEM, blank=True, help_text=_("What somebody should look at.")
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    changed = models.DateTimeField(_("changed"), auto_now=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    # When it was paid, failed or expired; unknown of what ended before this was noted.
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    # As Stripe said it a moment ago, on its way to the page; no column.
    client_secret = ""
    # What it was begun for in this very request; no column.
    begun_for: Agreed | None = None

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        permissions = [("refund_payment", "Can refund payments")]
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=models.F("amount")),
                name="no_more_is_refunded_than_was_paid",
            ),
            models.UniqueConstraint(fields=["order", "attempt"], name="one_payment_an_attempt"),
            models.UniqueConstraint(fields=["order"], condition=Q(status="paid"), name="an_order_is_paid_once"),
            models.UniqueConstraint(
                fields=["publishable_key", "checkout_session_id"],
                condition=~Q(checkout_session_id=""),
                name="one_payment_a_checkout_session",
            ),
            models.UniqueConstraint(
                fields=["publishable_key", "payment_intent_id"],
                condition=~Q(payment_intent_id=""),
                name="one_payment_a_payment_intent",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["checkout", "intent"]),
                name="payment_method_is_known",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["created", "open", "processing", "paid", "duplicate", "failed", "expired"]),
                name="payment_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["open", "processing", "paid", "duplicate"])
                | (Q(method="checkout") & ~Q(checkout_session_id=""))
                | (Q(method="intent") & ~Q(payment_intent_id="")),
                name="payment_at_stripe_has_its_id",
            ),
        ]
        indexes = [
            models.Index(fields=["created"], condition=Q(attempt=1), name="orders_first_offered"),
            # The release before notes no time.
            models.Index(Coalesce("ended_at", "changed"), condition=Q(status="duplicate"), name="payments_taken_again"),
            models.Index(fields=["checkout_session_id"], name="payments_by_session"),
            models.Index(fields=["payment_intent_id"], name="payments_by_intent"),
            models.Index(fields=["id"], condition=NEEDS_SOMEBODY, name="payments_to_be_looked_at"),
            models.Index(fields=["status", "-id"], name="payments_by_status"),
            models.Index(fields=["method", "-id"], name="payments_by_method"),
            models.Index(fields=["currency", "-id"], name="payments_in_a_currency"),
            models.Index(fields=["livemode", "-id"], name="payments_by_mode"),
        ]

    def __str__(self) -> str:
        return gettext("Payment %(number)s") % {"number": self.pk}

    @property
    @display(description=_("problem"))
    def problem_in_words(self) -> str:
        return in_words(self.problem)

    @property
    def is_intent(self) -> bool:
        return self.method == self.Method.INTENT

    @property
    def id_name(self) -> str:
        return "payment_intent_id" if self.is_intent else "checkout_session_id"

    @property
    def stripe_id(self) -> str:
        """Of the Checkout Session or the PaymentIntent that was offered; empty before there is one."""
        return self.payment_intent_id if self.is_intent else self.checkout_session_id

    @property
    def holds_until(self) -> datetime:
        return self.created + HOLD

    @property
    def is_over_in_time(self) -> bool:
        """Whether it was offered for longer than the shopper may take."""
        return timezone.now() > self.created + (HOLD if self.order.holds_something_scarce else OFFER_HOLDS)

    @property
    def is_unnoted(self) -> bool:
        """Whether Stripe's answer to us was lost, or has not come yet."""
        return self.status in (self.Status.CREATED, self.Status.FAILED) or not (self.is_intent or self.url)

    @property
    def may_change(self) -> bool:
        """Whether Stripe can know more than we do."""
        return bool(self.stripe_id) and self.status in self.NOT_SETTLED

    @property
    def is_taken(self) -> bool:
        """Whether money was taken, for the order or beside it."""
        return self.status in self.TAKEN

    @property
    def refundable_amount(self) -> int:
        """In minor units."""
        return self.amount - self.refunded_amount if self.is_taken else 0

    def require_refundable(self, amount: int) -> None:
        """Raise RefundRefused unless this much is left. The caller holds the lock of the order's row."""
        left = format_amount(self.refundable_amount, self.currency)
        if not self.is_taken:
            raise RefundRefused(gettext("This payment was never paid: there is nothing to refund."))
        if self.refundable_amount == 0:
            raise RefundRefused(gettext("All of this payment has been refunded, or is on its way back."))
        if self.disputes.forbidding_refunds().exists():
            raise RefundRefused(
                gettext(
                    "The bank has taken this payment back on the cardholder's dispute, "
                    "so it cannot be refunded as well."
                )
            )
        if amount > self.refundable_amount:
            words = gettext("Only %(left)s of this payment is left to refund: please refund that or less.")
            raise RefundRefused(words % {"left": left})
        if amount <= 0 or amount % step(self.currency):
            words = gettext("Please refund an amount above zero and up to %(left)s, as prices in %(currency)s are.")
            raise RefundRefused(words % {"left": left, "currency": self.currency})

    def count_refunds(self, amount: int) -> None:
        """Note how much went back or may be on its way. The caller holds the lock of the order's row."""
        self.refunded_amount = amount
        if self.status == self.Status.DUPLICATE:
            self.problem = PAID_BEFORE if self.refundable_amount else ""
        self.save(update_fields=["refunded_amount", "problem", "changed"])

    def can_be_continued(self, publishable_key: str, terms: str) -> bool:
        if self.status not in self.UNDER_WAY or self.publishable_key != publishable_key:
            return False
        if self.status == self.Status.CREATED:
            # What a process left behind half way is too old to be held as long as Stripe asks for.
            return self.terms == terms and timezone.now() - self.created < CREATION_TAKES
        return self.terms == terms or self.is_intent

    def claim_check(self) -> bool:
        """Whether the caller may ask Stripe about this payment now: pages that reload must not become a flood."""
        now = timezone.now()
        recently = now - timedelta(seconds=SECONDS_BETWEEN_CHECKS)
        due = Payment.objects.filter(pk=self.pk).exclude(checked_at__gt=recently)
        return bool(self.stripe_id) and due.update(checked_at=now) == 1

    @classmethod
    def of(cls, agreed: Agreed, *, publishable_key: str, livemode: bool, method: "Method") -> "Payment":
        """An attempt to have paid what is agreed: the first, as long as no other number is given to it."""
        payment = cls(
            order=agreed.order,
            attempt=1,
            method=method,
            publishable_key=publishable_key,
            livemode=livemode,
            currency=agreed.order.currency,
            amount=agreed.price.total,
            terms=agreed.terms,
        )
        payment.begun_for = agreed
        return payment

    @transaction.atomic
    def mark_open(self, *, stripe_id: str, url: str = "") -> bool:
        """Stripe waits for the shopper. What another click took for failed is open after all, if it can be held again.

        False if another session or intent was noted first, or it is over, or a later attempt was begun.
        """
        self.order = order = Order.objects.locked(self.order_id)
        unnoted = f"{self.id_name} IN ('', %s) AND {IS_LAST}"
        noted = {self.id_name: stripe_id, "url": url}
        if self.move(self.Status.OPEN, (self.Status.CREATED, self.Status.OPEN), unnoted, [stripe_id], **noted):
            return True
        if self.status != self.Status.FAILED or order.payments.filter(attempt__gt=self.attempt).exists():
            return False
        return order.holds_again() and self.move(self.Status.OPEN, (self.Status.FAILED,), unnoted, [stripe_id], **noted)

    def note_id(self, stripe_id: str) -> None:
        """Stripe knows it by this id, which was not noted here before. Its state is as it was."""
        Payment.objects.filter(pk=self.pk, **{self.id_name: ""}).update(**{self.id_name: stripe_id})
        self.refresh_from_db()

    def note_amount(self, amount: int, *, terms: str) -> None:
        """Stripe asks for what the order comes to, which was not noted here before. Its state is as it was."""
        Payment.objects.filter(pk=self.pk, status__in=self.NOT_SETTLED).update(amount=amount, terms=terms)
        self.refresh_from_db()

    def mark_updated(self, *, amount: int, terms: str) -> bool:
        """Stripe asks for what the order comes to now."""
        return self.move(self.Status.OPEN, (self.Status.OPEN,), amount=amount, terms=terms)

    def mark_open_again(self) -> bool:
        """The bank said no after a while, and Stripe waits for another card."""
        return self.move(self.Status.OPEN, (self.Status.PROCESSING,))

    def mark_not_opened(self, problem: str) -> bool:
        """Stripe could not be asked, or refused. False if another request got through meanwhile."""
        return self.move(self.Status.FAILED, (self.Status.CREATED,), problem=problem)

    def mark_processing(self) -> bool:
        """The shopper is done; the bank is not."""
        return self.move(self.Status.PROCESSING, (self.Status.OPEN,))

    def mark_paid(self, *, payment_intent_id: str) -> bool:
        """Money was taken. What had failed or expired here is paid all the same: Stripe's word counts."""
        return self.move(self.Status.PAID, self.NOT_SETTLED, payment_intent_id=payment_intent_id)

    def mark_duplicate(self, *, payment_intent_id: str) -> bool:
        """Money was taken for an order that is paid already."""
        return self.move(
            self.Status.DUPLICATE, self.NOT_SETTLED, payment_intent_id=payment_intent_id, problem=PAID_BEFORE
        )

    def mark_failed(self, problem: str) -> bool:
        """The shopper's bank said no, days after."""
        return self.move(self.Status.FAILED, self.UNDER_WAY, problem=problem)

    def mark_expired(self) -> bool:
        return self.move(self.Status.EXPIRED, self.UNDER_WAY)

    def note_problem(self, problem: str) -> None:
        """Leave the payment as it is, and a word for whoever looks at it."""
        self.problem = problem[:MAXIMUM_PROBLEM]
        self.save(update_fields=["problem", "changed"])

    def move(
        self,
        status: Status,
        before: "Sequence[Status]",
        condition: str = "TRUE",
        of: "Sequence[str]" = (),
        **fields: str | int,
    ) -> bool:
        """Go to a status from one of those before it, in one statement; False if somebody else was faster."""
        now = timezone.now()
        problem = str(fields.get("problem", ""))[:MAXIMUM_PROBLEM]
        ended_at = now if status in self.ENDED else None
        values = {**fields, "status": status, "problem": problem, "ended_at": ended_at}
        before_it = f"id = %s AND status IN ({', '.join(['%s'] * len(before))}) AND {condition}"
        if not update(Payment, {**values, "changed": now}, before_it, [self.pk, *before, *of]):
            self.refresh_from_db()
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True
