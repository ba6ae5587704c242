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
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from payments import money
from payments.errors import SoldOut

# From here on staff may want to order more.
LOW_STOCK = 5
# Of a card on a phone, of one that is sharper or wider, and of an item's page on the best of screens.
PICTURE_WIDTHS = (400, 800, 1600)


class ItemQuerySet(models.QuerySet["Item"]):
    def for_sale(self, currencies: list[str]) -> "ItemQuerySet":
        """Items that can be bought now: on sale, in one of the currencies that have a keypair."""
        return self.filter(on_sale=True, currency__in=currencies)


class Item(models.Model):
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    price = MoneyField(
        _("price"),
        max_digits=14,
        decimal_places=2,
        currency_field_name="currency",
        currency_choices=None,
    )
    picture = models.CharField(
        _("picture"),
        max_length=500,
        blank=True,
        help_text=_(
            "A file below static/, such as pictures/stoneware-mug.svg, or an address that begins with https://."
        ),
    )
    on_sale = models.BooleanField(_("on sale"), default=True, help_text=_("Off: the page stays, but nobody can buy."))
    stock = models.PositiveIntegerField(
        _("stock"),
        null=True,
        blank=True,
        help_text=_(
            "How many can still be sold, those offered for payment not counted. Empty: as many as anybody wants."
        ),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    objects = ItemQuerySet.as_manager()
    # Django-money adds this column beside `price`.
    currency: str

    class Meta:
        ordering = ["-id"]
        verbose_name = _("item")
        verbose_name_plural = _("items")
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
            raise SoldOut(gettext("This item is sold out. Please choose another one."))

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
        return address_of_file(self.picture)

    @property
    def picture_srcset(self) -> str:
        """The files beside the picture that hold it in other widths: pictures/mug-400w.jpg for pictures/mug.jpg.

        Empty if there is none; drawings need none.
        """
        stem, dot, ending = self.picture.rpartition(".")
        if not stem or ending == "svg" or self.picture.startswith("https://"):
            return ""
        names = {width: f"{stem}-{width}w{dot}{ending}" for width in PICTURE_WIDTHS}
        found = {width: address_of_file(name) for width, name in names.items() if finders.find(name)}
        return ", ".join(f"{address} {width}w" for width, address in found.items() if address)

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
            return "" if is_https_url(self.picture) else gettext("Write the whole address, beginning with https://.")
        if ".." in self.picture or self.picture.startswith("/") or not finders.find(self.picture):
            problem = gettext("There is no file %(file)s: write its place there, as in pictures/stoneware-mug.svg.")
            return problem % {"file": f"static/{self.picture}"}
        return ""


# Django-money calls it in English.
Item._meta.get_field("currency").verbose_name = _("currency")  # type: ignore[union-attr]


def address_of_file(name: str) -> str:
    """Of one below static/; empty if it was removed: an item without its picture is better than no page."""
    try:
        return static(name)
    except ValueError:
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
        return gettext("%(currency)s is not a currency: choose one from the list.") % {"currency": currency}
    decimals = money.price_decimals(currency)
    if price != round(price, decimals):
        values = {"currency": currency, "count": decimals, "price": round(price, decimals)}
        return decimals_allowed(decimals) % values
    amount = money.to_minor_units(price, currency)
    least, most = money.minimum_amount(currency), money.maximum_amount(currency)
    if amount < least:
        shown = {"currency": currency, "least": money.format_amount(least, currency)}
        return gettext("Too low for a card payment: in %(currency)s the price must be at least %(least)s.") % shown
    if amount > most:
        shown = {"currency": currency, "most": money.format_amount(most, currency)}
        return gettext("Too high for one payment: in %(currency)s the price can be at most %(most)s.") % shown
    return ""


def decimals_allowed(decimals: int) -> str:
    """To be filled in with `currency`, `count` and a `price` that it can have."""
    if decimals == 0:
        return gettext("A price in %(currency)s has no decimals: write %(price)s or another such price.")
    return ngettext(
        "A price in %(currency)s has at most %(count)s decimal: write %(price)s or another such price.",
        "A price in %(currency)s has at most %(count)s decimals: write %(price)s or another such price.",
        decimals,
    )
