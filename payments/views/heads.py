"""What a page tells search engines, and those who share its address: the head's title, picture and structured data."""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from payments.models import Item
from payments.money import from_minor_units
from payments.views.checkout import origin_of
from payments.views.structured_data import StructuredData, product, website

DESCRIPTION_LENGTH = 160


@dataclass(frozen=True)
class Head:
    title: str
    description: str
    address: str
    structured_data: StructuredData
    image: str = ""
    # Of an item: as programs read it, such as 19.00.
    price: str = ""
    currency: str = ""

    @property
    def kind(self) -> str:
        return "product" if self.price else "website"

    @property
    def locale(self) -> str:
        return open_graph_locale(get_language() or settings.LANGUAGE_CODE)


def public_origin(request: HttpRequest) -> str:
    """One for every name by which the shop is reached, where it has been told which."""
    return settings.SHOP_ORIGIN or origin_of(request)


def head_of_catalog(request: HttpRequest, currency: str, query: str) -> Head:
    """`query` is what the page shown depends on: whatever else stands in the address is no page of its own."""
    origin = public_origin(request)
    address = origin + reverse("catalog") + (f"?{query}" if query else "")
    values = {"shop": settings.SHOP_NAME, "currency": currency}
    if currency:
        title = _("Items in %(currency)s · %(shop)s") % values
        description = _("Everything that %(shop)s sells in %(currency)s.") % values
    else:
        title = settings.SHOP_NAME
        description = _("Everything that %(shop)s sells, each item with its price in its own currency.") % values
    return Head(title, description, address, website(settings.SHOP_NAME, origin + reverse("catalog")))


def head_of_item(request: HttpRequest, item: Item, *, can_be_bought: bool) -> Head:
    origin = public_origin(request)
    address = origin + item.get_absolute_url()
    image = iri_to_uri(item.picture_url if item.picture_url.startswith("https://") else origin + item.picture_url)
    image = image if item.picture_url else ""
    price = str(from_minor_units(item.unit_amount, item.currency))
    return Head(
        title=item.name,
        description=description_of(item),
        address=address,
        structured_data=product(
            item,
            price=price,
            address=address,
            image=image,
            can_be_bought=can_be_bought,
            shop=(settings.SHOP_NAME, origin + reverse("catalog")),
        ),
        image=image,
        price=price,
        currency=item.currency,
    )


def description_of(item: Item) -> str:
    """The item's own words, in one line."""
    words = " ".join(item.description.split())
    return Truncator(words).chars(DESCRIPTION_LENGTH) or _("%(item)s from %(shop)s.") % {
        "item": item.name,
        "shop": settings.SHOP_NAME,
    }


@lru_cache(maxsize=64)
def open_graph_locale(language: str) -> str:
    """With a country, as Open Graph wants it: en_US for en, de_DE for de."""
    locale = Locale.parse(language, sep="-")
    likely = Locale.parse(get_global("likely_subtags").get(locale.language, locale.language))
    return f"{locale.language}_{locale.territory or likely.territory}"
