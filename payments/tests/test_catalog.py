"""A visitor looks at what is on sale."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from djmoney.money import Money

from payments.models import Item


def test_items_are_shown_with_price_and_currency(client: Client, usd_mug: Item, jpy_mug: Item) -> None:
    page = client.get("/").content.decode()
    assert "USD\xa019.00" in page
    assert "JPY\xa02,800" in page
    assert f'href="/item/{usd_mug.pk}"' in page


@pytest.mark.parametrize(("language", "price"), [("en-US", "USD\xa01,234.50"), ("de-DE,de;q=0.9", "1.234,50\xa0USD")])
def test_prices_are_written_in_the_visitors_format(client: Client, usd_mug: Item, language: str, price: str) -> None:
    Item.objects.update(price=Decimal("1234.50"))
    response = client.get("/", headers={"Accept-Language": language})
    assert price in response.content.decode()
    assert "Accept-Language" in response["Vary"]


def test_the_catalog_can_be_filtered_by_currency(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    page = client.get("/?currency=eur").content.decode()
    assert "EUR\xa017.50" in page
    assert "USD\xa019.00" not in page


@pytest.mark.parametrize("currency", ["GBP", "XXX"])
def test_a_currency_that_is_not_sold_shows_nothing_and_the_way_back(
    client: Client, gbp_mug: Item, currency: str
) -> None:
    assert "Nothing is on sale in" in client.get("/", {"currency": currency}).content.decode()


@pytest.mark.parametrize("text", ["<script>", "U", "CALL 555 0100", "ßß", "<" * 3000])
def test_nobody_can_write_on_the_catalog_by_its_address(client: Client, usd_mug: Item, text: str) -> None:
    response = client.get("/", {"currency": text})
    assert response.status_code == 404
    assert f"in {text.upper()}" not in response.content.decode()


def test_what_cannot_be_bought_is_not_shown(client: Client, gbp_mug: Item, usd_mug: Item) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    assert "Nothing is on sale at the moment" in client.get("/").content.decode()


def names_on(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/item/\d+">(.*?)</a>', page)


def link(page: str, rel: str) -> str:
    """Where the page's link leads; empty where there is none."""
    found = re.search(rf'rel="{rel}" href="(.*?)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_pages_go_from_the_newest_item_to_the_oldest_and_back(client: Client, db: None) -> None:
    Item.objects.bulk_create(Item(name=f"Mug {n:02}", price=Money(n + 1, "USD")) for n in range(60))
    pages = [client.get("/").content.decode()]
    while address := link(pages[-1], "next"):
        pages.append(client.get(address).content.decode())
    seen = list(map(names_on, pages))
    assert [len(names) for names in seen] == [24, 24, 12]
    assert sum(seen, []) == [f"Mug {n:02}" for n in reversed(range(60))]
    before = client.get(link(pages[2], "prev")).content.decode()
    assert names_on(before) == seen[1]
    assert link(before, "next")
    first = client.get(link(before, "prev")).content.decode()
    assert names_on(first) == seen[0]
    assert not link(first, "prev")


def test_a_filter_stays_from_page_to_page(client: Client, db: None) -> None:
    Item.objects.bulk_create(Item(name="Mug", price=Money(n + 1, "EUR")) for n in range(30))
    assert "currency=EUR&after=" in link(client.get("/?currency=EUR").content.decode(), "next")


@pytest.mark.parametrize("query", ["after=x", "before=-1", "after=" + "9" * 30, "after=٣"])
def test_a_page_that_does_not_exist_is_not_found(client: Client, db: None, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 404


def test_a_full_page_costs_one_query(client: Client, db: None, django_assert_num_queries: Any) -> None:
    Item.objects.bulk_create(Item(name="Mug", price=Money(n + 1, "USD")) for n in range(30))
    with django_assert_num_queries(1):
        client.get("/")


def test_a_banner_says_that_payments_are_not_real(client: Client, usd_mug: Item, settings: Any) -> None:
    banner = "Payments are not real"
    for path in ("/", f"/item/{usd_mug.pk}", "/item/999999"):
        assert banner in client.get(path).content.decode()
    settings.STRIPE_SANDBOX = False
    assert banner not in client.get("/").content.decode()
