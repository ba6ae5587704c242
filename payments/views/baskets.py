"""The cookie that keeps a visitor's basket: signed, so that only what the shop wrote is read."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from payments.cart import Basket, Entry
from payments.errors import CartFull

COOKIE = "cart"
SALT = "payments.cart"
SECONDS = 30 * 24 * 3600
# Browsers keep 4096 bytes of name, value and attributes.
MAXIMUM_BYTES = 3900


def basket_of(request: HttpRequest) -> Basket:
    """The visitor's basket; an empty one if the cookie cannot be read, whatever is the matter with it."""
    text = request.COOKIES.get(COOKIE, "")
    if not text or len(text) > MAXIMUM_BYTES:
        return Basket()
    try:
        content = signing.loads(text, salt=SALT, max_age=SECONDS)
        return Basket(tuple(Entry(*map(int, row)) for row in content["items"]), str(content["code"]))
    except (signing.BadSignature, ValueError, TypeError, KeyError):
        return Basket()


def keep(response: HttpResponse, basket: Basket) -> None:
    """Raises CartFull."""
    if not basket.entries:
        response.delete_cookie(COOKIE, samesite="Lax")
        return
    text = written(basket)
    response.set_cookie(
        COOKIE, text, max_age=SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def written(basket: Basket) -> str:
    rows = [[entry.item_id, entry.quantity, entry.unit_amount] for entry in basket.entries]
    text = signing.dumps({"items": rows, "code": basket.code}, salt=SALT, compress=True)
    if len(text) > MAXIMUM_BYTES:
        raise CartFull(_("Your cart takes no more different items: please check out first, or remove one."))
    return text
