"""A clerk sells an item in another currency as well."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from djmoney.money import Money

from payments.models import Item
from payments.tests.filled_in import filled_in

LIST = "/admin/payments/item/"
COPIES = "/admin/payments/item/copies/"


def ask(client: Client, *items: Item) -> Any:
    """The form, by the button of one item or the action for several."""
    if len(items) == 1:
        return client.get(f"/admin/payments/item/{items[0].pk}/copy/")
    chosen = {"action": "copy_items", "index": "0", "_selected_action": [item.pk for item in items]}
    return client.post(LIST, chosen, follow=True)


def preview(client: Client, *items: Item, **values: str) -> Any:
    return client.post(COPIES, filled_in(ask(client, *items), "copy-form") | values)


def save(client: Client, page: Any) -> Any:
    return client.post(COPIES, filled_in(page, "copies-form"), follow=True)


def shown(page: Any) -> list[tuple[str, str, str]]:
    return [(row.before_shown, row.after_shown, row.problem) for row in page.context["rows"]]


def newest() -> Item:
    return Item.objects.all()[0]


def test_the_item_has_a_button_for_it(admin_client: Client, usd_mug: Item) -> None:
    page = admin_client.get(f"/admin/payments/item/{usd_mug.pk}/change/").content.decode()
    assert f'href="/admin/payments/item/{usd_mug.pk}/copy/"' in page


@pytest.mark.parametrize(
    ("values", "price"),
    [
        ({"currency": "EUR", "rate": "0.925"}, "17.58"),  # 17.575: half up
        ({"currency": "JPY", "rate": "150.5"}, "2860"),  # 2859.5
        ({"currency": "EUR", "price": "18.00"}, "18.00"),
    ],
)
def test_an_item_is_copied_by_a_rate_or_a_price_and_is_off_sale(
    admin_client: Client, admin_user: User, usd_mug: Item, values: dict[str, str], price: str
) -> None:
    Item.objects.update(picture="pictures/stoneware-mug.svg")
    page = preview(admin_client, usd_mug, **values)
    currency = values["currency"]
    assert shown(page)[0][0] == "USD\xa019.00"
    assert Item.objects.count() == 1
    done = save(admin_client, page)
    copy = newest()
    assert done.redirect_chain[-1][0] == f"/admin/payments/item/{copy.pk}/change/"
    assert copy.price == Money(Decimal(price), currency)
    assert (copy.name, copy.description, copy.picture) == (
        *("Stoneware Mug", "Holds tea."),
        "pictures/stoneware-mug.svg",
    )
    assert not copy.on_sale
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin_user, str(copy.pk))
    assert entry.get_change_message() == f"Added copy of item “Stoneware Mug ({usd_mug.pk})”."
    assert Item.objects.get(pk=usd_mug.pk).price == Money(19, "USD")


def test_a_copy_is_on_sale_at_once_if_that_is_asked_for(admin_client: Client, usd_mug: Item) -> None:
    save(admin_client, preview(admin_client, usd_mug, currency="EUR", rate="1", on_sale="on"))
    assert newest().on_sale


def test_goods_are_not_counted_twice(admin_client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=5)
    page = preview(admin_client, usd_mug, currency="EUR", rate="1")
    assert "the copy begins with none" in page.content.decode()
    save(admin_client, page)
    assert newest().stock == 0
    assert Item.objects.get(pk=usd_mug.pk).stock == 5


def test_several_are_copied_and_what_cannot_be_is_left_out_and_said(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    cheap = Item.objects.create(name="Sticker", price=Money(1, "USD"))
    pots = Item.objects.bulk_create(Item(name=f"Pot {number}", price=Money(40, "USD")) for number in range(60))
    page = preview(admin_client, usd_mug, cheap, *pots, currency="EUR", rate="0.4")
    assert "Too low for a card payment" in shown(page)[1][2]
    form = filled_in(page, "copies-form")
    with django_assert_max_num_queries(15):
        done = admin_client.post(COPIES, form, follow=False)
    assert done["Location"] == LIST
    assert Item.objects.filter(currency="EUR", on_sale=False).count() == 61


def test_what_is_there_already_is_not_copied_again(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    page = preview(admin_client, usd_mug, currency="EUR", rate="1")
    assert shown(page)[0][2] == "There is an item of this name in EUR already."
    assert "Make the copies" not in page.content.decode()


def test_a_second_click_makes_no_second_copy(admin_client: Client, usd_mug: Item) -> None:
    page = preview(admin_client, usd_mug, currency="EUR", rate="1")
    save(admin_client, page)
    assert "1 item was not copied" in save(admin_client, page).content.decode()
    assert Item.objects.count() == 2


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"currency": "EUR"},
        {"currency": "EUR", "rate": "1", "price": "2"},
        {"currency": "EUR", "rate": "0"},
        {"currency": "EUR", "rate": "-1"},
        {"currency": "EUR", "rate": "x"},
        {"currency": "USD", "rate": "1"},
        {"currency": "GBP", "rate": "1"},
    ],
)
def test_nonsense_is_asked_again(admin_client: Client, usd_mug: Item, values: dict[str, str]) -> None:
    page = preview(admin_client, usd_mug, **values)
    assert page.context["form"].errors or not values
    assert filled_in(page, "copy-form")["items"]


@pytest.mark.parametrize(("currency", "price"), [("EUR", "0.10"), ("JPY", "2800.50"), ("EUR", "0")])
def test_a_price_that_cannot_be_is_explained(admin_client: Client, usd_mug: Item, currency: str, price: str) -> None:
    assert shown(preview(admin_client, usd_mug, currency=currency, price=price))[0][2]


def test_items_of_several_currencies_have_no_one_rate(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    assert "Choose items of one currency" in ask(admin_client, usd_mug, eur_mug).content.decode()


def test_without_another_currency_nothing_can_be_copied(admin_client: Client, usd_mug: Item, settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": settings.STRIPE_KEYPAIRS["USD"]}
    page = admin_client.get(f"/admin/payments/item/{usd_mug.pk}/copy/", follow=True)
    assert "There is no other currency" in page.content.decode()


def test_who_may_not_add_items_copies_none(admin_client: Client, usd_mug: Item) -> None:
    form = filled_in(preview(admin_client, usd_mug, currency="EUR", rate="1"), "copies-form")
    user = User.objects.create_user("changer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_item", "change_item"]))
    client = Client()
    client.force_login(user)
    assert ask(client, usd_mug).status_code == 403
    assert client.post(COPIES, form).status_code == 403
    assert Item.objects.count() == 1


def test_what_no_page_has_shown_copies_nothing(admin_client: Client, usd_mug: Item) -> None:
    for values in ({}, {"shown": "x"}, {"items": "x"}):
        assert admin_client.post(COPIES, values)["Location"] == LIST
    assert admin_client.get(COPIES)["Location"] == LIST
    assert admin_client.get("/admin/payments/item/999/copy/").status_code == 404
