"""What changes the price of an order: a discount takes something off, taxes come on top or are part of the price."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from payments import money
from payments.errors import DiscountRefused
from payments.pricing import DiscountTerms

CODE = re.compile(r"^[A-Za-z0-9_-]{1,40}\Z")
# https://docs.stripe.com/api/checkout/sessions/create: up to 10 tax rates a line.
MAXIMUM_TAXES = 10
PERCENT = [MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))]


class CodeField(models.CharField):  # type: ignore[type-arg]
    """A text in upper case, however it was typed: as it is stored, and as it is looked for."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.upper() if isinstance(text, str) else text


class DiscountQuerySet(models.QuerySet["Discount"]):
    def with_code(self, code: str) -> "tuple[Discount, int] | None":
        """The discount that a shopper typed the code of, and its uses: purchases paid with it, or about to be.

        They are counted where they are limited: of others there may be a million.
        """
        under_way = Q(orders__payments__status__in=["created", "open", "processing"])
        used = Q(orders__status__in=["processing", "paid"]) | under_way
        counted = self.filter(pk=OuterRef("pk")).annotate(uses=Count("orders__purchase", filter=used, distinct=True))
        uses = Case(When(maximum_uses=None, then=0), default=Subquery(counted.order_by().values("uses")))
        found = self.filter(code=code).annotate(uses=uses).first() if CODE.match(code) else None
        if found and found.percent is None:
            models.prefetch_related_objects([found], "amounts")
        return (found, found.uses) if found else None  # type: ignore[attr-defined]


