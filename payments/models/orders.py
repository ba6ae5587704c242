"""What somebody wants to buy: an order in one currency, with its lines copied from the items."""

import hashlib
import uuid

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from payments import money, pricing
from payments.errors import OrderClosed
from payments.models.catalog import Item

MAXIMUM_QUANTITY = 999


class OrderManager(models.Manager["Order"]):
    @transaction.atomic
    def for_item(self, item: Item, *, quantity: int, visitor: str) -> "Order":
        """The visitor's unpaid order of this many of the item at its present price, made if there is none.

        A double click finds the order of the first: the database lets one such order be under way at a time.
        """
        purchase_key = hash_of(visitor, item.pk, item.name, item.currency, item.unit_amount, quantity)
        order, is_new = self.get_or_create(purchase_key=purchase_key, defaults={"currency": item.currency})
        if is_new:
            order.lines.create(
                item=item,
                name=item.name,
                currency=item.currency,
                unit_amount=item.unit_amount,
                quantity=quantity,
            )
        return order


def hash_of(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Order(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", "Awaiting payment"
        PROCESSING = "processing", "Payment under way"
        PAID = "paid", "Paid"

    # The shopper's link to the order: known to nobody who was not given it.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, editable=False)
    # Says what a visitor is buying; empty once nothing stands against buying the same again.
    purchase_key = models.CharField(max_length=64, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrderManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "processing", "paid"]), name="order_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False) | (~Q(status="paid") & Q(paid_at__isnull=True)),
                name="order_knows_when_it_was_paid",
            ),
            models.UniqueConstraint(
                fields=["purchase_key"], condition=~Q(purchase_key=""), name="one_order_under_way_a_purchase"
            ),
            # Lines and payments refer to this pair, so that none in another currency can be added.
            models.UniqueConstraint(fields=["id", "currency"], name="order_has_one_currency"),
        ]

    def __str__(self) -> str:
        return f"Order {self.pk}"

    @property
    def is_paid(self) -> bool:
        return self.status == self.Status.PAID

    @property
    def has_payment_processing(self) -> bool:
        return self.payments.filter(status="processing").exists()

    @property
    def total_amount(self) -> int:
        """What is to be paid, in minor units of the order's currency."""
        return self.price.total

    @property
    def price(self) -> pricing.Price:
        """What the lines come to, in minor units of the order's currency."""
        lines = ((line.unit_amount, line.quantity) for line in self.lines.all())
        return pricing.price(lines, step=money.step(self.currency))

    @property
    def is_payable(self) -> bool:
        return self.status == self.Status.PENDING

    def require_payable(self) -> None:
        """Raise OrderClosed if the order is paid, or a bank is still at work on it."""
        if self.status == self.Status.PAID:
            raise OrderClosed("This order is paid already: nothing more is to be paid.")
        if self.status == self.Status.PROCESSING:
            raise OrderClosed("A payment for this order is under way: please wait for the bank's answer.")

    def mark_processing(self) -> None:
        """A bank is at work on a payment. The caller holds the row's lock."""
        if not self.is_paid:
            self.move(self.Status.PROCESSING)

    def mark_pending(self) -> None:
        """The payment that was under way failed: the order can be paid again. The caller holds the row's lock."""
        if not self.is_paid:
            self.move(self.Status.PENDING)

    def mark_paid(self) -> None:
        """Nothing is left to be paid, ever again. The caller holds the row's lock."""
        if self.is_paid:
            raise OrderClosed("This order is paid already.")
        self.paid_at = timezone.now()
        self.move(self.Status.PAID)

    def move(self, status: Status) -> None:
        self.status = status
        self.purchase_key = ""
        self.save(update_fields=["status", "purchase_key", "paid_at"])


class OrderLine(models.Model):
    """Name and price are copies: the item may change or go, the order says what was bought."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="order_lines")
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, editable=False)
    unit_amount = models.BigIntegerField(help_text="In minor units.")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_amount__gt=0), name="order_line_unit_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAXIMUM_QUANTITY),
                name="order_line_quantity_is_1_to_999",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def amount(self) -> int:
        """Quantity times unit price, in minor units of the order's currency."""
        return pricing.line_amount(self.unit_amount, self.quantity)
