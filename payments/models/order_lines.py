"""What an order consists of: its lines, and the taxes on them; copies, since items and taxes may change or go."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from payments import money, pricing
from payments.models.adjustments import Tax
from payments.models.catalog import Item
from payments.models.prefixes import InBytes

if TYPE_CHECKING:
    from payments.models.orders import Order

MAXIMUM_QUANTITY = 999
# https://docs.stripe.com/api/checkout/sessions/create: up to 100 line items.
MAXIMUM_LINES = 100


class OrderLine(models.Model):
    """Name and price are copies: the item may change or go, the order says what was bought."""

    order = models.ForeignKey("payments.Order", on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="order_lines")
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, editable=False)
    unit_amount = models.BigIntegerField(help_text="In minor units.")
    quantity = models.PositiveIntegerField()
    held = models.PositiveIntegerField(default=0, editable=False, help_text="Taken from the stock, not paid yet.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_amount__gt=0), name="order_line_unit_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAXIMUM_QUANTITY),
                name="order_line_quantity_is_1_to_999",
            ),
        ]
        indexes = [models.Index(InBytes(Lower("name")), name="order_lines_by_name")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    def clean(self) -> None:
        if self.quantity is not None and not 1 <= self.quantity <= MAXIMUM_QUANTITY:
            raise ValidationError({"quantity": f"Choose a quantity from 1 to {MAXIMUM_QUANTITY}."})

    @classmethod
    def of(cls, item: Item, quantity: int, order: "Order") -> "OrderLine":
        line = cls(order=order, quantity=quantity)
        line.copy_from(item)
        return line

    def copy_from(self, item: Item) -> None:
        self.item, self.name, self.currency = item, item.name, item.currency
        self.unit_amount = item.unit_amount

    @property
    def amount(self) -> int:
        """Quantity times unit price, in minor units of the order's currency."""
        return pricing.line_amount(self.unit_amount, self.quantity)


class OrderTax(models.Model):
    """A copy of a tax as it was when it was put on the order."""

    order = models.ForeignKey("payments.Order", on_delete=models.CASCADE, related_name="taxes")
    tax = models.ForeignKey(Tax, on_delete=models.SET_NULL, null=True, related_name="order_taxes")
    display_name = models.CharField(max_length=50)
    percentage = models.DecimalField(max_digits=7, decimal_places=4)
    inclusive = models.BooleanField()
    jurisdiction = models.CharField(max_length=50, blank=True)
    amount = models.BigIntegerField(null=True, help_text="In minor units, as last offered for payment.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "tax"], name="a_tax_is_put_on_an_order_once")]

    def __str__(self) -> str:
        kind = " included" if self.inclusive else ""
        return f"{self.display_name} {money.format_percent(self.percentage)}{kind}"

    @classmethod
    def of(cls, tax: Tax, order: "Order | None" = None) -> "OrderTax":
        """A copy for the order, or for one that is not made yet."""
        return cls(
            order=order,
            tax=tax,
            display_name=tax.display_name,
            percentage=tax.percentage,
            inclusive=tax.inclusive,
            jurisdiction=tax.jurisdiction,
        )

    @property
    def terms(self) -> pricing.TaxTerms:
        return pricing.TaxTerms(self.percentage, self.inclusive)

    @property
    def content(self) -> tuple[str, str, bool, str]:
        return self.display_name, money.format_percent(self.percentage), self.inclusive, self.jurisdiction


def taxes_after(
    order: "Order", present: Iterable[OrderTax], chosen: Iterable[Tax], removed: Collection[int] = ()
) -> list[OrderTax]:
    """The taxes of an order that has the present ones, once these are chosen.

    Those that it has already stay on their terms; one that is deleted cannot be chosen, and stays until it is removed.
    """
    wanted = {tax.pk: tax for tax in chosen}
    kept = [tax for tax in present if (tax.tax_id in wanted if tax.tax_id else tax.pk not in removed)]
    new = wanted.keys() - {tax.tax_id for tax in kept}
    return [*kept, *(OrderTax.of(tax, order) for pk, tax in wanted.items() if pk in new)]
