"""A visitor looks at one item."""

import re
from typing import Any

import pytest
from django.test import Client

from payments.models import Item, Tax


@pytest.mark.parametrize("mug", ["usd_mug", "eur_mug", "jpy_mug"])
def test_the_page_carries_the_publishable_key_of_the_items_currency(client: Client, request: Any, mug: str) -> None:
    item: Item = request.getfixturevalue(mug)
    page = client.get(f"/item/{item.pk}").content.decode()
    assert f"<h1>{item.name}</h1>" in page
    assert 'id="buy-button"' in page
    assert re.findall(r'data-publishable-key="(.*?)"', page) == [f"pk_test_sandbox_{item.currency.lower()}"]
    assert "Holds tea." in page


def test_the_page_loads_stripes_own_script_of_the_pinned_release(client: Client, usd_mug: Item, settings: Any) -> None:
    assert 'src="/static/sandbox/stripe.js"' in client.get(f"/item/{usd_mug.pk}").content.decode()
    settings.STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"
    assert 'src="https://js.stripe.com/endive/stripe.js"' in client.get(f"/item/{usd_mug.pk}").content.decode()


def test_without_a_script_the_button_is_a_form(client: Client, usd_mug: Item) -> None:
    page = client.get(f"/item/{usd_mug.pk}").content.decode()
    assert re.search(rf'<form id="buy-form"[^>]*method="post" action="/buy/{usd_mug.pk}"', page)


def test_an_item_off_sale_says_so_and_has_no_button(client: Client, usd_mug: Item) -> None:
    Item.objects.update(on_sale=False)
    assert_not_on_sale(client, usd_mug)


def test_an_item_in_a_currency_without_keypair_says_so_and_has_no_button(client: Client, gbp_mug: Item) -> None:
    assert_not_on_sale(client, gbp_mug)


def assert_not_on_sale(client: Client, item: Item) -> None:
    response = client.get(f"/item/{item.pk}")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Not on sale" in page
    assert "buy-button" not in page
    assert "pk_test" not in page


def test_what_a_clerk_wrote_is_text_and_never_markup(client: Client, usd_mug: Item) -> None:
    Item.objects.update(name="<script>alert(1)</script>", description="<b onclick=x>", picture='https://x/"onload="y')
    page = client.get(f"/item/{usd_mug.pk}").content.decode()
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    assert '"onload="' not in page


def test_a_slash_at_the_end_is_accepted(client: Client, usd_mug: Item) -> None:
    assert client.get(f"/item/{usd_mug.pk}/").status_code == 200


@pytest.mark.parametrize("item_id", ["999999", "9" * 40, "0", "x", "-1", "1.5"])
def test_an_unknown_item_is_not_found(client: Client, db: None, item_id: str) -> None:
    response = client.get(f"/item/{item_id}")
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()


def test_the_page_costs_one_query_for_the_item_and_its_taxes(
    client: Client, usd_mug: Item, django_assert_num_queries: Any
) -> None:
    Tax.objects.create(display_name="VAT", percentage=20, inclusive=True, automatic=True)
    with django_assert_num_queries(1):
        assert "includes VAT" in client.get(f"/item/{usd_mug.pk}").content.decode()
