"""What stands in the fields of the cart's page: whatever is pressed there, all that was typed counts.

A field says what it showed, so that one that nobody touched undoes nothing that happened in another tab.
"""

import re
from typing import Any

from django.utils.translation import gettext as _

from payments import brake, cart
from payments.brake import Visitor
from payments.cart import Basket
from payments.errors import DiscountRefused
from payments.views.sent import require_quantity

# Named after the item and the quantity that was shown.
QUANTITY = re.compile(r"quantity-([0-9]{1,18})-([0-9]{1,6})", re.ASCII)


def as_typed(basket: Basket, sent: dict[str, Any], visitor: Visitor) -> Basket:
    """Raises InvalidQuantity, NotOnSale, DiscountRefused or TooMany."""
    basket = with_quantities(basket, quantities_typed(sent))
    is_new = "shown_code" in sent and code_of(sent) != sent["shown_code"]
    return with_code(basket, code_of(sent), visitor) if is_new else basket


def quantities_typed(sent: dict[str, Any]) -> dict[int, str]:
    """By the ids of the items."""
    fields = ((QUANTITY.fullmatch(name), str(value)) for name, value in sent.items())
    return {int(field[1]): value for field, value in fields if field and value != field[2]}


def with_quantities(basket: Basket, typed: dict[int, str]) -> Basket:
    """Raises InvalidQuantity or NotOnSale."""
    for item_id, quantity in typed.items():
        basket = basket.change(item_id, quantity=require_quantity(quantity, least=0))
    return basket


def code_of(sent: dict[str, Any]) -> str:
    return str(sent.get("code", "")).strip().upper()


def with_code(basket: Basket, code: str, visitor: Visitor) -> Basket:
    """Raises DiscountRefused, or TooMany: codes are not for guessing."""
    if code and not basket.entries:
        raise DiscountRefused(_("Your cart is empty: put something in it first, and then type the code."))
    if code:
        brake.count("codes", visitor)
        cart.require_usable_code(code)
    return basket.with_code(code)
