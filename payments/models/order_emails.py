"""Mails that an order still owes to its shopper: written down with what they are about, sent after it is committed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from payments.models.orders import Order

# Longer than sending takes, so whoever claimed it is gone.
CLAIM = timedelta(minutes=5)
MAXIMUM_FAILURES = 50


class OrderEmailQuerySet(models.QuerySet["OrderEmail"]):
    def due(self) -> "OrderEmailQuerySet":
        """Not sent, in nobody's hands, and not given up."""
        unclaimed = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - CLAIM)
        return self.filter(unclaimed, sent_at=None, failures__lt=MAXIMUM_FAILURES).order_by("id")


class OrderEmail(models.Model):
    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation of the order"

    order: "models.ForeignKey[Order]" = models.ForeignKey(
        "payments.Order", on_delete=models.CASCADE, related_name="emails"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    created = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)

    objects = OrderEmailQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "kind"], name="an_order_is_mailed_once_of_a_kind")]
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None), name="emails_to_be_sent")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.order}"

    def claim(self) -> bool:
        """Whether it is the caller who sends it."""
        due = OrderEmail.objects.due().filter(pk=self.pk).order_by()
        return due.update(claimed_at=timezone.now()) == 1

    def mark_sent(self) -> None:
        OrderEmail.objects.filter(pk=self.pk).update(sent_at=timezone.now())

    def release(self) -> None:
        """It is due again, however often: the mail server was away."""
        OrderEmail.objects.filter(pk=self.pk).update(claimed_at=None)

    def note_failure(self) -> None:
        """It is due again, unless it was refused too often."""
        OrderEmail.objects.filter(pk=self.pk).update(claimed_at=None, failures=F("failures") + 1)
