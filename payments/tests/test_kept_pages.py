"""Pages are kept as they were written, and nobody ever sees an old price, or a page of somebody else."""

import gzip
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from payments.models import Item, NewOrder, Tax
from payments.views.kept import MOST_BYTES, KeptPage, KeptPages, kept_pages


def text_of(client: Client, path: str, **headers: str) -> str:
    return client.get(path, headers=headers).content.decode()


@pytest.fixture(params=["item", "catalog"])
def path(request: Any, usd_mug: Item) -> str:
    return {"item": f"/item/{usd_mug.pk}", "catalog": "/"}[request.param]


@pytest.fixture
def tax(usd_mug: Item) -> Tax:
    tax: Tax = Tax.objects.create(display_name="VAT", percentage=20, inclusive=True, automatic=True)
    return tax


def test_a_page_that_did_not_change_is_written_once(client: Client, path: str) -> None:
    first, second = client.get(path), client.get(path)
    assert first.templates
    assert not second.templates
    assert second.content == first.content


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"price": Decimal("21.50")}, "USD\xa021.50"),
        ({"name": "Tall Mug"}, "Tall Mug"),
        ({"stock": 0}, "Sold out"),
        ({"picture": "pictures/stoneware-mug.svg"}, "stoneware-mug"),
    ],
)
def test_what_changes_is_seen_at_once_however_it_was_changed(
    client: Client, path: str, change: dict[str, Any], shown: str
) -> None:
    assert shown not in text_of(client, path)
    Item.objects.update(**change)
    assert shown in text_of(client, path)


def test_what_is_taken_off_sale_cannot_be_bought_a_moment_later(client: Client, usd_mug: Item) -> None:
    assert "buy-button" in text_of(client, f"/item/{usd_mug.pk}")
    Item.objects.update(on_sale=False)
    assert "buy-button" not in text_of(client, f"/item/{usd_mug.pk}")
    assert "Stoneware Mug" not in text_of(client, "/")


def test_a_new_changed_or_deleted_tax_is_seen_at_once(client: Client, usd_mug: Item) -> None:
    address = f"/item/{usd_mug.pk}"
    assert "item-taxes" not in text_of(client, address)
    tax = Tax.objects.create(display_name="VAT", percentage=20, inclusive=True, automatic=True)
    assert "includes VAT 20%" in text_of(client, address)
    Tax.objects.update(percentage=19)
    assert "includes VAT 19%" in text_of(client, address)
    Tax.objects.update(currencies="EUR")
    assert "item-taxes" not in text_of(client, address)
    Tax.objects.update(currencies="USD, EUR")
    assert "includes VAT 19%" in text_of(client, address)
    tax.delete()
    assert "item-taxes" not in text_of(client, address)


def test_taxes_are_told_in_the_order_in_which_they_are_put_on_an_order(client: Client, usd_mug: Item, tax: Tax) -> None:
    Tax.objects.create(display_name="City", percentage=Decimal("1.5"), inclusive=False, automatic=True)
    Tax.objects.create(display_name="Old", percentage=3, inclusive=False, automatic=True, active=False)
    page = text_of(client, f"/item/{usd_mug.pk}")
    assert page.index("plus City 1.5%") < page.index("includes VAT 20%")
    assert [each.display_name for each in NewOrder.of_item(usd_mug, 1).taxes] == ["City", "VAT"]
    assert "Old" not in page


def test_a_visitors_cart_is_on_no_other_visitors_page(client: Client, path: str, usd_mug: Item) -> None:
    empty = '<span id="cart-count" class="cart-count"></span>'
    assert empty in text_of(client, path)
    buyer = Client()
    buyer.post(f"/cart/add/{usd_mug.pk}", {"quantity": "3"})
    buyer.get(path)
    assert '<span id="cart-count" class="cart-count">3</span>' in text_of(buyer, path)
    assert empty in text_of(client, path)


def test_what_is_said_to_one_visitor_is_said_once_and_to_nobody_else(client: Client, usd_mug: Item) -> None:
    address = f"/item/{usd_mug.pk}"
    buyer = Client()
    buyer.post(f"/cart/add/{usd_mug.pk}", {"quantity": "1"}, headers={"Referer": f"http://testserver{address}"})
    assert 'class="said' in text_of(buyer, address)
    assert 'class="said' not in text_of(buyer, address)
    assert 'class="said' not in text_of(client, address)


def test_each_reads_their_own_language_and_their_own_numbers(client: Client, path: str) -> None:
    Item.objects.update(price=Decimal("1234.50"))
    assert "USD\xa01,234.50" in text_of(client, path, Accept_Language="en")
    assert "1.234,50\xa0USD" in text_of(client, path, Accept_Language="de")
    assert "1’234.50" in text_of(client, path, Accept_Language="de-CH,de;q=0.9")
    assert "USD\xa01,234.50" in text_of(client, path, Accept_Language="en")


def test_each_host_has_addresses_of_its_own(client: Client, path: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    assert "http://one.example/" in text_of(client, path, Host="one.example")
    assert "http://one.example/" not in text_of(client, path, Host="two.example")


def test_what_an_advertisement_adds_to_the_address_makes_no_other_page(client: Client, path: str) -> None:
    assert text_of(client, f"{path}?utm_source=mail") == text_of(client, path)


def test_a_browser_that_has_the_page_is_told_so_until_it_changes(client: Client, path: str) -> None:
    first = client.get(path)
    assert first["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Item.objects.update(price=Decimal("21.50"))
    changed = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert "USD\xa021.50" in changed.content.decode()


def test_a_browser_that_can_read_it_gets_the_page_compressed(client: Client, path: str) -> None:
    compressed = client.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert compressed["Content-Encoding"] == "gzip"
    assert int(compressed["Content-Length"]) == len(compressed.content)
    assert gzip.decompress(compressed.content).decode() == text_of(client, path)
    assert "Accept-Encoding" in compressed["Vary"]


def test_a_new_visitor_is_remembered_on_a_kept_page_too(client: Client, usd_mug: Item) -> None:
    names = [Client().get(f"/item/{usd_mug.pk}").cookies["visitor"].value for _ in range(2)]
    assert names[0] != names[1]


def test_who_writes_templates_sees_each_change(client: Client, path: str, settings: Any) -> None:
    client.get(path)
    settings.DEBUG = True
    assert client.get(path).templates


@pytest.mark.parametrize("made_up", ["/?after=123456", "/?before=1", "/?currency=XXX", "/?currency=EUR&after=7"])
def test_an_address_that_somebody_made_up_pushes_out_no_page(client: Client, path: str, made_up: str) -> None:
    client.get(path)
    before = list(kept_pages.pages)
    assert client.get(made_up).templates
    assert client.get(made_up).templates
    assert list(kept_pages.pages) == before


def test_the_first_page_of_each_currency_is_written_once(client: Client, usd_mug: Item) -> None:
    first, second = client.get("/?currency=usd"), client.get("/?currency=USD")
    assert first.templates
    assert not second.templates


@pytest.mark.parametrize("length", [10_000, 100_000])
def test_no_more_pages_are_kept_than_memory_is_meant_for(length: int) -> None:
    pages = KeptPages()
    for number in range(MOST_BYTES // length + 10):
        for _ in range(2):
            pages.keep(number, KeptPage.of("x" * length))
        pages.get(0)
    assert sum(map(len, pages.pages.values())) == pages.size
    assert MOST_BYTES - 2 * length < pages.size <= MOST_BYTES
    assert pages.get(0)
    assert pages.get(1) is None