class Discount(models.Model):
    """Either a percentage, or an amount in each of some currencies; never converted from one into another."""

    name = models.CharField(
        _("name"), max_length=40, help_text=_("As the shopper sees it, in the shop and on Stripe's page.")
    )
    percent = models.DecimalField(
        _("percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=PERCENT,
        help_text=_("Leave it empty to take off an amount instead, which is set for each currency below."),
    )
    code = CodeField(
        _("code"),
        max_length=40,
        blank=True,
        validators=[RegexValidator(CODE, _("Use letters without accents, digits, - and _ only, at most 40."))],
        help_text=_("What a shopper types in the cart to get it, in upper or lower case. Empty: only staff gives it."),
    )
    active = models.BooleanField(_("active"), default=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    maximum_uses = models.PositiveIntegerField(
        _("maximum uses"), null=True, blank=True, help_text=_("Empty: as often as anybody likes.")
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)

    objects = DiscountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gt=0, percent__lte=100),
                name="discount_percent_is_0_to_100",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="discount_has_a_name"),
            models.CheckConstraint(condition=Q(code=Upper("code")), name="discount_code_is_in_upper_case"),
            models.UniqueConstraint(
                fields=["code"],
                condition=~Q(code=""),
                name="one_discount_a_code",
                violation_error_message=_("Another discount has this code: choose another one."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValidationError({"valid_until": gettext("Choose a time after the one from which it is valid.")})

    def terms_in(self, currency: str) -> DiscountTerms:
        """What it takes off an order in this currency. Raises DiscountRefused."""
        if self.percent is not None:
            return DiscountTerms(percent=self.percent)
        for part in self.amounts.all():
            if part.currency == currency:
                return DiscountTerms(amount=part.amount)
        raise DiscountRefused(
            gettext("The discount %(name)s takes off no amount in %(currency)s: choose another one.")
            % {"name": self.name, "currency": currency}
        )

    def require_usable(self, *, uses: int, now: datetime | None = None) -> None:
        """Raise DiscountRefused if it cannot be used now, having been used so often by other orders."""
        now = now or timezone.now()
        if not self.active:
            raise DiscountRefused(gettext("The discount %(name)s is no longer given.") % {"name": self.name})
        if self.valid_from and now < self.valid_from:
            raise DiscountRefused(gettext("The discount %(name)s is not given yet.") % {"name": self.name})
        if self.valid_until and now >= self.valid_until:
            raise DiscountRefused(gettext("The discount %(name)s has expired.") % {"name": self.name})
        if self.is_used_up(uses):
            raise DiscountRefused(
                gettext("The discount %(name)s has been used as often as it is given.") % {"name": self.name}
            )

    def is_used_up(self, uses: int) -> bool:
        return self.maximum_uses is not None and uses >= self.maximum_uses


class DiscountAmount(models.Model):
    # The constraint below has an index that begins with it.
    discount = models.ForeignKey(
        Discount, on_delete=models.CASCADE, related_name="amounts", verbose_name=_("discount"), db_index=False
    )
    off = MoneyField(
        _("amount off"), max_digits=14, decimal_places=2, currency_field_name="currency", currency_choices=None
    )
    # Django-money adds this column beside `off`.
    currency: str

    objects: "ClassVar[models.Manager[DiscountAmount]]" = models.Manager()

    class Meta:
        verbose_name = _("amount of a discount")
        verbose_name_plural = _("amounts of a discount")
        constraints = [
            models.UniqueConstraint(fields=["discount", "currency"], name="one_amount_a_currency"),
            models.CheckConstraint(condition=Q(off__gt=0), name="discount_amount_is_positive"),
            models.CheckConstraint(condition=Q(currency=Upper("currency")), name="discount_currency_is_a_code"),
        ]

    def __str__(self) -> str:
        return money.format_amount(self.amount, self.currency)

    @property
    def amount(self) -> int:
        """In minor units of its currency."""
        return money.to_minor_units(self.off.amount, self.currency)

    def clean(self) -> None:
        if self.__dict__.get("off") is None or not self.currency:
            return
        if self.off.amount <= 0:
            raise ValidationError({"off": gettext("Choose an amount above zero.")})
        decimals = money.price_decimals(self.currency)
        if self.off.amount != round(self.off.amount, decimals):
            raise ValidationError({"off": too_many_decimals(self.currency, decimals)})


# Django-money calls it in English.
DiscountAmount._meta.get_field("currency").verbose_name = _("currency")  # type: ignore[union-attr]


def too_many_decimals(currency: str, decimals: int) -> str:
    if not decimals:
        return gettext("An amount in %(currency)s has no decimals.") % {"currency": currency}
    most = ngettext(
        "An amount in %(currency)s has at most %(count)s decimal.",
        "An amount in %(currency)s has at most %(count)s decimals.",
        decimals,
    )
    return most % {"currency": currency, "count": decimals}


class TaxQuerySet(models.QuerySet["Tax"]):
    def automatic(self) -> "TaxQuerySet":
        """Those that are put on new orders by themselves; `is_for` says on which."""
        return self.filter(active=True, automatic=True)

    def put_on(self, currency: str) -> "list[Tax]":
        """The taxes of a new order in this currency."""
        return [tax for tax in self.automatic() if tax.is_for(currency)]


class Tax(models.Model):
    display_name = models.CharField(_("name"), max_length=50, help_text=_("As the shopper sees it, such as VAT."))
    percentage = models.DecimalField(
        _("percentage"),
        max_digits=7,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    inclusive = models.BooleanField(
        _("included in the prices"), help_text=_("On: the prices include it already. Off: it comes on top of them.")
    )
    jurisdiction = models.CharField(
        _("jurisdiction"), max_length=50, blank=True, help_text=_("Whose tax it is, such as Germany.")
    )
    active = models.BooleanField(_("active"), default=True, help_text=_("Off: it is not offered for new orders."))
    automatic = models.BooleanField(
        _("put on by itself"), default=False, help_text=_("On: every new order of a shopper has it by itself.")
    )
    currencies = models.CharField(
        _("currencies"),
        max_length=200,
        blank=True,
        help_text=_("By itself only on orders in these, such as USD, EUR. Empty: on all."),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TaxQuerySet.as_manager()

    class Meta:
        ordering = ["display_name", "percentage", "id"]
        verbose_name = _("tax")
        verbose_name_plural = _("taxes")
        constraints = [
            models.CheckConstraint(condition=Q(percentage__gte=0, percentage__lte=100), name="tax_is_0_to_100_percent"),
            models.CheckConstraint(condition=~Q(display_name=""), name="tax_has_a_name"),
        ]

    def __str__(self) -> str:
        words = gettext("%(tax)s (included)") if self.inclusive else gettext("%(tax)s (on top)")
        return words % {"tax": self.name_and_percentage}

    @property
    def name_and_percentage(self) -> str:
        return f"{self.display_name} {money.format_percent(self.percentage)}"

    @property
    def currency_codes(self) -> list[str]:
        return self.currencies.upper().replace(",", " ").split()

    def is_for(self, currency: str) -> bool:
        codes = self.currency_codes
        return not codes or currency in codes

    def clean(self) -> None:
        for part in self.currencies.split(","):
            unknown = not_a_code(part)
            if unknown:
                problem = gettext("“%(unknown)s” is not the code of a currency: write codes such as USD, EUR.")
                raise ValidationError({"currencies": problem % {"unknown": unknown}})
        self.currencies = ", ".join(self.currency_codes)
        if self.active and self.automatic:
            self.require_room()

    def require_room(self) -> None:
        """Every order takes all taxes that are put on by themselves in its currency."""
        others = list(Tax.objects.automatic().exclude(pk=self.pk))
        # The empty code stands for the currencies that no tax names.
        codes = {"", *(code for tax in [self, *others] for code in tax.currency_codes)}
        for code in sorted(code for code in codes if self.is_for(code)):
            if sum(tax.is_for(code) for tax in others) >= MAXIMUM_TAXES:
                raise ValidationError(too_many_taxes(code))


def too_many_taxes(currency: str) -> str:
    if not currency:
        words = gettext(
            "Stripe takes at most %(most)s taxes, and so many are put on orders by themselves already: "
            "make one of them inactive, or this one not automatic."
        )
        return words % {"most": MAXIMUM_TAXES}
    words = gettext(
        "Stripe takes at most %(most)s taxes, and so many are put on orders in %(currency)s by themselves already: "
        "make one of them inactive, or this one not automatic."
    )
    return words % {"most": MAXIMUM_TAXES, "currency": currency}


def not_a_code(typed: str) -> str:
    """What of it is not the code of a currency, as it was typed: all of it, if it has no code; empty if it is sound."""
    words = typed.split()
    unknown = [word for word in words if not money.is_currency(word.upper())]
    return " ".join(unknown if unknown == words else unknown[:1])
