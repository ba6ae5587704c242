"""What stands above a problem on its page, by the code that programs are told."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HEADINGS: dict[str, Promise] = {
    "not_found": gettext_lazy("This item does not exist"),
    "not_on_sale": gettext_lazy("This item is not on sale"),
    "no_keypair": gettext_lazy("This item is not on sale"),
    "sold_out": gettext_lazy("There are not enough left"),
    "price_changed": gettext_lazy("The price has changed"),
    "invalid_quantity": gettext_lazy("This quantity cannot be ordered"),
    "invalid_email": gettext_lazy("This is not an e-mail address"),
    "amount_out_of_limits": gettext_lazy("This amount cannot be charged"),
    "cart_full": gettext_lazy("Your cart is full"),
    "discount_refused": gettext_lazy("This discount is not given"),
    "too_many_taxes": gettext_lazy("This order cannot be paid yet"),
    "order_closed": gettext_lazy("There is nothing more to pay"),
    "foreign_request": gettext_lazy("This came from another site"),
    "method_not_allowed": gettext_lazy("There is no page at this address"),
    "too_many": gettext_lazy("Please wait a moment"),
    "stripe_unreachable": gettext_lazy("Stripe does not answer at the moment"),
    "stripe_refused": gettext_lazy("Stripe did not accept this payment"),
    "stripe_object_missing": gettext_lazy("Stripe did not accept this payment"),
}


def heading_of(code: str) -> str:
    return str(HEADINGS.get(code) or _("That did not work"))
