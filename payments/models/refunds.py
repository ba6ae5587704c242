"""Money that goes back: asked for by staff here, or in Stripe's dashboard, and what became of it."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.admin import display
from django.db import models, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from payments.errors import RefundRefused, in_words
from payments.models.orders import Order
from payments.models.payments import MAXIMUM_PROBLEM, Payment
from payments.money import format_amount

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAXIMUM_NOTE = 500
# Stripe keeps an idempotency key for 24 hours at least. Later, the same request could be another refund.
REPEATABLE_FOR = timedelta(hours=23)
# Longer than Stripe takes to list what it has made.
APPEARS_WITHIN = timedelta(minutes=5)
UNANSWERED = gettext_noop("Stripe has not answered yet. It will be asked again, and refunds this once.")


class RefundQuerySet(models.QuerySet["Refund"]):
    def counting(self) -> "RefundQuerySet":
        """Those that take from what can be refunded: what is under way does, as at Stripe."""
        return self.exclude(status__in=Refund.NOTHING_WENT_BACK)

    def accepted(self) -> "RefundQuerySet":
        """Those that Stripe has made, and that did not fail."""
        return self.counting().exclude(status=Refund.Status.CREATED)

    def under_way(self) -> "RefundQuerySet":
        return self.filter(status__in=Refund.UNDER_WAY)

    def total(self) -> int:
        """In minor units."""
        return self.aggregate(total=Sum("amount"))["total"] or 0

    @transaction.atomic
    def begin(
        self, payment: Payment, *, token: uuid.UUID, amount: int, reason: str, note: str, by: "User"
    ) -> "tuple[Refund, bool]":
        """The refund of this token, and whether it is new: a form sent twice asks for one. Raises RefundRefused.

        It exists before Stripe is called, and takes from what is left, so that no two can ask for the same money.
        """
        Order.objects.select_for_update().get(pk=payment.order_id)
        payment.refresh_from_db()
        known = self.filter(token=token).first()
        if known:
            known.require_same(payment, amount)
            return known, False
        payment.require_refundable(amount)
        refund = self.create(
            payment=payment, token=token, amount=amount, reason=reason, note=note[:MAXIMUM_NOTE], requested_by=by
        )
        self.keep_in_step(payment)
        return refund, True

    def keep_in_step(self, payment: Payment) -> None:
        """Let payment and order say what the refunds do. The caller holds the lock of the order's row."""
        refunds = self.filter(payment=payment)
        payment.count_refunds(refunds.counting().total())
        if payment.status == Payment.Status.PAID:
            went_back = refunds.accepted().total()
            kind = Order.Refunded.FULLY if went_back == payment.amount else Order.Refunded.PARTLY
            refunded = kind if went_back else Order.Refunded.NOT
            Order.objects.filter(pk=payment.order_id).update(refunded=refunded)


