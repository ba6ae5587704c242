"""What an order consists of: its lines, and the taxes on them; copies, since items and taxes may change or go."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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

    order = models.ForeignKey("payments.Order", on_delete=models.CASCADE, related_name="lines", verbose_name=_("order"))
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, related_name="order_lines", verbose_name=_("item"), db_index=False
    )
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    unit_amount = models.BigIntegerField(_("unit price"), help_text=_("In minor units."))
    quantity = models.PositiveIntegerField(_("quantity"))
    held = models.PositiveIntegerField(
        _("held in stock"), default=0, editable=False, help_text=_("Taken from the stock, not paid yet.")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.CheckConstraint(condition=Q(unit_amount__gt=0), name="order_line_unit_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAXIMUM_QUANTITY),
                name="order_line_quantity_is_1_to_999",
            ),
        ]
        indexes = [
            models.Index(InBytes(Lower("name")), name="order_lines_by_name"),
            models.Index(fields=["item", "-order"], name="orders_of_an_item"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    def clean(self) -> None:
        if self.quantity is not None and not 1 <= self.quantity <= MAXIMUM_QUANTITY:
            problem = gettext("Choose a quantity from 1 to %(most)s.") % {"most": MAXIMUM_QUANTITY}
            raise ValidationError({"quantity": problem})

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

    # The constraint below has an index that begins with it.
    order = models.ForeignKey(
        "payments.Order", on_delete=models.CASCADE, related_name="taxes", verbose_name=_("order"), db_index=False
    )
    tax = models.ForeignKey(
        Tax, on_delete=models.SET_NULL, null=True, related_name="order_taxes", verbose_name=_("tax")
    )
    display_name = models.CharField(_("name"), max_length=50)
    percentage = models.DecimalField(_("percentage"), max_digits=7, decimal_places=4)
    inclusive = models.BooleanField(_("included in the prices"))
    jurisdiction = models.CharField(_("jurisdiction"), max_length=50, blank=True)
    amount = models.BigIntegerField(_("amount"), null=True, help_text=_("In minor units, as last offered for payment."))

    class Meta:
        ordering = ["id"]
        verbose_name = _("tax of an order")
        verbose_name_plural = _("taxes of an order")
        constraints = [models.UniqueConstraint(fields=["order", "tax"], name="a_tax_is_put_on_an_order_once")]

    def __str__(self) -> str:
        shown = f"{self.display_name} {money.format_percent(self.percentage)}"
        return gettext("%(tax)s included") % {"tax": shown} if self.inclusive else shown

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
        """Part of what is hashed: the same in every language, and in the release before."""
        percentage = f"{money.plain_percent(self.percentage)}\xa0%"
        return self.display_name, percentage, self.inclusive, self.jurisdiction


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
