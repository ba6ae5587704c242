"""A clerk keeps the catalog."""

import threading
import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from djmoney.money import Money

from payments import checkout
from payments.gateway.keys import read_keypairs
from payments.models import Item, Order, OrderLine
from payments.tests.filled_in import filled_in

ADD = "/admin/payments/item/add/"
LIST = "/admin/payments/item/"
SAVE = {"_save": "Save"}


def form(price: str = "19.00", currency: str = "USD", **values: str) -> dict[str, str]:
    return {
        "name": "Mug",
        "description": "",
        "price_0": price,
        "price_1": currency,
        "on_sale": "on",
        **values,
    }


def change_page(item: Item) -> str:
    return f"/admin/payments/item/{item.pk}/change/"


def shown(client: Client, item: Item) -> dict[str, Any]:
    return filled_in(client.get(change_page(item)), "item_form")


def shown_list(client: Client) -> dict[str, Any]:
    return filled_in(client.get(LIST), "changelist-form")


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


def test_the_history_says_who_changed_a_price_from_what_to_what(
    admin_client: Client, admin_user: Any, usd_mug: Item
) -> None:
    admin_client.post(change_page(usd_mug), shown(admin_client, usd_mug) | {"price_0": "21.50", "name": "Cup"})
    rows = shown_list(admin_client) | {"form-0-price_0": "2100", "form-0-price_1": "JPY"}
    admin_client.post(LIST, rows | SAVE)
    in_the_list, in_the_form = LogEntry.objects.all()
    assert {in_the_list.user, in_the_form.user} == {admin_user}
    assert "price from 19.00 USD to 21.50 USD" in in_the_form.get_change_message()
    assert "price from 21.50 USD to 2100 JPY" in in_the_list.get_change_message()
    history = admin_client.get(f"/admin/payments/item/{usd_mug.pk}/history/").content.decode()
    assert "price from USD\xa021.50 to JPY\xa02,100" in history
    german = admin_client.get(f"/admin/payments/item/{usd_mug.pk}/history/", headers={"Accept-Language": "de"})
    assert "Preis von 21,50\xa0USD auf 2.100\xa0JPY geändert" in german.content.decode()


def test_a_change_of_something_else_says_nothing_of_the_price(admin_client: Client, usd_mug: Item) -> None:
    admin_client.post(change_page(usd_mug), shown(admin_client, usd_mug) | {"name": "Cup"})
    assert "price" not in LogEntry.objects.get().get_change_message().lower()


def test_an_item_taken_off_sale_in_the_list_cannot_be_bought(admin_client: Client, usd_mug: Item) -> None:
    rows = shown_list(admin_client)
    del rows["form-0-on_sale"]
    admin_client.post(LIST, rows | SAVE)
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


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


def buy(item: Item, quantity: int) -> None:
    """Offered for payment is held."""
    assert Client().get(f"/buy/{item.pk}?quantity={quantity}").status_code == 200


def test_who_edits_an_item_does_not_put_back_what_was_sold_meanwhile(admin_client: Client, five_mugs: Item) -> None:
    values = shown(admin_client, five_mugs)
    buy(five_mugs, 3)
    Item.objects.update(price=Money(21, "USD"), on_sale=False)
    admin_client.post(change_page(five_mugs), values | {"name": "Mug with a handle"})
    item = Item.objects.get()
    assert (item.name, item.stock) == ("Mug with a handle", 2)
    assert (item.price, item.on_sale) == (Money(21, "USD"), False)


def test_who_edits_the_list_does_not_put_back_what_was_sold_of_another_item(
    admin_client: Client, five_mugs: Item
) -> None:
    pot = Item.objects.create(name="Teapot", price=Money(40, "USD"))
    rows = shown_list(admin_client)
    buy(five_mugs, 3)
    assert rows["form-0-id"] == [str(pot.pk)]
    admin_client.post(LIST, rows | SAVE | {"form-0-price_0": "41", "form-0-price_1": "EUR"})
    assert Item.objects.get(pk=pot.pk).price == Money(41, "EUR")
    assert Item.objects.get(pk=five_mugs.pk).stock == 2


