"""schema.org in JSON-LD, as https://developers.google.com/search/docs/appearance/structured-data reads it."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from payments.models import Item

StructuredData = SafeString

# What could end the script element, or begin another: no text of an item leaves the data it is in.
NO_MARKUP = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def website(name: str, address: str) -> StructuredData:
    return written({"@type": "WebSite", "name": name, "url": address})


def product(
    item: Item, *, price: str, address: str, image: str, can_be_bought: bool, shop: tuple[str, str]
) -> StructuredData:
    """An item with what it costs, and the way to it from the shop, whose name and address `shop` is."""
    offer = {
        "@type": "Offer",
        "price": price,
        "priceCurrency": item.currency,
        "availability": f"https://schema.org/{'InStock' if can_be_bought else availability_of_rest(item)}",
        "url": address,
    }
    about = {
        "@type": "Product",
        "name": item.name,
        "description": item.description,
        "image": image,
        "sku": str(item.pk),
        "url": address,
    }
    way = [breadcrumb(1, *shop), breadcrumb(2, item.name, address)]
    return written(
        {name: value for name, value in about.items() if value} | {"offers": offer},
        {"@type": "BreadcrumbList", "itemListElement": way},
    )


def availability_of_rest(item: Item) -> str:
    return "SoldOut" if item.on_sale and item.is_sold_out else "OutOfStock"


def breadcrumb(position: int, name: str, address: str) -> dict[str, Any]:
    return {"@type": "ListItem", "position": position, "name": name, "item": address}


def written(*things: dict[str, Any]) -> StructuredData:
    text = json.dumps({"@context": "https://schema.org", "@graph": things}, ensure_ascii=False)
    return mark_safe(text.translate(NO_MARKUP))  # noqa: S308  (nothing in it can be read as markup)
