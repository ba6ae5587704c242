"""What a shopper sends: an item's number and a quantity, as a form or as JSON."""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from payments import fulfillment
from payments.errors import InvalidEmail, InvalidQuantity, NotOnSale
from payments.gateway.keys import keypair_for
from payments.models import Item
from payments.models.order_lines import MAXIMUM_QUANTITY
from payments.models.statements import one
from payments.views.negotiation import FORM_TYPES

# Half a character that JSON can spell, and NUL: no page can show the one, and no database takes the other.
NO_TEXT = re.compile("[\0\ud800-\udfff]")

EMAIL = forms.EmailField(required=False, max_length=254)


def item_on_sale(item_id: str) -> Item:
    """The item, if it is sold; the last of it may be held. Raises Item.DoesNotExist, NotOnSale or NoKeypair."""
    if not (item_id.isascii() and item_id.isdecimal()):
        raise Item.DoesNotExist
    item = one(Item, int(item_id[:30]))
    if not item.on_sale:
        raise NotOnSale(_("This item is not on sale at the moment. Please choose another one."))
    if item.is_sold_out and fulfillment.release_stock([item.pk]):
        item.refresh_from_db()
    keypair_for(item.currency)
    return item


def sent_values(request: HttpRequest) -> dict[str, Any]:
    """What came with the request: in its address, and as a form or as JSON, which win."""
    return {name: as_text(value) for name, value in raw_values(request).items()}


def raw_values(request: HttpRequest) -> dict[str, Any]:
    values: dict[str, Any] = request.GET.dict()
    if request.method == "POST" and request.content_type in FORM_TYPES:
        return values | request.POST.dict()
    return values | (json_object(request.body) if request.body else {})


def json_object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        words = _("Send the quantity as a form, or as a JSON object such as %(example)s.")
        raise InvalidQuantity(words % {"example": '{"quantity": 1}'})
    return values


def as_text(value: Any) -> Any:
    """As Django does with a form's bytes: U+FFFD stands for what is no character."""
    return NO_TEXT.sub("\ufffd", value) if isinstance(value, str) else value


def email_of(sent: dict[str, Any]) -> str:
    """Empty if none was sent. Raises InvalidEmail."""
    try:
        email: str = EMAIL.clean(sent.get("email"))
    except ValidationError:
        raise InvalidEmail(_("Please type a whole e-mail address, such as anna@example.com.")) from None
    return email


def quantity_of(sent: dict[str, Any], *, least: int = 1) -> int:
    return require_quantity(sent.get("quantity", 1), least=least)


def require_quantity(given: Any, *, least: int) -> int:
    """Raises InvalidQuantity."""
    if not re.fullmatch(r"[0-9]{1,6}", str(given), re.ASCII) or not least <= int(given) <= MAXIMUM_QUANTITY:
        words = _("Please choose a quantity from %(least)s to %(most)s, in digits.")
        raise InvalidQuantity(words % {"least": least, "most": MAXIMUM_QUANTITY})
    return int(given)
