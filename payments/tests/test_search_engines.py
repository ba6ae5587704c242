"""A search engine, or whoever shares a link, reads what a page is about."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings as shop_settings
from django.test import Client
from djmoney.money import Money

from payments.models import Item

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class Head(HTMLParser):
    """What stands in a page's head: title, `meta` by name or property, links by relation, structured data."""

    def __init__(self, client: Client, path: str, **headers: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.within = ""
        self.feed(client.get(path, headers=headers).content.decode().partition("</head>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.within = has.get("type", tag)
        if tag == "meta":
            self.meta[has.get("property") or has.get("name", "")] = has.get("content", "")
        elif tag == "link":
            self.links[has["rel"]] = has["href"]

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        self.texts[self.within] = self.texts.get(self.within, "") + data

    @property
    def structured(self) -> dict[str, Any]:
        """By type."""
        data = json.loads(self.texts["application/ld+json"])
        assert data["@context"] == "https://schema.org"
        return {thing["@type"]: thing for thing in data["@graph"]}


# --- An item ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mug", "price"), [("usd_mug", "19.00"), ("eur_mug", "17.50"), ("jpy_mug", "2800")])
def test_an_items_price_is_told_as_its_currency_writes_it(client: Client, request: Any, mug: str, price: str) -> None:
    item: Item = request.getfixturevalue(mug)
    head = Head(client, f"/item/{item.pk}", **{"Accept-Language": "de"})
    offer = head.structured["Product"]["offers"]
    assert (offer["price"], offer["priceCurrency"]) == (price, item.currency)
    assert (head.meta["product:price:amount"], head.meta["product:price:currency"]) == (price, item.currency)
    assert offer["availability"] == "https://schema.org/InStock"


def test_an_item_tells_its_name_its_words_its_picture_and_its_address(client: Client, usd_mug: Item) -> None:
    Item.objects.update(picture="pictures/stoneware-mug.svg", description="Holds tea.\n\nOr soup.")
    head = Head(client, f"/item/{usd_mug.pk}?from=elsewhere")
    address, picture = f"http://testserver/item/{usd_mug.pk}", "http://testserver/static/pictures/stoneware-mug.svg"
    product = head.structured["Product"]
    assert head.links["canonical"] == head.meta["og:url"] == product["url"] == product["offers"]["url"] == address
    assert head.meta["og:image"] == product["image"] == picture
    assert head.meta["description"] == head.meta["og:description"] == "Holds tea. Or soup."
    assert head.meta["og:title"] == product["name"] == "Stoneware Mug"
    assert (head.meta["og:type"], head.meta["og:locale"]) == ("product", "en_US")
    assert [step["name"] for step in head.structured["BreadcrumbList"]["itemListElement"]] == [
        shop_settings.SHOP_NAME,
        "Stoneware Mug",
    ]


def test_a_picture_from_elsewhere_keeps_its_address(client: Client, usd_mug: Item) -> None:
    Item.objects.update(picture="https://pictures.example/a mug.jpg")
    assert Head(client, f"/item/{usd_mug.pk}").meta["og:image"] == "https://pictures.example/a%20mug.jpg"


def test_an_item_without_words_or_picture_claims_none(client: Client, usd_mug: Item) -> None:
    Item.objects.update(picture="", description="")
    head = Head(client, f"/item/{usd_mug.pk}")
    assert "og:image" not in head.meta
    assert not {"image", "description"} & set(head.structured["Product"])
    assert head.meta["description"] == f"Stoneware Mug from {shop_settings.SHOP_NAME}."


def test_what_cannot_be_bought_is_not_told_to_be_in_stock(client: Client, usd_mug: Item, gbp_mug: Item) -> None:
    def availability(item: Item) -> str:
        offer = Head(client, f"/item/{item.pk}").structured["Product"]["offers"]
        return str(offer["availability"]).removeprefix("https://schema.org/")

    Item.objects.filter(pk=usd_mug.pk).update(stock=0)
    assert availability(usd_mug) == "SoldOut"
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    assert availability(usd_mug) == "OutOfStock"
    assert availability(gbp_mug) == "OutOfStock"


def test_no_name_of_an_item_ends_the_data_it_is_in(client: Client, usd_mug: Item) -> None:
    name = "</script><script>alert('&amp;')</script> <!-- \"mug\""
    Item.objects.update(name=name, description=name)
    head = Head(client, f"/item/{usd_mug.pk}")
    assert head.structured["Product"]["name"] == head.meta["og:title"] == name
    assert "<script>alert" not in client.get(f"/item/{usd_mug.pk}").content.decode()


# --- The catalog and all other pages ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/?utm_source=mail", "/"),
        ("/?currency=eur&utm_source=mail", "/?currency=EUR"),
        ("/?currency=EUR&after=9", "/?currency=EUR&after=9"),
        ("/?currency=XXX", "/"),
    ],
)
def test_each_page_of_the_catalog_has_one_address(client: Client, eur_mug: Item, path: str, canonical: str) -> None:
    head = Head(client, path)
    assert head.links["canonical"] == head.meta["og:url"] == f"http://testserver{canonical}"
    assert head.structured["WebSite"]["url"] == "http://testserver/"
    assert head.meta["og:title"] == head.texts["title"]


def test_a_shop_that_knows_its_origin_says_it_whatever_name_it_was_called_by(
    client: Client, usd_mug: Item, settings: Any
) -> None:
    settings.SHOP_ORIGIN = "https://shop.example"
    for path in ("/", f"/item/{usd_mug.pk}"):
        assert Head(client, path).links["canonical"] == f"https://shop.example{path}"
    assert b"https://shop.example/sitemap.xml" in client.get("/robots.txt").content


def test_every_page_has_a_title_a_description_and_the_colors_of_the_style_sheet(client: Client, usd_mug: Item) -> None:
    css = (Path(shop_settings.BASE_DIR) / "static/shop/shop.css").read_text()
    ground = re.search(r"--ground: light-dark\((#\w+), (#\w+)\)", css)
    assert ground
    for path in ("/", "/?currency=EUR", f"/item/{usd_mug.pk}", "/cart", "/item/999"):
        head = Head(client, path)
        assert head.texts["title"].strip()
        assert head.meta["description"].strip()
        for color in ground.groups():
            assert f'content="{color}"' in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/favicon.ico", "/apple-touch-icon.png"])
def test_the_icons_are_where_browsers_and_phones_look_for_them(client: Client, path: str) -> None:
    answer: Any = client.get(path)
    assert answer["Content-Type"].startswith("image/")
    assert b"".join(answer.streaming_content)


# --- robots.txt and the sitemap -----------------------------------------------------------------------------------
def addresses(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer["Content-Type"].startswith("application/xml")
    return [str(place.text) for place in ElementTree.fromstring(answer.content).iter(f"{SITEMAP}loc")]  # noqa: S314


def test_robots_are_led_to_the_sitemap_and_away_from_what_acts(client: Client, db: None) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert "Sitemap: http://testserver/sitemap.xml" in lines
    assert "Disallow: /buy/" in lines
    # It says itself that it is not to be found, which nobody reads who may not read the page.
    assert not any(line.startswith("Disallow: /order") for line in lines)


def test_the_sitemap_has_what_is_on_sale_and_when_it_changed(
    client: Client, usd_mug: Item, eur_mug: Item, gbp_mug: Item
) -> None:
    Item.objects.filter(pk=eur_mug.pk).update(on_sale=False)
    parts = addresses(client, "/sitemap.xml")
    listed = [address for part in parts for address in addresses(client, part)]
    assert listed == ["http://testserver/", f"http://testserver/item/{usd_mug.pk}"]
    assert f"<lastmod>{usd_mug.changed.isoformat()}</lastmod>" in client.get(parts[-1]).content.decode()


def test_a_sitemap_of_many_items_comes_in_parts_without_counting_them(
    client: Client, db: None, django_assert_num_queries: Any
) -> None:
    numbers = [1, 4_999, 5_000, 12_345]
    Item.objects.bulk_create(Item(pk=number, name="Mug", price=Money("19.00", "USD")) for number in numbers)
    with django_assert_num_queries(1):
        parts = addresses(client, "/sitemap.xml")
    listed = [[address.rpartition("/")[2] for address in addresses(client, part)] for part in parts]
    assert listed == [["", "1", "4999"], ["5000"], ["12345"]]
    with django_assert_num_queries(2) as asked:
        client.get(parts[-1])
    assert not any("COUNT" in query["sql"] or "OFFSET" in query["sql"] for query in asked)


def test_a_part_that_does_not_exist_is_not_found(client: Client, usd_mug: Item) -> None:
    for number in ("999", "9" * 30, "x"):
        assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_a_shop_without_items_has_a_sitemap_all_the_same(client: Client, db: None) -> None:
    (part,) = addresses(client, "/sitemap.xml")
    assert addresses(client, part) == ["http://testserver/"]