@pytest.mark.parametrize(("typed", "left"), [("15", 12), ("3", 0), ("", None), ("5", 2)])
def test_a_stock_that_was_changed_counts_from_what_the_page_showed(
    admin_client: Client, five_mugs: Item, typed: str, left: int | None
) -> None:
    values, rows = shown(admin_client, five_mugs), shown_list(admin_client)
    for page, sent in (
        (change_page(five_mugs), values | {"stock": typed}),
        (LIST, rows | SAVE | {"form-0-stock": typed}),
    ):
        # Two are left of the five that were shown.
        Item.objects.update(stock=2)
        assert admin_client.post(page, sent).status_code == 302
        assert Item.objects.get().stock == left


def test_a_stock_is_not_lowered_by_more_than_is_left(admin_client: Client, five_mugs: Item) -> None:
    values, rows = shown(admin_client, five_mugs), shown_list(admin_client)
    buy(five_mugs, 3)
    response = admin_client.post(change_page(five_mugs), values | {"stock": "1"})
    assert "Meanwhile others were sold, and only 2 are left. Open this page again" in errors(response)
    in_list = admin_client.post(LIST, rows | SAVE | {"form-0-stock": "1"})
    assert "Meanwhile others were sold, and only 2 are left." in in_list.content.decode()
    assert Item.objects.get().stock == 2


def test_an_item_begins_to_be_counted(admin_client: Client, usd_mug: Item) -> None:
    values = shown(admin_client, usd_mug)
    assert admin_client.post(change_page(usd_mug), values | {"stock": "7"}).status_code == 302
    assert Item.objects.get().stock == 7
    response = admin_client.post(change_page(usd_mug), values | {"stock": "9"})
    assert "somebody else has begun or ceased to count this item" in errors(response)
    assert Item.objects.get().stock == 7


@pytest.mark.parametrize("field", ["stock", "price", "on_sale"])
def test_nonsense_for_what_the_page_showed_is_no_failure(admin_client: Client, five_mugs: Item, field: str) -> None:
    values = shown(admin_client, five_mugs) | {f"initial-{field}": "x y z"}
    assert admin_client.post(change_page(five_mugs), values).status_code in (200, 302)
    assert Item.objects.get().stock == 5


@pytest.mark.django_db(transaction=True)
def test_who_saves_the_list_and_buyers_do_not_wait_for_each_other(admin_client: Client, five_mugs: Item) -> None:
    """Needs PostgreSQL: with SQLite only one can write. An order takes its items in the order of their ids."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite only one can write")
    pot = Item.objects.create(name="Teapot", price=Money(40, "USD"), stock=5)
    rows = shown_list(admin_client) | SAVE | {"form-0-stock": "7", "form-1-stock": "7"}
    order = Order.objects.create(currency="USD")
    OrderLine.objects.bulk_create(OrderLine.of(item, 1, order) for item in (five_mugs, pot))
    started: list[threading.Thread] = []
    failed: list[Exception] = []

    def buy_both() -> None:
        try:
            checkout.open_session(order=order, origin="https://shop.example")
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Once the first item is taken, somebody buys both."""
        done = execute(sql, params, many, context)
        takes = "FOR UPDATE" in sql or sql.startswith("UPDATE")
        if takes and '"payments_item"' in sql and not started:
            started.append(threading.Thread(target=buy_both))
            started[0].start()
            time.sleep(0.5)
        return done

    with connection.execute_wrapper(meanwhile):
        assert admin_client.post(LIST, rows).status_code == 302
    started[0].join()
    assert failed == []
    assert [item.stock for item in Item.objects.all()] == [6, 6]


def test_items_are_found_by_text_and_filtered_by_currency(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    assert admin_client.get(LIST, {"q": "stoneware"}).context["cl"].result_count == 2
    assert admin_client.get(LIST, {"q": "teapot"}).context["cl"].result_count == 0
    assert [item.pk for item in admin_client.get(LIST, {"currency": "EUR"}).context["cl"].result_list] == [eur_mug.pk]


def test_the_admin_says_that_payments_are_not_real(admin_client: Client) -> None:
    assert "Payments are not real" in admin_client.get("/admin/").content.decode()
    assert "Payments are not real" in Client().get("/admin/login/").content.decode()


def test_the_address_without_a_slash_leads_there(admin_client: Client) -> None:
    assert admin_client.get("/admin")["Location"] == "/admin/"
