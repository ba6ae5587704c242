"""Mails that an order still owes to its shopper: written down with what they are about, sent after it is committed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from payments.models.orders import Order
    from payments.models.refunds import Refund

# Longer than sending takes, so whoever claimed it is gone.
CLAIM = timedelta(minutes=5)
MAXIMUM_FAILURES = 50
# Of a refund that is heard of later than this, the shopper's bank has told long ago.
REFUND_IS_NEWS = timedelta(days=14)


class OrderEmailQuerySet(models.QuerySet["OrderEmail"]):
    def due(self) -> "OrderEmailQuerySet":
        """Not sent, in nobody's hands, and not given up."""
        unclaimed = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - CLAIM)
        return self.filter(unclaimed, sent_at=None, failures__lt=MAXIMUM_FAILURES).order_by("id")

    def with_contents(self) -> "OrderEmailQuerySet":
        """With all that is written in them."""
        return self.select_related("order", "refund__payment").prefetch_related("order__lines", "order__taxes")

    def with_link(self, order: "Order", page: str) -> "OrderEmail":
        """The mail with the order's link for its present address; one that still waits becomes this one."""
        changes = {"recipient": order.email, "page": page, "failures": 0}
        email, _is_new = self.update_or_create(
            changes, order=order, kind=OrderEmail.Kind.PAYMENT_LINK, sent_at=None, refund=None
        )
        email.order = order
        return email

    def tell_of_refund(self, refund: "Refund") -> None:
        """Of each that succeeded once; that it failed after all, if the other may have been sent.

        The caller holds the lock of the order's row.
        """
        order = refund.payment.order
        told = self.filter(refund=refund, kind=OrderEmail.Kind.REFUND)
        if refund.status == refund.Status.SUCCEEDED:
            if order.email and refund.created > timezone.now() - REFUND_IS_NEWS:
                self.get_or_create(order=order, refund=refund, kind=OrderEmail.Kind.REFUND)
        elif refund.status in refund.NOTHING_WENT_BACK:
            told.filter(sent_at=None, claimed_at=None).delete()
            if told.exists():
                self.get_or_create(order=order, refund=refund, kind=OrderEmail.Kind.REFUND_FAILED)


class OrderEmail(models.Model):
    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("Confirmation of the order")
        PAYMENT_LINK = "payment_link", _("Link to the order")
        REFUND = "refund", _("Refund")
        REFUND_FAILED = "refund_failed", _("Refund that failed")

    OF_REFUNDS = (Kind.REFUND, Kind.REFUND_FAILED)

    order: "models.ForeignKey[Order]" = models.ForeignKey(
        "payments.Order", on_delete=models.CASCADE, related_name="emails", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    refund: "models.ForeignKey[Refund | None]" = models.ForeignKey(
        "payments.Refund",
        on_delete=models.CASCADE,
        null=True,
        related_name="emails",
        verbose_name=_("refund"),
        # The constraint below has an index that begins with it.
        db_index=False,
    )
    # The order's may be another one by the time it is sent.
    recipient = models.EmailField(
        _("recipient"), blank=True, default="", db_default="", help_text=_("Empty: the order's address.")
    )
    # Whoever asked for it knows where the shop is reached; what is mailed by itself goes by the settings.
    page = models.TextField(_("page of the order"), blank=True, default="", db_default="")
    created = models.DateTimeField(_("created"), auto_now_add=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)

    objects = OrderEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail of an order")
        verbose_name_plural = _("e-mails of orders")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="confirmation"), name="an_order_is_confirmed_by_one_mail"
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(kind="payment_link", sent_at=None),
                name="one_link_of_an_order_waits_to_be_mailed",
            ),
            models.UniqueConstraint(fields=["refund", "kind"], name="a_refund_is_mailed_once_of_a_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=["refund", "refund_failed"], refund__isnull=False)
                | (~Q(kind__in=["refund", "refund_failed"]) & Q(refund__isnull=True)),
                name="a_mail_of_a_refund_knows_which",
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None), name="emails_to_be_sent")]

    def __str__(self) -> str:
        return gettext("%(email)s for order %(number)s") % {"email": self.get_kind_display(), "number": self.order_id}

    @property
    def address(self) -> str:
        return self.recipient or self.order.email

    @property
    def is_given_up(self) -> bool:
        return self.failures >= MAXIMUM_FAILURES

    @property
    def is_out_of_date(self) -> bool:
        """Whether what it says is true no more: another mail tells what became of it."""
        return bool(
            self.kind == self.Kind.REFUND and self.refund and self.refund.status in self.refund.NOTHING_WENT_BACK
        )

    def claim(self) -> bool:
        """Whether it is the caller who sends it."""
        due = OrderEmail.objects.due().filter(pk=self.pk).order_by()
        return due.update(claimed_at=timezone.now()) == 1

    def mark_sent(self) -> None:
        OrderEmail.objects.filter(pk=self.pk).update(sent_at=timezone.now(), recipient=self.address)

    def release(self) -> None:
        """It is due again, however often: the mail server was away."""
        OrderEmail.objects.filter(pk=self.pk).update(claimed_at=None)

    def note_failure(self) -> None:
        """It is due again, unless it was refused too often."""
        OrderEmail.objects.filter(pk=self.pk).update(claimed_at=None, failures=F("failures") + 1)
