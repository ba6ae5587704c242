"""What somebody wants to buy: an order in one currency, with its lines copied from the items."""

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from payments import money, pricing
from payments.errors import DiscountRefused, OrderClosed, SoldOut, TooManyTaxes
from payments.languages import language_of_texts
from payments.models import stock
from payments.models.adjustments import MAXIMUM_TAXES, Discount, Tax
from payments.models.order_emails import OrderEmail
from payments.models.order_lines import OrderLine, OrderTax, taxes_after
from payments.models.prefixes import InBytes
from payments.models.purchases import UNDER_WAY, NewOrder, OrderManager, hash_of

# Nobody has typed a card and been sent back before.
TIME_TO_PAY = timedelta(minutes=1)


def current_language() -> str:
    """The language of the page from which this is called; the shop's own where there is no page."""
    return language_of_texts()


class Order(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Awaiting payment")
        PROCESSING = "processing", _("Payment under way")
        PAID = "paid", _("Paid")

    class Refunded(models.TextChoices):
        NOT = "not", _("Not refunded")
        PARTLY = "partly", _("Partly refunded")
        FULLY = "fully", _("Refunded")

    class Dispute(models.TextChoices):
        NONE = "none", _("Not disputed")
        OPEN = "open", _("Disputed")
        WON = "won", _("Dispute won")
        LOST = "lost", _("Dispute lost")

    # The same for all orders that came from one cart, each in its currency.
    purchase = models.UUIDField(_("purchase"), default=uuid.uuid4, db_index=True, editable=False)
    # The shopper's link to the order: known to nobody who was not given it.
    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING, editable=False)
    # A paid order stays paid; that money went back or is contested stands beside it, in step with what says so.
    refunded = models.CharField(
        _("money back"), max_length=10, choices=Refunded, default=Refunded.NOT, db_default=Refunded.NOT, editable=False
    )
    dispute = models.CharField(
        _("dispute"), max_length=10, choices=Dispute, default=Dispute.NONE, db_default=Dispute.NONE, editable=False
    )
    # Says what a visitor is buying; empty once nothing stands against buying the same again.
    purchase_key = models.CharField(_("purchase key"), max_length=64, blank=True, editable=False)
    # What the discount was when it was given: it may be edited or go, the order stays as it is.
    discount = models.ForeignKey(
        Discount, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("discount")
    )
    discount_name = models.CharField(_("name of the discount"), max_length=40, blank=True, editable=False)
    discount_percent = models.DecimalField(
        _("percent of the discount"), max_digits=5, decimal_places=2, null=True, editable=False
    )
    discount_off = models.BigIntegerField(
        _("amount of the discount"), default=0, editable=False, help_text=_("In minor units, if it has no percent.")
    )
    # What the order came to when it was last offered for payment, in minor units.
    subtotal_amount = models.BigIntegerField(_("subtotal"), null=True, editable=False)
    discount_amount = models.BigIntegerField(_("discount amount"), null=True, editable=False)
    total_amount = models.BigIntegerField(_("total"), null=True, editable=False)
    holds_stock = models.BooleanField(_("holds stock"), default=False, editable=False)
    email = models.EmailField(
        _("e-mail address"), blank=True, default="", db_default="", help_text=_("Where the shopper is told of it.")
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        default=current_language,
        db_default="",
        help_text=_("In which the shopper is written to."),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True, editable=False)

    objects = OrderManager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "processing", "paid"]), name="order_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(refunded="not") | Q(refunded__in=["partly", "fully"], status="paid"),
                name="only_a_paid_order_is_refunded",
            ),
            models.CheckConstraint(
                condition=Q(dispute__in=["none", "open", "won", "lost"]), name="order_dispute_is_known"
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
        indexes = [
            models.Index(InBytes(Lower("email")), name="orders_by_email"),
            models.Index(fields=["created"], name="orders_by_day"),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="orders_that_are_paid"),
            models.Index(fields=["currency", "-id"], name="orders_in_a_currency"),
            models.Index(fields=["status", "-id"], condition=~Q(status="paid"), name="orders_not_paid"),
            models.Index(fields=["refunded", "-id"], condition=~Q(refunded="not"), name="orders_refunded"),
            models.Index(fields=["dispute", "-id"], condition=~Q(dispute="none"), name="orders_disputed"),
            models.Index(fields=["-id"], condition=Q(status="pending", total_amount=None), name="orders_never_offered"),
            models.Index(fields=["-id"], condition=Q(total_amount=0), name="orders_for_free"),
            models.Index(fields=["id"], condition=Q(holds_stock=True), name="orders_holding_stock"),
        ]

    def __str__(self) -> str:
        return gettext("Order %(number)s") % {"number": self.pk}

    @property
    def is_paid(self) -> bool:
        return self.status == self.Status.PAID

    @property
    def status_in_words(self) -> str:
        """As the shopper reads it: where nothing is to be paid, nothing is called paid."""
        if self.price.total:
            return str(self.get_status_display())
        return gettext("Complete") if self.is_paid else gettext("Nothing to pay")

    @property
    def may_be_paid(self) -> bool:
        """Whether a payment page of it was open long enough for somebody to have paid there."""
        offered = timezone.now() - TIME_TO_PAY
        return self.is_payable and any(
            payment.status in UNDER_WAY and payment.created < offered for payment in self.payments.all()
        )

    @property
    def has_payment_processing(self) -> bool:
        return self.payments.filter(status="processing").exists()

    @property
    def price(self) -> pricing.Price:
        """What the lines come to with discount and taxes, in minor units of the order's currency."""
        return pricing.price(
            ((line.unit_amount, line.quantity) for line in self.lines.all()),
            discount=self.discount_terms,
            taxes=[tax.terms for tax in self.taxes.all()],
            step=money.step(self.currency),
        )

    @property
    def discount_terms(self) -> pricing.DiscountTerms | None:
        if not self.discount_name:
            return None
        return pricing.DiscountTerms(percent=self.discount_percent, amount=self.discount_off)

    @property
    def terms(self) -> str:
        """A text that changes with anything that is agreed: lines, discount, taxes."""
        lines = [(line.name, line.unit_amount, line.quantity) for line in self.lines.all()]
        taxes = [tax.content for tax in self.taxes.all()]
        return hash_of(self.currency, lines, self.discount_name, self.discount_percent, self.discount_off, taxes)

    def take(self, offer: NewOrder) -> None:
        """Copy everything that is offered onto this new order. Raises DiscountRefused."""
        OrderLine.objects.bulk_create(OrderLine.of(item, quantity, self) for item, quantity in offer.lines)
        self.put_taxes(offer.taxes)
        if offer.discount:
            self.give_discount(offer.discount)

    def let_go_of_visitor(self) -> None:
        """Staff has changed it: the visitor who buys the same again gets an order of the old kind."""
        self.purchase_key = ""
        self.save(update_fields=["purchase_key"])

    def give_discount(self, discount: Discount | None) -> None:
        """Copy the discount's terms, or none. Raises OrderClosed or DiscountRefused."""
        self.require_payable()
        self.copy_discount(discount)
        self.save(update_fields=["discount", "discount_name", "discount_percent", "discount_off"])

    def copy_discount(self, discount: Discount | None) -> None:
        """As `give_discount` does, and save nothing. Raises DiscountRefused."""
        terms = discount.terms_in(self.currency) if discount else pricing.DiscountTerms()
        self.discount = discount
        self.discount_name = discount.name if discount else ""
        self.discount_percent, self.discount_off = terms.percent, terms.amount

    def put_taxes(self, taxes: Iterable[Tax], *, removed: Collection[int] = ()) -> None:
        """Let it have these, as `taxes_after` says. Raises OrderClosed or TooManyTaxes."""
        self.require_payable()
        present = list(self.taxes.all())
        wanted = taxes_after(self, present, taxes, removed)
        if len(wanted) > MAXIMUM_TAXES:
            words = ngettext(
                "An order takes at most %(most)s tax, and this one would have %(count)s: please tell the shop.",
                "An order takes at most %(most)s taxes, and this one would have %(count)s: please tell the shop.",
                MAXIMUM_TAXES,
            )
            raise TooManyTaxes(words % {"most": MAXIMUM_TAXES, "count": len(wanted)})
        kept = [tax.pk for tax in wanted if tax.pk]
        if len(kept) < len(present):
            self.taxes.exclude(pk__in=kept).delete()
        self.taxes.bulk_create(tax for tax in wanted if not tax.pk)

    def freeze(self) -> pricing.Price:
        """Write down what is offered, and hold it. The caller holds the row's lock.

        Raises DiscountRefused or SoldOut.
        """
        self.require_discount_usable()
        price = self.price
        self.subtotal_amount, self.discount_amount, self.total_amount = price.subtotal, price.discount, price.total
        self.save(update_fields=["subtotal_amount", "discount_amount", "total_amount"])
        stock.hold(self)
        for tax, amount in zip(self.taxes.all(), price.taxes, strict=True):
            OrderTax.objects.filter(pk=tax.pk).update(amount=amount)
        return price

    def require_discount_usable(self) -> None:
        """Raise DiscountRefused if its discount is over, used up or deleted. The caller is in a transaction."""
        if self.discount:
            is_limited = self.discount.maximum_uses is not None
            self.discount.require_usable(uses=self.uses_of_discount_by_others() if is_limited else 0)
        elif self.discount_name:
            raise DiscountRefused(gettext("The discount %(name)s is no longer given.") % {"name": self.discount_name})

    @property
    def holds_something_scarce(self) -> bool:
        """Stock, or a use of a discount that has not many: it is held for a short while only."""
        return self.holds_stock or bool(self.discount and self.discount.maximum_uses is not None)

    def uses_of_discount_by_others(self) -> int:
        """Purchases that are paid with it, or may be at any moment. The discount's row is locked meanwhile."""
        discount = Discount.objects.select_for_update().get(pk=self.discount_id or 0)
        used = Q(status__in=["processing", "paid"]) | Q(payments__status__in=UNDER_WAY)
        others = Order.objects.filter(used, discount=discount).exclude(purchase=self.purchase)
        return others.order_by().values("purchase").distinct().count()

    @property
    def is_payable(self) -> bool:
        return self.status == self.Status.PENDING

    def require_payable(self) -> None:
        """Raise OrderClosed if the order is paid, or a bank is still at work on it."""
        if self.status == self.Status.PAID:
            raise OrderClosed(gettext("This order is paid already: nothing more is to be paid."))
        if self.status == self.Status.PROCESSING:
            raise OrderClosed(gettext("A payment for this order is under way: please wait for the bank's answer."))

    def require_not_offered(self) -> None:
        """Let no payment begin before the caller's transaction ends. Raises OrderClosed if one may be made now."""
        order = Order.objects.select_for_update().get(pk=self.pk)
        order.require_payable()
        if order.payments.filter(status__in=["created", "open"]).exists():
            raise OrderClosed(gettext("The shopper opened a payment page in this very moment: please save again."))

    @transaction.atomic
    def complete_for_free(self) -> None:
        """Nothing is to be paid. Raises OrderClosed or DiscountRefused."""
        order = Order.objects.select_for_update().get(pk=self.pk)
        order.require_payable()
        if order.freeze().total:
            raise OrderClosed(gettext("This order was changed in this very moment: please reload the page."))
        order.mark_paid()

    def holds_again(self) -> bool:
        """Whether what it sells could be held, or is already. The caller holds the row's lock."""
        try:
            with transaction.atomic():
                stock.hold(self)
        except SoldOut:
            return False
        return True

    @transaction.atomic
    def release_if_idle(self) -> None:
        """Give back what is held once nobody can pay any more."""
        order = Order.objects.select_for_update().get(pk=self.pk)
        if order.holds_stock and not order.payments.filter(status__in=UNDER_WAY).exists():
            stock.give_back(order)

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
            raise OrderClosed(gettext("This order is paid already."))
        self.paid_at = timezone.now()
        self.holds_stock = False
        self.move(self.Status.PAID)
        if self.email:
            self.emails.create(kind=OrderEmail.Kind.CONFIRMATION)

    def note_email(self, email: str) -> None:
        """Where the shopper wants to be told, who said so while paying."""
        if email and not self.email:
            self.email = email
            self.save(update_fields=["email"])

    def take_email(self, email: str) -> None:
        """As the shopper typed it, who knows better than whoever made the order; unless it is paid already."""
        Order.objects.filter(pk=self.pk, status=self.Status.PENDING).update(email=email)

    def note_language(self, language: str) -> None:
        """In which the shopper was last about to pay."""
        if self.language != language:
            Order.objects.filter(pk=self.pk).update(language=language)
            self.language = language

    def move(self, status: Status) -> None:
        self.status = status
        self.purchase_key = ""
        self.save(update_fields=["status", "purchase_key", "paid_at", "holds_stock"])
