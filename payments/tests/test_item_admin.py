"""A clerk keeps the catalog."""

from typing import Any

import pytest
from django.test import Client
from djmoney.money import Money

from payments.gateway.keys import read_keypairs
from payments.models import Item

ADD = "/admin/payments/item/add/"
LIST = "/admin/payments/item/"


def form(price: str = "19.00", currency: str = "USD", **values: str) -> dict[str, str]:
    return {
        "name": "Mug",
        "description": "",
        "price_0": price,
        "price_1": currency,
        "on_sale": "on",
        **values,
    }


def errors(response: Any) -> str:
    return " ".join(message for field in response.context["adminform"].form.errors.values() for message in field)


def test_a_clerk_adds_an_item_in_a_currency(admin_client: Client) -> None:
    assert admin_client.post(ADD, form("2800", "JPY")).status_code == 302
    assert Item.objects.get().price == Money(2800, "JPY")


def test_only_configured_currencies_are_offered_and_none_is_chosen_beforehand(admin_client: Client) -> None:
    field = admin_client.get(ADD).context["adminform"].form.fields["price"].fields[1]
    assert [code for code, _ in field.choices] == ["", "EUR", "JPY", "USD"]


def test_the_only_currency_is_chosen_beforehand(admin_client: Client, settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {"EUR": settings.STRIPE_KEYPAIRS["EUR"]}
    field = admin_client.get(ADD).context["adminform"].form.fields["price"].fields[1]
    assert [code for code, _ in field.choices] == ["EUR"]


@pytest.mark.parametrize("currency", ["GBP", "", "usd"])
def test_another_currency_is_refused(admin_client: Client, currency: str) -> None:
    response = admin_client.post(ADD, form(currency=currency))
    assert response.status_code == 200
    assert errors(response)
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    ("price", "currency", "message"),
    [
        ("0.49", "USD", "Too low for a card payment: in USD the price must be at least USD\xa00.50."),
        ("1000000", "EUR", "Too high for one payment: in EUR the price can be at most EUR\xa0999,999.99."),
        ("10.50", "JPY", "A price in JPY has no decimals: write 10 or another such price."),
        ("19.999", "USD", "no more than 2 decimal places"),
        ("-5", "USD", "at least USD\xa00.50"),
        ("nineteen", "USD", "Enter a number."),
        ("", "USD", "required"),
        ("NaN", "USD", "Enter a number."),
        ("1e30", "USD", "no more than"),
    ],
)
def test_a_price_that_cannot_be_charged_is_explained(
    admin_client: Client, price: str, currency: str, message: str
) -> None:
    response = admin_client.post(ADD, form(price, currency))
    assert message in errors(response)
    assert not Item.objects.exists()


def test_a_price_is_changed_in_the_list_and_checked_there_too(
    admin_client: Client, usd_mug: Item, jpy_mug: Item
) -> None:
    rows = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "Save"}
    for number, (item, price) in enumerate([(jpy_mug, "3000"), (usd_mug, "21.50")]):
        rows |= {f"form-{number}-{name}": value for name, value in form(price, item.currency).items()}
        rows[f"form-{number}-id"] = str(item.pk)
    assert admin_client.post(LIST, rows).status_code == 302
    assert sorted(str(item.price.amount) for item in Item.objects.all()) == ["21.50", "3000.00"]
    refused = admin_client.post(LIST, rows | {"form-0-price_0": "3000.50"})
    assert "A price in JPY has no decimals" in refused.content.decode()
    assert Item.objects.get(pk=jpy_mug.pk).price.amount == 3000


def test_an_item_taken_off_sale_in_the_list_cannot_be_bought(admin_client: Client, usd_mug: Item) -> None:
    row = {f"form-0-{name}": value for name, value in form().items() if name != "on_sale"}
    counts = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(usd_mug.pk),
        "_save": "Save",
    }
    admin_client.post(LIST, row | counts)
    assert admin_client.get(f"/buy/{usd_mug.pk}").status_code == 409


def test_a_price_is_shown_with_the_decimals_its_currency_has(
    admin_client: Client, usd_mug: Item, jpy_mug: Item
) -> None:
    assert 'value="2800"' in admin_client.get(f"/admin/payments/item/{jpy_mug.pk}/change/").content.decode()
    assert 'value="19.00"' in admin_client.get(f"/admin/payments/item/{usd_mug.pk}/change/").content.decode()


def test_an_item_keeps_a_currency_that_lost_its_keypair(admin_client: Client, gbp_mug: Item) -> None:
    page = admin_client.get(f"/admin/payments/item/{gbp_mug.pk}/change/").content.decode()
    assert "GBP (cannot be sold: no keypair)" in page
    saved = admin_client.post(f"/admin/payments/item/{gbp_mug.pk}/change/", form("15.00", "GBP", name="Cup"))
    assert saved.status_code == 302
    assert Item.objects.get().name == "Cup"


def test_a_new_currency_is_offered_as_soon_as_it_has_a_keypair(admin_client: Client, settings: Any) -> None:
    names = {"STRIPE_GBP_PUBLISHABLE_KEY": "pk_test_1", "STRIPE_GBP_SECRET_KEY": "sk_test_1"}
    gbp = read_keypairs(names | {"STRIPE_GBP_WEBHOOK_SECRET": "whsec_1"})
    settings.STRIPE_KEYPAIRS = settings.STRIPE_KEYPAIRS | gbp
    assert admin_client.post(ADD, form(currency="GBP")).status_code == 302


def test_items_are_found_by_text_and_filtered_by_currency(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    assert admin_client.get(LIST, {"q": "stoneware"}).context["cl"].result_count == 2
    assert admin_client.get(LIST, {"q": "teapot"}).context["cl"].result_count == 0
    assert [item.pk for item in admin_client.get(LIST, {"currency": "EUR"}).context["cl"].result_list] == [eur_mug.pk]


def test_the_admin_says_that_payments_are_not_real(admin_client: Client) -> None:
    assert "Payments are not real" in admin_client.get("/admin/").content.decode()
    assert "Payments are not real" in Client().get("/admin/login/").content.decode()


def test_the_address_without_a_slash_leads_there(admin_client: Client) -> None:
    assert admin_client.get("/admin")["Location"] == "/admin/"
