"""A cardholder contests a payment at the bank: what for, until when to answer, and who was believed."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from payments.models.orders import Order
from payments.models.payments import Payment
from payments.money import format_amount

LOST = ("lost",)
# An inquiry that is closed, or a dispute that was prevented, took no money: as good as won.
WON = ("won", "warning_closed", "prevented")


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

        NEEDS_RESPONSE = "needs_response", "Needs an answer"
        UNDER_REVIEW = "under_review", "Answered: the bank decides"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        WARNING_NEEDS_RESPONSE = "warning_needs_response", "Inquiry: needs an answer"
        WARNING_UNDER_REVIEW = "warning_under_review", "Inquiry: answered"
        WARNING_CLOSED = "warning_closed", "Inquiry: closed"
        APPEAL_NEEDS_RESPONSE = "appeal_needs_response", "Appeal: needs an answer"
        APPEAL_UNDER_REVIEW = "appeal_under_review", "Appeal: the bank decides"
        PREVENTED = "prevented", "Prevented"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(max_length=255)
    status = models.CharField(max_length=40, choices=Status)
    reason = models.CharField(max_length=60)
    # The bank may contest a part, or count in another currency than the payment's.
    amount = models.BigIntegerField(help_text="In minor units.")
    currency = models.CharField(max_length=3)
    is_charge_refundable = models.BooleanField()
    evidence_due_by = models.DateTimeField(null=True, blank=True, help_text="Stripe takes an answer until then.")
    created = models.DateTimeField()
    # When Stripe was asked: an answer to an earlier question is not news.
    asked_at = models.DateTimeField(editable=False)
    changed = models.DateTimeField(auto_now=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # The payment's PaymentIntent is in one account, so this is once an account.
            models.UniqueConstraint(fields=["payment", "stripe_id"], name="a_dispute_is_kept_once"),
            models.CheckConstraint(condition=~Q(stripe_id=""), name="dispute_has_its_id"),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.pk}"

    @property
    def shown_amount(self) -> str:
        return format_amount(self.amount, self.currency)

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
