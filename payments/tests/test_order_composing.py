"""Staff composes an order, gives it a discount and taxes, and sends the shopper its link."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments import checkout
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Counterpart, Discount, Item, Order, Tax
from payments.models.adjustments import MAXIMUM_TAXES
from payments.tests.filled_in import filled_in
from payments.tests.stripe_server import Answer, StripeServer

ADD = "/admin/payments/order/add/"


@pytest.fixture
def usd_pot(db: None) -> Item:
    pot: Item = Item.objects.create(name="Teapot", price=Money(40, "USD"))
    return pot


@pytest.fixture
def ten_percent(db: None) -> Discount:
    return Discount.objects.create(name="Ten percent off", percent=Decimal(10))


@pytest.fixture
def vat(db: None) -> Tax:
    return Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)


def form(*lines: tuple[Item, str], order: Order | None = None, **values: Any) -> dict[str, Any]:
    """The form of an order with these lines; those it has already come first."""
    known = list(order.lines.all()) if order else []
    data = {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": str(len(known)), **values}
    data |= {"payments-TOTAL_FORMS": "0", "payments-INITIAL_FORMS": "0"}
    for number, (item, quantity) in enumerate(lines):
        data |= {f"lines-{number}-item": str(item.pk), f"lines-{number}-quantity": quantity}
        if number < len(known):
            data |= {f"lines-{number}-id": str(known[number].pk)}
    return data


def errors(response: Any) -> str:
    context = response.context
    found = [*context["adminform"].form.non_field_errors(), *(str(e) for e in context["errors"])]
    return " ".join(found)


def change_page(order: Order) -> str:
    return f"/admin/payments/order/{order.pk}/change/"


def test_an_order_of_several_items_is_paid_by_its_link(
    admin_client: Client, usd_mug: Item, usd_pot: Item, ten_percent: Discount, vat: Tax, pay: Callable[..., Any]
) -> None:
    given = form((usd_mug, "3"), (usd_pot, "1"), discount=str(ten_percent.pk), taxes=[str(vat.pk)])
    assert admin_client.post(ADD, given).status_code == 302
    order = Order.objects.get()
    assert (order.currency, order.price.total) == ("USD", 10476)
    assert f'value="http://testserver/order/{order.uuid}"' in admin_client.get(change_page(order)).content.decode()
    shopper = Client()
    offered = shopper.post(f"/order/{order.uuid}/checkout")
    returned = pay(offered["Location"])
    assert "Your order is paid" in shopper.get(returned["Location"]).content.decode()


def test_items_of_two_currencies_are_refused_with_what_to_do(
    admin_client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    response = admin_client.post(ADD, form((usd_mug, "1"), (eur_mug, "1")))
    assert "these items are in EUR and USD: make an order for each" in errors(response)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("0", "Choose a quantity from 1 to 999"),
        ("1000", "Choose a quantity from 1 to 999"),
        ("-1", "greater than or equal to 0"),
        ("", "This field is required"),
        ("many", "Enter a whole number"),
    ],
)
def test_a_quantity_that_cannot_be_is_refused(admin_client: Client, usd_mug: Item, quantity: str, message: str) -> None:
    response = admin_client.post(ADD, form((usd_mug, quantity)))
    assert response.status_code == 200
    assert message in errors(response)
    assert not Order.objects.exists()


def test_an_order_has_at_least_one_item(admin_client: Client) -> None:
    response = admin_client.post(ADD, form())
    assert "Choose at least one item" in errors(response)


@pytest.mark.parametrize("quantity", ["1", ""])
def test_an_order_that_nobody_filled_in_is_told_what_it_needs_and_no_more(
    admin_client: Client, usd_mug: Item, quantity: str
) -> None:
    sent = filled_in(admin_client.get(ADD), "order_form")
    assert sent["lines-0-quantity"] == ["1"]
    response = admin_client.post(ADD, sent | {"lines-0-quantity": quantity})
    assert errors(response) == "Choose at least one item."
    assert admin_client.post("/admin/payments/order/totals/", sent).json()["problem"] == ""


def test_a_new_line_that_is_left_empty_is_no_line_and_one_with_a_quantity_asks_for_its_item(
    admin_client: Client, usd_mug: Item
) -> None:
    lines = form((usd_mug, "1"), (usd_mug, "1")) | {"lines-1-item": ""}
    assert "This field is required" in errors(admin_client.post(ADD, lines | {"lines-1-quantity": "3"}))
    assert admin_client.post(ADD, lines).status_code == 302
    assert Order.objects.get().lines.count() == 1


def test_a_new_order_begins_with_the_taxes_that_it_would_have_by_itself(admin_client: Client, usd_mug: Item) -> None:
    rest = {"percentage": Decimal(5), "inclusive": False}
    vat = Tax.objects.create(display_name="VAT", automatic=True, **rest)
    wide = Tax.objects.create(display_name="Wide", automatic=True, currencies="JPY, USD, EUR, GBP", **rest)
    Tax.objects.create(display_name="Dollar tax", automatic=True, currencies="USD", **rest)
    Tax.objects.create(display_name="By hand", **rest)
    Tax.objects.create(display_name="Old", automatic=True, active=False, **rest)
    assert filled_in(admin_client.get(ADD), "order_form")["taxes"] == [str(vat.pk), str(wide.pk)]


def test_a_composed_order_has_the_taxes_of_its_currency_until_staff_takes_them_off(
    admin_client: Client, usd_mug: Item
) -> None:
    rest = {"percentage": Decimal(5), "inclusive": False, "automatic": True}
    Tax.objects.create(display_name="Everywhere", **rest)
    Tax.objects.create(display_name="Dollar tax", currencies="USD", **rest)
    Tax.objects.create(display_name="Euro tax", currencies="EUR", **rest)
    page = admin_client.post(ADD, form((usd_mug, "1")), follow=True).content.decode()
    assert "Dollar tax 5% (on top) was added, as to every order in USD" in page
    order = Order.objects.get()
    # Nothing was ticked, though what every order has could be.
    assert [tax.display_name for tax in order.taxes.all()] == ["Dollar tax"]
    again = admin_client.post(change_page(order), form((usd_mug, "1"), order=order), follow=True)
    assert "Dollar tax 5% (on top) was added" not in again.content.decode()
    assert not order.taxes.exists()


def test_several_taxes_that_were_added_are_told_as_several(admin_client: Client, usd_mug: Item) -> None:
    rest = {"percentage": Decimal(5), "inclusive": False, "automatic": True, "currencies": "USD"}
    Tax.objects.create(display_name="State", **rest)
    Tax.objects.create(display_name="City", **rest)
    page = admin_client.post(ADD, form((usd_mug, "1")), follow=True).content.decode()
    assert "City 5% (on top), State 5% (on top) were added, as to every order in USD" in page


def test_a_tax_that_was_ticked_is_not_told_of(admin_client: Client, usd_mug: Item) -> None:
    dollars = Tax.objects.create(
        display_name="Dollar tax", currencies="USD", percentage=Decimal(5), inclusive=False, automatic=True
    )
    page = admin_client.post(ADD, form((usd_mug, "1"), taxes=[str(dollars.pk)]), follow=True)
    assert "Dollar tax 5% (on top) was added" not in page.content.decode()
    assert Order.objects.get().taxes.count() == 1


def test_an_order_that_takes_no_more_taxes_says_which_it_has_not(admin_client: Client, usd_mug: Item) -> None:
    rest = {"percentage": Decimal(5), "inclusive": False}
    by_hand = [Tax.objects.create(display_name=f"Tax {number}", **rest) for number in range(MAXIMUM_TAXES)]
    Tax.objects.create(display_name="Dollar tax", currencies="USD", automatic=True, **rest)
    ticked = form((usd_mug, "1"), taxes=[str(tax.pk) for tax in by_hand])
    page = admin_client.post(ADD, ticked, follow=True).content.decode()
    assert "Orders in USD usually have Dollar tax 5% (on top), and this one has not" in page
    assert Order.objects.get().taxes.count() == MAXIMUM_TAXES


def test_a_new_order_is_in_the_language_of_whoever_composes_it_unless_they_choose_another(
    admin_client: Client, usd_mug: Item
) -> None:
    page = admin_client.get(ADD, headers={"accept-language": "de"})
    assert filled_in(page, "order_form")["language"] == ["de"]
    admin_client.post(ADD, form((usd_mug, "1"), language="ru"), headers={"accept-language": "de"})
    assert Order.objects.get().language == "ru"


def test_an_item_or_a_discount_is_neither_edited_nor_deleted_from_an_order(
    admin_client: Client, usd_mug: Item, ten_percent: Discount
) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    for address in (ADD, change_page(Order.objects.get())):
        page = admin_client.get(address).content.decode()
        for name in ("item", "discount"):
            assert f"/admin/payments/{name}/add/" in page
            assert f"/admin/payments/{name}/__fk__" not in page


def test_an_order_has_at_most_a_hundred_lines(admin_client: Client, usd_mug: Item) -> None:
    response = admin_client.post(ADD, form(*[(usd_mug, "1")] * 101))
    assert "One order has at most 100 lines: make another one for the rest." in errors(response)
    assert not Order.objects.exists()
    assert admin_client.post(ADD, form(*[(usd_mug, "1")] * 100)).status_code == 302


def test_the_items_are_asked_for_once_however_many_lines_an_order_has(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    admin_client.post(ADD, form(*[(usd_mug, "1")] * 100))
    order = Order.objects.get()
    with django_assert_max_num_queries(15):
        admin_client.get(change_page(order))
    assert admin_client.get(change_page(order)).content.decode().count("selected>Stoneware Mug") == 100


def test_only_what_can_be_sold_is_offered(admin_client: Client, usd_mug: Item, gbp_mug: Item, usd_pot: Item) -> None:
    Item.objects.filter(pk=usd_pot.pk).update(on_sale=False)
    page = admin_client.get(ADD).content.decode()
    assert "Stoneware Mug, USD\xa019.00" in page
    assert "GBP" not in page
    assert "Teapot" not in page


def test_an_order_is_changed_until_it_is_paid(admin_client: Client, usd_mug: Item, usd_pot: Item) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    given = form((usd_mug, "2"), (usd_pot, "1"), order=order)
    assert admin_client.post(change_page(order), given).status_code == 302
    assert Order.objects.get().price.total == 7800
    order.mark_paid()
    assert admin_client.post(change_page(order), form((usd_mug, "9"), order=order)).status_code == 403
    page = admin_client.get(change_page(order)).content.decode()
    assert 'name="_save"' not in page
    assert Order.objects.get().price.total == 7800


def test_an_item_that_is_sold_no_more_stays_in_its_line_and_is_put_in_no_other(
    admin_client: Client, usd_mug: Item, usd_pot: Item
) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    order = Order.objects.get()
    assert admin_client.post(change_page(order), form((usd_mug, "2"), order=order)).status_code == 302
    assert Order.objects.get().price.total == 3800
    admin_client.post(change_page(order), form((usd_mug, "2"), (usd_mug, "1"), order=order))
    assert Order.objects.get().price.total == 3800


def test_a_line_keeps_its_price_while_its_item_is_not_changed(admin_client: Client, usd_mug: Item) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    Item.objects.update(price=99)
    order = Order.objects.get()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert Order.objects.get().price.total == 3800


@pytest.fixture
def agreed(admin_client: Client, usd_mug: Item, ten_percent: Discount, vat: Tax) -> Order:
    """One mug for 19.00 less 10 %, and 20 % tax: 20.52."""
    admin_client.post(ADD, form((usd_mug, "1"), discount=str(ten_percent.pk), taxes=[str(vat.pk)]))
    order = Order.objects.get()
    assert order.price.total == 2052
    return order


def two_mugs(client: Client, order: Order, **values: Any) -> tuple[str, str]:
    """Two of them, otherwise the form as its page shows it: the total that is in view before, and the page after."""
    sent = filled_in(client.get(change_page(order)), "order_form") | {"lines-0-quantity": "2", **values}
    in_view = client.post(f"/admin/payments/order/{order.pk}/totals/", sent).json()
    assert client.post(change_page(order), sent).status_code == 302
    page = client.get(change_page(order)).content.decode()
    assert " · ".join(in_view["parts"]) in page
    assert in_view["problem"] in page
    assert in_view["problem"] or 'class="warning"' not in page
    return in_view["parts"][-1], page


def delete_terms() -> None:
    Discount.objects.all().delete()
    Tax.objects.all().delete()


def edit_terms() -> None:
    Discount.objects.update(percent=50)
    Tax.objects.update(percentage=1)


def stop_terms() -> None:
    Tax.objects.update(active=False)


@pytest.mark.parametrize("meanwhile", [delete_terms, edit_terms, stop_terms])
def test_discount_and_taxes_stay_as_they_were_agreed_while_staff_does_not_change_them(
    admin_client: Client, agreed: Order, meanwhile: Callable[[], None]
) -> None:
    meanwhile()
    assert two_mugs(admin_client, agreed)[0] == "Total USD\xa041.04"
    assert Order.objects.get().price.total == 4104


@pytest.mark.parametrize(("removed", "total"), [("discount", 4560), ("tax", 3420)])
def test_what_is_no_longer_offered_is_shown_and_can_be_removed(
    admin_client: Client, agreed: Order, removed: str, total: int
) -> None:
    delete_terms()
    page = admin_client.get(change_page(agreed)).content.decode()
    assert "Ten percent off (no longer offered)" in page
    assert "VAT 20% (no longer offered)" in page
    tax = agreed.taxes.get()
    _, page = two_mugs(admin_client, agreed, removed=[removed if removed == "discount" else str(tax.pk)])
    assert Order.objects.get().price.total == total
    assert ("Ten percent off" in page, "VAT" in page) == (removed == "tax", removed == "discount")
    assert ("is no longer given" in page) == (removed == "tax")


def test_the_discount_is_taken_away_again(admin_client: Client, agreed: Order) -> None:
    _, page = two_mugs(admin_client, agreed, discount="")
    assert Order.objects.get().price.total == 4560
    assert 'class="warning"' not in page


def test_another_discount_takes_the_place_of_one_that_was_deleted(admin_client: Client, agreed: Order) -> None:
    delete_terms()
    half = Discount.objects.create(name="Half", percent=Decimal(50))
    two_mugs(admin_client, agreed, discount=str(half.pk))
    order = Order.objects.get()
    assert (order.discount, order.price.total) == (half, 2280)


def test_a_tax_is_added_beside_those_that_the_order_has(admin_client: Client, agreed: Order, vat: Tax) -> None:
    edit_terms()
    city = Tax.objects.create(display_name="City tax", percentage=Decimal(5), inclusive=False)
    two_mugs(admin_client, agreed, taxes=[str(vat.pk), str(city.pk)])
    assert [str(tax) for tax in Order.objects.get().taxes.all()] == ["VAT 20%", "City tax 5%"]
    two_mugs(admin_client, agreed, taxes=[str(city.pk)])
    assert [str(tax) for tax in Order.objects.get().taxes.all()] == ["City tax 5%"]


def test_a_discount_that_has_expired_since_stays_and_staff_is_told(admin_client: Client, agreed: Order) -> None:
    Discount.objects.update(valid_until=timezone.now())
    _, page = two_mugs(admin_client, agreed)
    assert "has expired. The order keeps it, and cannot be paid with it: choose another one, or remove it." in page
    assert Order.objects.get().price.total == 4104


def test_a_tax_that_was_deleted_counts_among_the_most_that_stripe_takes(admin_client: Client, agreed: Order) -> None:
    delete_terms()
    taxes = [Tax.objects.create(display_name=f"Tax {n}", percentage=Decimal(1), inclusive=False) for n in range(10)]
    sent = filled_in(admin_client.get(change_page(agreed)), "order_form") | {"taxes": [str(tax.pk) for tax in taxes]}
    problem = admin_client.post(f"/admin/payments/order/{agreed.pk}/totals/", sent).json()["problem"]
    assert problem == "An order takes at most 10 taxes: choose fewer."
    assert problem in admin_client.post(change_page(agreed), sent).content.decode()
    assert Order.objects.get().price.total == 2052


def test_an_order_cannot_be_moved_to_another_currency(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    response = admin_client.post(change_page(order), form((eur_mug, "1"), order=order))
    assert "This order is in USD: make another one for items in EUR" in errors(response)


def test_a_page_that_the_shopper_has_open_is_taken_back_before_a_change(admin_client: Client, usd_mug: Item) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    payment = checkout.open_session(order=order, origin="https://shop.example")
    assert payment is not None
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    session = api.retrieve_checkout_session(keypair_for("USD"), payment.checkout_session_id)
    assert session.status == "expired"
    assert Order.objects.get().price.total == 3800


def test_a_page_that_cannot_be_taken_back_keeps_the_order_as_it_is(
    admin_client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    checkout.open_session(order=order, origin="https://shop.example")
    stripe_server.answers = [Answer(hang_up=True)] * 3
    response = admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert "cannot be taken back at the moment" in response.content.decode()
    assert Order.objects.get().price.total == 1900


def test_an_order_that_is_paid_while_staff_changes_it_stays_as_it_was_paid(
    admin_client: Client, usd_mug: Item, pay: Callable[..., Any]
) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    pay(payment.url)
    response = admin_client.post(change_page(order), form((usd_mug, "2"), order=order), follow=True)
    assert "Nothing was changed. This order is paid already" in response.content.decode()
    assert Order.objects.get().price.total == 1900


def test_a_discount_without_an_amount_in_the_currency_is_told_and_not_given(
    admin_client: Client, usd_mug: Item
) -> None:
    discount = Discount.objects.create(name="In euros")
    discount.amounts.create(off=Money(3, "EUR"))
    response = admin_client.post(ADD, form((usd_mug, "1"), discount=str(discount.pk)), follow=True)
    assert "takes off no amount in USD" in response.content.decode()
    assert Order.objects.get().discount_name == ""


def test_orders_are_never_deleted(admin_client: Client, usd_mug: Item) -> None:
    admin_client.post(ADD, form((usd_mug, "1")))
    order = Order.objects.get()
    assert admin_client.post(f"/admin/payments/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403


def discount_form(percent: str = "", **amounts: str) -> dict[str, str]:
    data = {"name": "Sale", "percent": percent, "active": "on"}
    data |= {"amounts-TOTAL_FORMS": str(len(amounts)), "amounts-INITIAL_FORMS": "0"}
    for number, (currency, off) in enumerate(amounts.items()):
        data |= {f"amounts-{number}-off_0": off, f"amounts-{number}-off_1": currency}
    for name in ("valid_from", "valid_until"):
        data |= {f"{name}_0": "", f"{name}_1": ""}
    return data


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (discount_form(), "Set a percentage above, or an amount in at least one currency"),
        (discount_form("10", USD="3"), "either a percentage or amounts"),
        (discount_form("101"), "less than or equal to 100"),
        (discount_form("0"), "greater than or equal to 0.01"),
        (discount_form(JPY="10.50"), "An amount in JPY has no decimals"),
        (discount_form(USD="-3"), "Choose an amount above zero"),
        (discount_form(USD="0"), "Choose an amount above zero"),
        (discount_form(GBP="3"), "Select a valid choice"),
    ],
)
def test_a_discount_that_cannot_be_is_explained(admin_client: Client, given: dict[str, str], message: str) -> None:
    response = admin_client.post("/admin/payments/discount/add/", given)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert not Discount.objects.exists()


@pytest.mark.parametrize("given", [discount_form("12.5"), discount_form(USD="3", JPY="200")])
def test_a_discount_is_a_percentage_or_amounts(admin_client: Client, given: dict[str, str]) -> None:
    assert admin_client.post("/admin/payments/discount/add/", given).status_code == 302
    assert "Sale" in admin_client.get("/admin/payments/discount/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_stood_for_an_edited_or_deleted_discount_is_retired(
    admin_client: Client, usd_mug: Item, ten_percent: Discount
) -> None:
    for act in ("edit", "delete"):
        order = Order.objects.for_item(usd_mug, quantity=1, visitor=act)
        order.give_discount(Discount.objects.get())
        checkout.open_session(order=order, origin="https://shop.example")
        address = f"/admin/payments/discount/{ten_percent.pk}"
        if act == "edit":
            assert admin_client.post(f"{address}/change/", discount_form("15")).status_code == 302
        else:
            assert admin_client.post(f"{address}/delete/", {"post": "yes"}).status_code == 302
    assert Counterpart.objects.count() == Counterpart.objects.exclude(retired_at=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_with_stripe_down_the_discount_is_saved_all_the_same(
    admin_client: Client, usd_mug: Item, ten_percent: Discount, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.give_discount(ten_percent)
    checkout.open_session(order=order, origin="https://shop.example")
    stripe_server.answers = [Answer(hang_up=True)] * 3
    address = f"/admin/payments/discount/{ten_percent.pk}/change/"
    assert admin_client.post(address, discount_form("15")).status_code == 302
    assert Discount.objects.get().percent == 15
    assert Counterpart.objects.get().retired_at is None
