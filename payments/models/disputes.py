"""A cardholder contests a payment at the bank: what for, until when to answer, and who was believed."""

from datetime import datetime

from django.contrib.admin import display
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.models.orders import Order
from payments.models.payments import Payment
from payments.money import format_amount

LOST = ("lost",)
# An inquiry that is closed, or a dispute that was prevented, took no money: as good as won.
WON = ("won", "warning_closed", "prevented")


# As Stripe calls them: https://docs.stripe.com/disputes/categories.
REASONS = {
    "bank_cannot_process": _("The bank cannot process it"),
    "check_returned": _("A check was returned"),
    "credit_not_processed": _("A promised refund did not come"),
    "customer_initiated": _("The cardholder asked the bank"),
    "debit_not_authorized": _("The debit was not authorized"),
    "duplicate": _("Charged twice"),
    "fraudulent": _("The cardholder did not pay this"),
    "general": _("No reason is given"),
    "incorrect_account_details": _("The account details are wrong"),
    "insufficient_funds": _("The account had too little money"),
    "noncompliant": _("Against the card network's rules"),
    "product_not_received": _("The goods did not arrive"),
    "product_unacceptable": _("The goods are not as described"),
    "subscription_canceled": _("The subscription was canceled"),
    "unrecognized": _("The cardholder does not recognize it"),
}


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def still_open(self) -> "DisputeQuerySet":
        return self.exclude(status__in=[*WON, *LOST])

    def forbidding_refunds(self) -> "DisputeQuerySet":
        return self.filter(is_charge_refundable=False).exclude(status__in=WON)

    def keep_in_step(self, payment: Payment) -> None:
        """Let the order say what its disputes do. The caller holds the lock of its row."""
        disputes = self.filter(payment__order=payment.order_id)
        if disputes.still_open().exists():
            state = Order.Dispute.OPEN
        elif disputes.filter(status__in=LOST).exists():
            state = Order.Dispute.LOST
        else:
            state = Order.Dispute.WON
        Order.objects.filter(pk=payment.order_id).update(dispute=state)


class Dispute(models.Model):
    class Status(models.TextChoices):
        """As Stripe tells them now; it may add others."""

        NEEDS_RESPONSE = "needs_response", _("Needs an answer")
        UNDER_REVIEW = "under_review", _("Answered: the bank decides")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("Inquiry: needs an answer")
        WARNING_UNDER_REVIEW = "warning_under_review", _("Inquiry: answered")
        WARNING_CLOSED = "warning_closed", _("Inquiry: closed")
        APPEAL_NEEDS_RESPONSE = "appeal_needs_response", _("Appeal: needs an answer")
        APPEAL_UNDER_REVIEW = "appeal_under_review", _("Appeal: the bank decides")
        PREVENTED = "prevented", _("Prevented")

    # The constraint below has an index that begins with it.
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("payment"), db_index=False
    )
    stripe_id = models.CharField(_("Stripe ID"), max_length=255)
    status = models.CharField(_("status"), max_length=40, choices=Status)
    reason = models.CharField(_("reason"), max_length=60)
    # The bank may contest a part, or count in another currency than the payment's.
    amount = models.BigIntegerField(_("amount"), help_text=_("In minor units."))
    currency = models.CharField(_("currency"), max_length=3)
    is_charge_refundable = models.BooleanField(_("charge can be refunded"))
    evidence_due_by = models.DateTimeField(
        _("answer due by"), null=True, blank=True, help_text=_("Stripe takes an answer until then.")
    )
    # As it stands in the account's books: nothing for an inquiry, or before Stripe has said so.
    withdrawn_amount = models.BigIntegerField(
        _("withdrawn"), default=0, db_default=0, editable=False, help_text=_("In minor units.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    reinstated_amount = models.BigIntegerField(
        _("given back"), default=0, db_default=0, editable=False, help_text=_("In minor units.")
    )
    reinstated_at = models.DateTimeField(_("given back at"), null=True, blank=True, editable=False)
    created = models.DateTimeField(_("created"))
    # When Stripe was asked: an answer to an earlier question is not news.
    asked_at = models.DateTimeField(_("asked at"), editable=False)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            # The payment's PaymentIntent is in one account, so this is once an account.
            models.UniqueConstraint(fields=["payment", "stripe_id"], name="a_dispute_is_kept_once"),
            models.CheckConstraint(condition=~Q(stripe_id=""), name="dispute_has_its_id"),
        ]
        indexes = [
            models.Index(fields=["withdrawn_at"], condition=Q(withdrawn_at__isnull=False), name="disputes_withdrawn"),
            models.Index(
                fields=["reinstated_at"], condition=Q(reinstated_at__isnull=False), name="disputes_reinstated"
            ),
            models.Index(fields=["stripe_id"], name="disputes_by_stripe_id"),
            models.Index(fields=["status", "-id"], name="disputes_by_status"),
            models.Index(fields=["currency", "-id"], name="disputes_in_a_currency"),
        ]

    def __str__(self) -> str:
        return gettext("Dispute %(number)s") % {"number": self.pk}

    @property
    @display(description=_("amount"))
    def shown_amount(self) -> str:
        return format_amount(self.amount, self.currency)

    @property
    @display(description=_("reason"))
    def reason_in_words(self) -> str:
        return str(REASONS.get(self.reason, self.reason.replace("_", " ")))

    @property
    def is_open(self) -> bool:
        return self.status not in (*WON, *LOST)

    def take(self, asked_at: datetime, **said: object) -> bool:
        """Stripe's word, unless a later one was heard before; whether anything is new."""
        if self.pk and asked_at < self.asked_at:
            return False
        is_new = not self.pk or any(getattr(self, name) != value for name, value in said.items())
        for name, value in {**said, "asked_at": asked_at}.items():
            setattr(self, name, value)
        self.save()
        return is_new
