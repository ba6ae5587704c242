"""A clerk changes many items at once, and each remembers by whom."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from djmoney.money import Money

from payments.admin.catalog import MOST_DELETED
from payments.admin.long_lists import MOST_COUNTED
from payments.admin.selections import MOST_AT_ONCE
from payments.models import Item
from payments.tests.filled_in import filled_in

LIST = "/admin/payments/item/"
PRICES = "/admin/payments/item/prices/"


def run(client: Client, action: str, *items: Item, query: str = "", **values: str) -> Any:
    chosen = {"_selected_action": [str(item.pk) for item in items]}
    return client.post(LIST + query, {"action": action, "index": "0", **chosen, **values}, follow=True)


def run_on_all(client: Client, action: str, query: str = "") -> Any:
    return run(client, action, Item.objects.all()[0], query=query, select_across="1")


def preview(client: Client, percent: str, *items: Item) -> Any:
    form = filled_in(run(client, "change_prices", *items), "percent-form")
    return client.post(PRICES, form | {"percent": percent})


def shown(page: Any) -> list[tuple[str, str, str]]:
    return [(row.before_shown, row.after_shown, row.problem) for row in page.context["rows"]]


def mugs(count: int, **values: Any) -> list[Item]:
    return Item.objects.bulk_create(
        Item(**{"name": f"Mug {number}", "price": Money(Decimal("19.00"), "USD"), **values}) for number in range(count)
    )


def test_items_are_put_on_sale_and_taken_off(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    page = run(admin_client, "put_on_sale", usd_mug, eur_mug)
    assert "1 item was put on sale." in page.content.decode()
    page = run(admin_client, "take_off_sale", usd_mug, eur_mug)
    assert "2 items were taken off sale." in page.content.decode()
    assert not Item.objects.filter(on_sale=True).exists()


def test_only_what_was_changed_has_it_in_its_history(
    admin_client: Client, admin_user: User, usd_mug: Item, eur_mug: Item
) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    run(admin_client, "put_on_sale", usd_mug, eur_mug)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        admin_user,
        str(usd_mug.pk),
        "Changed On sale.",
    )


def test_what_is_so_already_is_said(admin_client: Client, usd_mug: Item) -> None:
    assert "Nothing was changed" in run(admin_client, "put_on_sale", usd_mug).content.decode()
    assert not LogEntry.objects.exists()


def test_all_that_a_filter_found_is_changed_across_the_pages(
    admin_client: Client, db: None, django_assert_max_num_queries: Any
) -> None:
    mugs(120)
    (other,) = mugs(1, price=Money(5, "EUR"))
    with django_assert_max_num_queries(15):
        page = run_on_all(admin_client, "take_off_sale", query="?currency=USD")
    assert "120 items were taken off sale." in page.content.decode()
    assert list(Item.objects.filter(on_sale=True)) == [other]
    assert LogEntry.objects.count() == 120


def test_too_many_are_refused_with_a_word_on_what_to_do(admin_client: Client, db: None) -> None:
    mugs(MOST_AT_ONCE + 1)
    for action in ("take_off_sale", "change_prices"):
        page = run_on_all(admin_client, action)
        assert f"At most {MOST_AT_ONCE} items can be changed at once: choose fewer" in page.content.decode()
    assert not Item.objects.filter(on_sale=False).exists()


def test_all_means_no_more_than_the_page_has_counted(admin_client: Client, db: None) -> None:
    mugs(MOST_COUNTED + 1)
    Item.objects.filter(pk__in=[item.pk for item in Item.objects.all()[:10]]).update(on_sale=False)
    assert f"Select all {MOST_COUNTED} items" in admin_client.get("/admin/payments/item/").content.decode()
    for action in ("put_on_sale", "take_off_sale"):
        run_on_all(admin_client, action)
    assert Item.objects.filter(on_sale=False).count() == 10


@pytest.mark.parametrize(
    ("price", "currency", "percent", "after"),
    [
        ("19.00", "USD", "5", "19.95"),
        ("19.00", "USD", "-10", "17.10"),
        ("10.10", "USD", "2.5", "10.35"),  # 10.3525
        ("1.50", "EUR", "3", "1.55"),  # 1.545: half up
        ("2.50", "EUR", "1", "2.53"),  # 2.525: not to the even digit
        ("150", "JPY", "1", "152"),  # 151.5
        ("50", "JPY", "1", "51"),  # 50.5: not to the even digit
    ],
)
def test_prices_are_changed_by_percent_to_what_the_currency_can_have(
    admin_client: Client, db: None, price: str, currency: str, percent: str, after: str
) -> None:
    item = Item.objects.create(name="Mug", price=Money(Decimal(price), currency))
    page = preview(admin_client, percent, item)
    assert shown(page) == [(f"{currency}\xa0{price}", f"{currency}\xa0{after}", "")]
    item.refresh_from_db()
    assert item.price.amount == Decimal(price)
    done = admin_client.post(PRICES, filled_in(page, "prices-form"), follow=True)
    assert "1 price was changed." in done.content.decode()
    assert Item.objects.get().price == Money(Decimal(after), currency)
    message = LogEntry.objects.get().get_change_message()
    assert message == f"Changed price from {price} {currency} to {after} {currency}."


def test_a_price_that_cannot_be_is_refused_by_row_and_the_others_are_saved(
    admin_client: Client, usd_mug: Item, jpy_mug: Item
) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(price=Decimal("0.60"))
    page = preview(admin_client, "-50", usd_mug, jpy_mug)
    assert [problem[:30] for _, _, problem in shown(page)] == ["Too low for a card payment: in", ""]
    admin_client.post(PRICES, filled_in(page, "prices-form"))
    assert [str(item.price.amount) for item in Item.objects.order_by("pk")] == ["0.60", "1400.00"]


def test_a_price_cannot_become_zero_nor_more_than_stripe_takes(admin_client: Client, usd_mug: Item) -> None:
    assert "Too low" in shown(preview(admin_client, "-100", usd_mug))[0][2]
    Item.objects.update(price=Decimal("900000"))
    assert "Too high" in shown(preview(admin_client, "20", usd_mug))[0][2]


def test_a_price_that_stays_is_said(admin_client: Client, jpy_mug: Item) -> None:
    Item.objects.update(price=Decimal(50))
    page = preview(admin_client, "0.1", jpy_mug)
    assert shown(page)[0][2] == "It stays as it is."
    assert "Save the new prices" not in page.content.decode()


def test_a_price_that_was_changed_meanwhile_is_said_and_stays(
    admin_client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    form = filled_in(preview(admin_client, "10", usd_mug, eur_mug), "prices-form")
    Item.objects.filter(pk=usd_mug.pk).update(price=Decimal("25.00"))
    page = admin_client.post(PRICES, form).content.decode()
    assert "1 price was changed." in page
    assert "Not changed: meanwhile its price became USD\xa025.00." in page
    assert [str(item.price.amount) for item in Item.objects.order_by("pk")] == ["25.00", "19.25"]


def test_an_item_that_was_deleted_meanwhile_is_said(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    form = filled_in(preview(admin_client, "10", usd_mug, eur_mug), "prices-form")
    usd_mug.delete()
    assert "1 item has been deleted meanwhile." in admin_client.post(PRICES, form).content.decode()


def test_prices_that_are_saved_twice_are_changed_once(admin_client: Client, usd_mug: Item) -> None:
    form = filled_in(preview(admin_client, "10", usd_mug), "prices-form")
    for _ in range(2):
        admin_client.post(PRICES, form)
    assert str(Item.objects.get().price.amount) == "20.90"


def test_other_columns_than_the_price_stay_as_they_became_meanwhile(admin_client: Client, usd_mug: Item) -> None:
    form = filled_in(preview(admin_client, "10", usd_mug), "prices-form")
    Item.objects.update(stock=3, name="Cup")
    before = Item.objects.get().changed
    admin_client.post(PRICES, form)
    item = Item.objects.get()
    assert (item.stock, item.name) == (3, "Cup")
    assert item.changed > before


@pytest.mark.parametrize("percent", ["", "much", "-101", "1001", "NaN", "0.001"])
def test_nonsense_for_a_percentage_is_asked_again(admin_client: Client, usd_mug: Item, percent: str) -> None:
    page = preview(admin_client, percent, usd_mug)
    assert page.context["form"].errors["percent"]
    assert filled_in(page, "percent-form")["items"]


def test_many_prices_cost_few_queries(admin_client: Client, db: None, django_assert_max_num_queries: Any) -> None:
    form = filled_in(preview(admin_client, "10", *mugs(400)), "prices-form")
    with django_assert_max_num_queries(12):
        admin_client.post(PRICES, form)
    assert not Item.objects.exclude(price=Decimal("20.90")).exists()


def test_the_list_is_as_it_was_when_prices_are_changed(admin_client: Client, usd_mug: Item) -> None:
    page = run(admin_client, "change_prices", usd_mug, query="?currency=USD&q=mug")
    page = admin_client.post(PRICES, filled_in(page, "percent-form") | {"percent": "5"})
    done = admin_client.post(PRICES, filled_in(page, "prices-form"))
    assert done["Location"] == f"{LIST}?currency=USD&q=mug"


@pytest.mark.parametrize("values", [{}, {"shown": "made up"}, {"items": "made:up"}])
def test_what_no_page_has_shown_changes_nothing(admin_client: Client, usd_mug: Item, values: dict[str, str]) -> None:
    assert admin_client.post(PRICES, values | {"percent": "50"})["Location"] == LIST
    assert admin_client.get(PRICES)["Location"] == LIST
    assert str(Item.objects.get().price.amount) == "19.00"


@pytest.fixture
def looker(db: None) -> Client:
    """Staff who may see items, and no more."""
    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_item"))
    client = Client()
    client.force_login(user)
    return client


def test_who_may_not_change_items_changes_none(looker: Client, admin_client: Client, usd_mug: Item) -> None:
    form = filled_in(preview(admin_client, "10", usd_mug), "prices-form")
    assert looker.post(PRICES, form).status_code == 403
    for action in ("take_off_sale", "change_prices"):
        run(looker, action, usd_mug)
    item = Item.objects.get()
    assert (item.on_sale, str(item.price.amount)) == (True, "19.00")


def test_no_more_are_deleted_at_once_than_the_page_that_asks_can_send_back(admin_client: Client, db: None) -> None:
    one, *_others = mugs(MOST_DELETED + 1)
    page = run_on_all(admin_client, "delete_selected").content.decode()
    assert f"At most {MOST_DELETED} items can be changed at once: choose fewer" in page
    one.delete()
    asked = run_on_all(admin_client, "delete_selected").context["queryset"]
    run(admin_client, "delete_selected", *asked, post="yes")
    assert not Item.objects.exists()
