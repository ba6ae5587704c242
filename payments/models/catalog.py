"""What is sold: an item and its price in one currency."""

from typing import Any

from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Round, Upper
from django.db.models.lookups import Exact
from django.templatetags.static import static
from django.urls import reverse
from djmoney.models.fields import MoneyField

from payments import money
from payments.errors import SoldOut

# From here on staff may want to order more.
LOW_STOCK = 5


class ItemQuerySet(models.QuerySet["Item"]):
    def for_sale(self, currencies: list[str]) -> "ItemQuerySet":
        """Items that can be bought now: on sale, in one of the currencies that have a keypair."""
        return self.filter(on_sale=True, currency__in=currencies)


class Item(models.Model):
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=2000)
    price = MoneyField(
        max_digits=14,
        decimal_places=2,
        currency_field_name="currency",
        currency_choices=None,
    )
    picture = models.CharField(
        max_length=500,
        blank=True,
        help_text="A file below static/, such as pictures/stoneware-mug.svg, or an address that begins with https://.",
    )
    on_sale = models.BooleanField(default=True, help_text="Off: the page stays, but nobody can buy.")
    stock = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many can still be sold, those offered for payment not counted. Empty: as many as anybody wants.",
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = ItemQuerySet.as_manager()
    # Django-money adds this column beside `price`.
    currency: str

    class Meta:
        ordering = ["-id"]
        # What shoppers leaf through, and what staff looks for. A migration adds one for parts of names, on PostgreSQL.
        indexes = [
            models.Index(fields=["currency", "-id"], condition=Q(on_sale=True), name="items_on_sale"),
            models.Index(fields=["currency", "-id"], name="items_in_currency"),
            models.Index(fields=["-id"], condition=Q(on_sale=False), name="items_off_sale"),
            models.Index(fields=["-id"], condition=Q(stock__lte=LOW_STOCK), name="items_low_on_stock"),
            models.Index(fields=["name"], name="items_by_name"),
            models.Index(fields=["id"], condition=Q(on_sale=True, stock=0), name="items_sold_out"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="item_price_is_positive"),
            models.CheckConstraint(condition=~Q(name=""), name="item_has_a_name"),
            models.CheckConstraint(
                condition=Q(currency=Upper("currency")) & Q(Exact(Length("currency"), 3)),
                name="item_currency_is_a_code",
            ),
            models.CheckConstraint(
                condition=~Q(currency__in=sorted(money.ZERO_DECIMAL | money.ZERO_DECIMAL_SENT_AS_TWO))
                | Q(price=Round("price")),
                name="item_price_has_no_more_decimals_than_its_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("item", args=[self.pk])

    @property
    def is_sold_out(self) -> bool:
        return self.stock == 0

    def require_in_stock(self) -> None:
        """Raise SoldOut if none is left."""
        if self.is_sold_out:
            raise SoldOut("This item is sold out. Please choose another one.")

    def has_fewer_than(self, quantity: int) -> bool:
        return self.stock is not None and self.stock < quantity

    @property
    def unit_amount(self) -> int:
        """The price in minor units of the item's currency."""
        return money.to_minor_units(self.price.amount, self.currency)

    @property
    def picture_url(self) -> str:
        """Where the picture is; empty if there is none."""
        if not self.picture or self.picture.startswith("https://"):
            return self.picture
        try:
            return static(self.picture)
        except ValueError:
            # The file was removed: an item without its picture is better than no page.
            return ""

    def clean(self) -> None:
        errors = {"picture": self.picture_problem()}
        # A price that is no number at all has its own message already.
        if self.__dict__.get("price") is not None and self.currency:
            errors["price"] = price_problem(self.price.amount, self.currency)
        found: dict[str, Any] = {field: message for field, message in errors.items() if message}
        if found:
            raise ValidationError(found)

    def picture_problem(self) -> str:
        if not self.picture:
            return ""
        if "://" in self.picture:
            return "" if is_https_url(self.picture) else "Write the whole address, beginning with https://."
        if ".." in self.picture or self.picture.startswith("/") or not finders.find(self.picture):
            return f"There is no file static/{self.picture}: write its place there, as in pictures/stoneware-mug.svg."
        return ""


def is_https_url(value: str) -> bool:
    try:
        URLValidator(schemes=["https"])(value)
    except ValidationError:
        return False
    return True


def price_problem(price: Any, currency: str) -> str:
    """What a shop owner must change about a price (a Decimal of major units), or an empty text."""
    if not money.is_currency(currency):
        return f"{currency} is not a currency: choose one from the list."
    decimals = money.price_decimals(currency)
    if price != round(price, decimals):
        how_many = "no decimals" if decimals == 0 else f"at most {decimals} decimals"
        return f"A price in {currency} has {how_many}: write {round(price, decimals)} or another such price."
    amount = money.to_minor_units(price, currency)
    least, most = money.minimum_amount(currency), money.maximum_amount(currency)
    if amount < least:
        least_shown = money.format_amount(least, currency)
        return f"Too low for a card payment: in {currency} the price must be at least {least_shown}."
    if amount > most:
        most_shown = money.format_amount(most, currency)
        return f"Too high for one payment: in {currency} the price can be at most {most_shown}."
    return ""
