"""The few ways a sale is refused, named by what the reader must do.

`code` is for programs and stays the same; the message is for the shopper, in the language of the page, and never
carries another system's text.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext


class StorefrontError(Exception):
    code = "error"


class NotOnSale(StorefrontError):
    """Choose another item: this one is off sale, or no keypair is configured for its currency."""

    code = "not_on_sale"


class NoKeypair(NotOnSale):
    """Nobody can take this currency: add its three variables to the environment."""

    code = "no_keypair"

    def __init__(self, currency: str) -> None:
        words = _("This item is not on sale: the shop takes no payments in %(currency)s at present.")
        super().__init__(words % {"currency": currency})
        self.currency = currency


class SoldOut(NotOnSale):
    """Choose fewer, or another item: there are not so many left."""

    code = "sold_out"

    def __init__(self, message: str, item: str = "") -> None:
        super().__init__(message)
        self.item = item


class PriceChanged(StorefrontError):
    """Look at the item again: it costs something else than the page said."""

    code = "price_changed"


class InvalidQuantity(StorefrontError):
    """Choose another quantity."""

    code = "invalid_quantity"


class InvalidEmail(StorefrontError):
    """Type another address: no mail can be sent to this one."""

    code = "invalid_email"


class CartFull(StorefrontError):
    """Check out first, or remove something: the cart takes no more."""

    code = "cart_full"


class ForeignRequest(StorefrontError):
    """Use the shop's own pages: another site has sent this."""

    code = "foreign_request"


class AmountOutOfLimits(StorefrontError):
    """Choose another quantity or price: Stripe takes no charge of this amount."""

    code = "amount_out_of_limits"


class TooManyTaxes(StorefrontError):
    """Tell the shop to put fewer taxes on the order: Stripe takes no more."""

    code = "too_many_taxes"


class DiscountRefused(StorefrontError):
    """Choose another discount, or none: this one is not given for this order."""

    code = "discount_refused"


class OrderClosed(StorefrontError):
    """Nothing is to be paid: the order is paid already, or its payment is under way."""

    code = "order_closed"


class RefundRefused(StorefrontError):
    """Ask for another amount, or look at what has gone back already: this cannot be refunded."""

    code = "refund_refused"


class TooMany(StorefrontError):
    """Wait for so many seconds: this was tried too often."""

    code = "too_many"

    def __init__(self, seconds: int) -> None:
        minutes = max(1, -(-seconds // 60))
        words = ngettext(
            "This was tried very often, so we have to slow it down. Please try again in a minute.",
            "This was tried very often, so we have to slow it down. Please try again in %(minutes)s minutes.",
            minutes,
        )
        super().__init__(words % {"minutes": minutes})
        self.seconds = max(1, seconds)


class StripeRefused(StorefrontError):
    """Tell the shop: Stripe understood the request and said no, and asking again changes nothing."""

    code = "stripe_refused"

    def __init__(self, message: str | Promise, param: str = "", stripe_code: str = "") -> None:
        super().__init__(message)
        # The parameter that Stripe did not accept, and its own name for what is wrong.
        self.param = param
        self.stripe_code = stripe_code


class KeyNotAccepted(StripeRefused):
    """Correct the key: Stripe does not know it, or not any more."""


class KeyLacksPermission(StripeRefused):
    """Allow it in Stripe's dashboard: the key is restricted, and may not do this."""


class StripeObjectMissing(StripeRefused):
    """Look for it in another account, or do without: this account knows no such object."""

    code = "stripe_object_missing"


class StripeUnreachable(StorefrontError):
    """Try again in a minute: Stripe did not answer, or not with anything that can be read."""

    code = "stripe_unreachable"


# What an account says to one call it says to the next: it need not be asked again in the same moment.
AccountSilent = (StripeUnreachable, KeyNotAccepted)


class StripeFailed(StripeUnreachable):
    """Ask with another idempotency key: to this one Stripe answers with the same failure of its own for a day."""


class StripeBusy(StripeUnreachable):
    """Wait for the other request: Stripe is at work on the very same one."""


class EmailNotSent(StorefrontError):
    """Try again later, or give the shopper what it says some other way: the mail server did not take it."""

    code = "email_not_sent"


class EmailRefused(EmailNotSent):
    """Look at the address: the mail server is there, and takes no mail for it."""


class EmailNotWritten(EmailRefused):
    """Look at the log: a mistake of the shop's own keeps this mail from being written."""

    code = "email_not_written"


# What staff reads where only the code was noted: the message is for the shopper.
NOTED = {
    NoKeypair.code: gettext_lazy("The shop has no keys of this account."),
    StripeRefused.code: gettext_lazy("Stripe refused it: look at the account's log in Stripe's dashboard."),
    StripeObjectMissing.code: gettext_lazy("The account does not know this: is its keypair another one now?"),
    StripeUnreachable.code: gettext_lazy("Stripe did not answer."),
}


def in_words(problem: str) -> str:
    """In the reader's language: it was noted in English, or as a code, whatever the language of who found it."""
    if problem in NOTED:
        return str(NOTED[problem])
    return _(problem) if problem else ""