class Refund(models.Model):
    class Status(models.TextChoices):
        CREATED = "created", _("Not answered by Stripe yet")
        PENDING = "pending", _("Under way")
        REQUIRES_ACTION = "requires_action", _("Waiting for the customer")
        SUCCEEDED = "succeeded", _("Refunded")
        FAILED = "failed", _("Failed: nothing went back")
        CANCELED = "canceled", _("Canceled: nothing went back")

    class Reason(models.TextChoices):
        REQUESTED_BY_CUSTOMER = "requested_by_customer", _("Requested by the customer")
        DUPLICATE = "duplicate", _("Paid twice")
        FRAUDULENT = "fraudulent", _("Fraudulent: Stripe blocks the card and the e-mail address")

    UNDER_WAY = (Status.CREATED, Status.PENDING, Status.REQUIRES_ACTION)
    NOTHING_WENT_BACK = (Status.FAILED, Status.CANCELED)
    # What can become of one at Stripe: even one that succeeded can fail. Whatever else is heard, is old.
    COMES_AFTER: "dict[str, tuple[str, ...]]" = {
        Status.PENDING: (Status.REQUIRES_ACTION, Status.SUCCEEDED, Status.FAILED, Status.CANCELED),
        Status.REQUIRES_ACTION: (Status.PENDING, Status.SUCCEEDED, Status.FAILED, Status.CANCELED),
        Status.SUCCEEDED: (Status.FAILED,),
        Status.FAILED: (),
        Status.CANCELED: (),
    }

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    # Of the form that asked for it, so that it asks once; and the name by which Stripe's answer is found again.
    token = models.UUIDField(_("token"), default=uuid.uuid4, unique=True, editable=False)
    # Grows with each failure of Stripe's own, so that it is asked by another idempotency key.
    key_number = models.PositiveIntegerField(_("key number"), default=0, editable=False)
    stripe_id = models.CharField(_("Stripe ID"), max_length=255, blank=True)
    amount = models.BigIntegerField(_("amount"), help_text=_("In minor units of the payment's currency."))
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.CREATED)
    # In the dashboard none has to be chosen, and Stripe knows more of them.
    reason = models.CharField(_("reason"), max_length=40, choices=Reason, blank=True)
    note = models.CharField(_("note"), max_length=MAXIMUM_NOTE, blank=True)
    # Whoever gave money back stays known: an account is deactivated, not deleted. Empty for Stripe's dashboard.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    problem = models.CharField(
        _("problem"), max_length=MAXIMUM_PROBLEM, blank=True, help_text=_("What somebody should look at.")
    )
    created = models.DateTimeField(_("created"), default=timezone.now)
    failed_at = models.DateTimeField(
        _("failed at"), null=True, blank=True, editable=False, help_text=_("When the money came back to the shop.")
    )
    changed = models.DateTimeField(_("changed"), auto_now=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            # The payment's PaymentIntent is in one account, so this is once an account.
            models.UniqueConstraint(
                fields=["payment", "stripe_id"], condition=~Q(stripe_id=""), name="a_refund_is_kept_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["created", "failed"])
                | (Q(status__in=["pending", "requires_action", "succeeded", "canceled"]) & ~Q(stripe_id="")),
                name="refund_at_stripe_has_its_id",
            ),
        ]
        indexes = [
            models.Index(fields=["created"], name="refunds_by_time"),
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="refunds_that_failed"),
            models.Index(fields=["stripe_id"], name="refunds_by_stripe_id"),
            models.Index(fields=["status", "-id"], name="refunds_by_status"),
            models.Index(fields=["reason", "-id"], name="refunds_by_reason"),
        ]

    def __str__(self) -> str:
        return gettext("Refund %(number)s") % {"number": self.pk}

    @property
    @display(description=_("problem"))
    def problem_in_words(self) -> str:
        return in_words(self.problem)

    @property
    @display(description=_("amount"))
    def shown_amount(self) -> str:
        return format_amount(self.amount, self.payment.currency)

    @property
    def is_unanswered(self) -> bool:
        return self.status == self.Status.CREATED

    @property
    def is_repeatable(self) -> bool:
        """Whether asking Stripe again by the same idempotency key is sure to be the same refund."""
        return timezone.now() - self.created < REPEATABLE_FOR

    @property
    def may_yet_appear(self) -> bool:
        """Whether Stripe failed a moment ago: it may have made the refund all the same, and not list it yet."""
        return self.key_number > 0 and timezone.now() - self.changed < APPEARS_WITHIN

    def require_same(self, payment: Payment, amount: int) -> None:
        """Raise RefundRefused if the form that was sent before asked for something else."""
        if (self.payment_id, self.amount) != (payment.pk, amount):
            words = gettext("This form has refunded %(amount)s already: open it again for another refund.")
            raise RefundRefused(words % {"amount": self.shown_amount})

    def take(self, *, stripe_id: str, status: str, problem: str) -> bool:
        """Stripe's word, unless a later one was heard before. The caller holds the lock of the order's row.

        Whether anything is new.
        """
        said = status if status in self.COMES_AFTER else self.Status.PENDING
        if self.stripe_id and said not in self.COMES_AFTER[self.status]:
            return False
        self.stripe_id, self.status, self.problem = stripe_id, said, problem[:MAXIMUM_PROBLEM]
        self.failed_at = timezone.now() if said in self.NOTHING_WENT_BACK else None
        self.save()
        return True

    @transaction.atomic
    def mark_failed(self, problem: str) -> None:
        """Stripe made no such refund: the money can be refunded anew."""
        Order.objects.select_for_update().get(pk=self.payment.order_id)
        self.refresh_from_db()
        if self.is_unanswered:
            self.status, self.problem = self.Status.FAILED, problem[:MAXIMUM_PROBLEM]
            self.save()
            self.payment.refresh_from_db()
            Refund.objects.keep_in_step(self.payment)

    def note_unanswered(self, *, needs_another_key: bool) -> None:
        """It is asked for again, unless another request has had Stripe's answer meanwhile."""
        unanswered = Refund.objects.filter(pk=self.pk, status=self.Status.CREATED)
        unanswered.update(
            problem=UNANSWERED,
            key_number=F("key_number") + int(needs_another_key),
            changed=timezone.now(),
        )
        self.refresh_from_db()

    def note_problem(self, problem: str) -> None:
        """A word for whoever looks at it, unless another request has had Stripe's answer meanwhile."""
        unanswered = Refund.objects.filter(pk=self.pk, status=self.Status.CREATED)
        unanswered.update(problem=problem[:MAXIMUM_PROBLEM], changed=timezone.now())
        self.refresh_from_db()
