"""A visitor fills a cart and checks out: one order and one payment for each currency."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import signing
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments.cart import Basket, Entry
from payments.errors import CartFull
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Discount, DiscountAmount, Item, Order, Payment, Tax
from payments.views.baskets import written

JSON = {"Accept": "application/json"}
Cart = dict[str, Any]


@pytest.fixture
def ten_percent(db: None) -> Discount:
    return Discount.objects.create(name="Spring", percent=Decimal(10), code="SPRING")


@pytest.fixture
def vat(db: None) -> Tax:
    return Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True)


def put_in(client: Client, item: Item, quantity: int = 1, **values: object) -> Any:
    sent = {"quantity": quantity, "unit_amount": item.unit_amount, **values}
    return client.post(f"/cart/add/{item.pk}", sent, headers=JSON)


def cart_of(client: Client) -> Cart:
    cart: Cart = client.get("/cart", headers=JSON).json()
    return cart


def check_out(client: Client, **headers: str) -> Any:
    return client.post("/cart/checkout", {"content": cart_of(client)["content"]}, headers=headers)


def quantities(cart: Cart) -> dict[str, list[int]]:
    return {order["currency"]: [line["quantity"] for line in order["lines"]] for order in cart["orders"]}


# --- Filling it -----------------------------------------------------------------------------------------------------


def test_items_are_added_changed_and_removed_and_the_header_counts_them(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    assert put_in(client, usd_mug, 2).json() == {"count": 2, "message": "Stoneware Mug is in your cart."}
    assert put_in(client, eur_mug).json()["count"] == 3
    assert put_in(client, usd_mug, 1).json()["count"] == 4
    assert quantities(cart_of(client)) == {"USD": [3], "EUR": [1]}
    client.post(f"/cart/change/{eur_mug.pk}", {"quantity": "2"})
    client.post(f"/cart/remove/{usd_mug.pk}")
    assert quantities(cart_of(client)) == {"EUR": [2]}
    assert re.search(r'id="cart-count"[^>]*>2<', client.get("/").content.decode())


def test_without_a_script_a_form_leads_back_to_the_page_it_was_on_which_says_what_happened(
    client: Client, usd_mug: Item
) -> None:
    response = client.post(f"/cart/add/{usd_mug.pk}", headers={"Referer": "http://testserver/?currency=USD"})
    assert (response.status_code, response["Location"]) == (303, "http://testserver/?currency=USD")
    assert "Stoneware Mug is in your cart." in client.get("/").content.decode()
    assert "Stoneware Mug is in your cart." not in client.get("/").content.decode()


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_a_form_never_leads_to_another_site(client: Client, usd_mug: Item, page: str) -> None:
    response = client.post(f"/cart/add/{usd_mug.pk}", headers={"Referer": page})
    assert response["Location"] == "/cart"


@pytest.mark.parametrize("address", ["/", "/item/{}"])
def test_the_pages_offer_to_add_an_item(client: Client, usd_mug: Item, address: str) -> None:
    page = client.get(address.format(usd_mug.pk)).content.decode()
    assert f'action="/cart/add/{usd_mug.pk}"' in page
    assert "Add to cart" in page


def test_the_item_page_offers_it_beside_buy_only_while_the_item_is_on_sale(client: Client, usd_mug: Item) -> None:
    Item.objects.update(on_sale=False)
    assert "Add to cart" not in client.get(f"/item/{usd_mug.pk}").content.decode()


@pytest.mark.parametrize("quantity", ["1000", "-1", "1.5", "", "x"])
def test_a_quantity_is_1_to_999(client: Client, usd_mug: Item, quantity: str) -> None:
    put_in(client, usd_mug, 2)
    for act in ("add", "change"):
        answer = client.post(f"/cart/{act}/{usd_mug.pk}", {"quantity": quantity}, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_quantity")
    assert cart_of(client)["count"] == 2


def test_none_of_an_item_takes_it_out_of_the_cart(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    assert client.post(f"/cart/add/{usd_mug.pk}", {"quantity": "0"}, headers=JSON).status_code == 422
    put_in(client, usd_mug, 2)
    put_in(client, eur_mug)
    answer = client.post(f"/cart/change/{usd_mug.pk}", {"quantity": "0"}, headers=JSON).json()
    assert answer == {"count": 1, "message": "The item is removed from your cart."}
    assert quantities(cart_of(client)) == {"EUR": [1]}


def test_more_of_the_same_item_stay_below_a_thousand(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug, 998)
    answer = put_in(client, usd_mug, 2)
    assert "998 of this item already" in answer.json()["error"]["message"]
    assert put_in(client, usd_mug, 1).json()["count"] == 999


def test_a_hundred_different_items_of_a_currency_are_the_most(client: Client, eur_mug: Item) -> None:
    items = [Item.objects.create(name=f"Mug {n}", price=Money(n + 1, "USD")) for n in range(101)]
    client.cookies["cart"] = written(Basket(tuple(Entry(item.pk, 1, item.unit_amount) for item in items[:100])))
    answer = put_in(client, items[100])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cart_full")
    assert "100 different items in USD" in answer.json()["error"]["message"]
    assert put_in(client, eur_mug).status_code == 200
    assert put_in(client, items[0]).status_code == 200
    assert len(cart_of(client)["orders"][0]["lines"]) == 100


def fits(entries: tuple[Entry, ...]) -> bool:
    try:
        return bool(written(Basket(entries)))
    except CartFull:
        return False


def test_a_cookie_that_a_browser_would_drop_is_refused_in_words(client: Client, usd_mug: Item) -> None:
    entries = tuple(Entry(10**9 + n * 7_919_317, n % 999 + 1, n * 104_729) for n in range(300))
    fitting = max(n for n in range(300) if fits(entries[:n]))
    client.cookies["cart"] = written(Basket(entries[:fitting]))
    answer = put_in(client, usd_mug, 777, unit_amount=918_273_645)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cart_full")


def test_what_is_not_on_sale_cannot_be_added(client: Client, usd_mug: Item, gbp_mug: Item) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    assert put_in(client, usd_mug).status_code == 409
    assert put_in(client, gbp_mug).json()["error"]["code"] == "no_keypair"
    assert client.post("/cart/add/999999", headers=JSON).status_code == 404


def test_what_another_tab_removed_cannot_be_changed(client: Client, usd_mug: Item) -> None:
    answer = client.post(f"/cart/change/{usd_mug.pk}", {"quantity": "2"}, headers=JSON)
    assert "removed in another tab" in answer.json()["error"]["message"]


# --- Safe from tampering --------------------------------------------------------------------------------------------


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Client, usd_mug: Item, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    put_in(client, usd_mug)
    cookie = client.cookies["cart"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == 30 * 24 * 3600


def tampered(text: str) -> list[str]:
    swapped = text.replace(text[5], "A" if text[5] != "A" else "B", 1)
    contents: list[Any] = [[], {"items": 1}, {"items": [[1]]}, "x"]
    other = [signing.dumps(content, salt="payments.cart") for content in contents]
    return [swapped, text[:-1], "x", ":::", "é", "9" * 5000, signing.dumps({"items": [[1, 1, 1]], "code": ""}), *other]


def test_a_cookie_that_was_changed_is_an_empty_cart(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug)
    for text in tampered(client.cookies["cart"].value):
        client.cookies["cart"] = text
        response = client.get("/cart")
        assert response.status_code == 200
        assert "Your cart is empty" in response.content.decode()
        assert client.get("/").status_code == 200


def test_a_price_that_a_visitor_makes_up_is_never_charged(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug, unit_amount=1)
    cart = cart_of(client)
    assert cart["orders"][0]["amount"] == 1900
    page = client.get("/cart").content.decode()
    assert "it was USD\xa00.01, and is USD\xa019.00 now" in page
    check_out(client)
    assert Payment.objects.get().amount == 1900


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_another_site_can_neither_fill_the_cart_nor_check_out(
    client: Client, usd_mug: Item, headers: dict[str, str]
) -> None:
    for act in (f"add/{usd_mug.pk}", f"change/{usd_mug.pk}", f"remove/{usd_mug.pk}", "code", "checkout"):
        response = client.post(f"/cart/{act}", headers=headers)
        assert response.status_code == 403
        assert "Another site has sent this" in response.content.decode()
        assert "cart" not in response.cookies
        assert client.post(f"/cart/{act}", headers=headers | JSON).json()["error"]["code"] == "foreign_request"


def test_the_shops_own_page_may(client: Client, usd_mug: Item) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://testserver"}):
        assert client.post(f"/cart/add/{usd_mug.pk}", headers=headers | JSON).status_code == 200


def test_a_link_that_is_only_opened_changes_nothing(client: Client, usd_mug: Item) -> None:
    for act in (f"add/{usd_mug.pk}", f"remove/{usd_mug.pk}", "code", "checkout"):
        assert client.get(f"/cart/{act}").status_code == 405


# --- What it shows --------------------------------------------------------------------------------------------------


def test_two_currencies_are_two_payments_and_that_is_said_before_the_first(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    put_in(client, usd_mug)
    assert "payments:" not in client.get("/cart").content.decode()
    put_in(client, eur_mug)
    assert (
        "Your cart will be paid in 2 payments, one for each currency: USD, EUR." in client.get("/cart").content.decode()
    )


def test_where_a_discount_leaves_nothing_to_pay_no_payment_is_announced(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    gift = Discount.objects.create(name="Gift", code="GIFT")
    DiscountAmount.objects.create(discount=gift, off=eur_mug.price)
    DiscountAmount.objects.create(discount=gift, off=Money("1.00", "USD"))
    for item in (usd_mug, eur_mug):
        put_in(client, item)
    client.post("/cart/code", {"code": "GIFT"})
    page = client.get("/cart").content.decode()
    assert "Your cart becomes 2 orders, one for each currency: USD, EUR. There is nothing to pay in EUR." in page


def test_discount_and_taxes_show_with_the_figures_that_the_orders_have(
    client: Client, usd_mug: Item, eur_mug: Item, ten_percent: Discount, vat: Tax
) -> None:
    put_in(client, usd_mug, 3)
    put_in(client, eur_mug, 2)
    client.post("/cart/code", {"code": " spring "})
    cart = cart_of(client)
    assert [order["amount"] for order in cart["orders"]] == [6156, 3780]
    urls = check_out(client, **JSON).json()["orders"]
    for shown, url in zip(cart["orders"], urls, strict=True):
        order = client.get(url, headers=JSON).json()
        same = ("currency", "subtotal", "discount", "taxes", "amount")
        assert {name: shown[name] for name in same} == {name: order[name] for name in same}


def test_a_cart_costs_three_queries_and_the_count_none(
    client: Client, usd_mug: Item, eur_mug: Item, ten_percent: Discount, vat: Tax, django_assert_num_queries: Any
) -> None:
    put_in(client, usd_mug, 3)
    put_in(client, eur_mug, 2)
    client.post("/cart/code", {"code": "SPRING"})
    client.get("/cart")
    with django_assert_num_queries(3):
        client.get("/cart")
    with django_assert_num_queries(1):
        client.get("/")


def test_a_code_with_amounts_costs_one_query_more(
    client: Client, usd_mug: Item, eur_mug: Item, django_assert_num_queries: Any
) -> None:
    five = Discount.objects.create(name="Five off", code="FIVE")
    DiscountAmount.objects.create(discount=five, off=Money(5, "EUR"))
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    client.post("/cart/code", {"code": "five"})
    with django_assert_num_queries(4):
        client.get("/cart")


def test_an_empty_cart_costs_nothing(client: Client, db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert "Your cart is empty" in client.get("/cart").content.decode()


def test_the_cart_is_kept_from_caches(client: Client, usd_mug: Item) -> None:
    assert "no-store" in client.get("/cart")["Cache-Control"]
    for page in ("/", f"/item/{usd_mug.pk}"):
        assert "Cookie" in client.get(page)["Vary"]


def test_a_total_that_stripe_takes_no_charge_of_is_explained_before_paying(client: Client, usd_mug: Item) -> None:
    Item.objects.update(price=Decimal("0.20"))
    usd_mug.refresh_from_db()
    put_in(client, usd_mug)
    page = client.get("/cart").content.decode()
    assert "The least that can be charged is USD\xa00.50. Please choose more, or leave out a discount." in page
    assert "checkout-button" not in page
    assert check_out(client, **JSON).json()["error"]["code"] == "amount_out_of_limits"
    assert not Order.objects.exists()


# --- What changed meanwhile -----------------------------------------------------------------------------------------


def test_a_new_price_is_pointed_out_and_charged_only_after_it_was_seen(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug, 2)
    seen = cart_of(client)["content"]
    Item.objects.update(price=Decimal(21))
    response = client.post("/cart/checkout", {"content": seen})
    assert (response.status_code, response["Location"]) == (303, "/cart")
    assert not Order.objects.exists()
    page = client.get("/cart").content.decode()
    assert "nothing was ordered" in page
    assert "it was USD\xa019.00, and is USD\xa021.00 now" in page
    assert "Accept the changes and check out" in page
    check_out(client)
    assert Payment.objects.get().amount == 4200


@pytest.mark.parametrize("change", [{"on_sale": False}, {"currency": "GBP"}])
def test_what_went_off_sale_is_pointed_out_and_not_ordered(
    client: Client, usd_mug: Item, eur_mug: Item, change: dict[str, Any]
) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    seen = cart_of(client)["content"]
    Item.objects.filter(pk=usd_mug.pk).update(**change)
    assert client.post("/cart/checkout", {"content": seen}, headers=JSON).json()["error"]["code"] == "price_changed"
    assert "is not on sale any more: it will not be ordered" in " ".join(
        re.sub(r"</?strong>", "", client.get("/cart").content.decode()).split()
    )
    check_out(client)
    assert Order.objects.get().currency == "EUR"


def test_an_item_that_is_gone_is_pointed_out_and_can_be_removed(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug)
    pk = usd_mug.pk
    Item.objects.all().delete()
    page = client.get("/cart").content.decode()
    assert "not in the shop any more" in page
    assert "checkout-button" not in page
    assert check_out(client, **JSON).status_code == 409
    client.post(f"/cart/remove/{pk}")
    assert cart_of(client)["count"] == 0


def test_a_tax_or_a_discount_that_changed_is_seen_before_it_is_charged(
    client: Client, usd_mug: Item, ten_percent: Discount
) -> None:
    put_in(client, usd_mug)
    client.post("/cart/code", {"code": "spring"})
    for change in (
        lambda: Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True),
        lambda: Discount.objects.update(percent=5),
        lambda: Discount.objects.update(active=False),
    ):
        seen = cart_of(client)["content"]
        change()
        client.post("/cart/checkout", {"content": seen})
        assert not Order.objects.exists()
    assert "no longer given" in client.get("/cart").content.decode()


def test_a_cart_that_another_tab_changed_is_seen_before_it_is_charged(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    put_in(client, usd_mug)
    seen = cart_of(client)["content"]
    put_in(client, eur_mug)
    client.post("/cart/checkout", {"content": seen})
    assert not Order.objects.exists()
    assert cart_of(client)["count"] == 2


@pytest.mark.parametrize("content", ["", "x", "\0"])
def test_a_checkout_that_does_not_say_what_was_seen_orders_nothing(client: Client, usd_mug: Item, content: str) -> None:
    put_in(client, usd_mug)
    assert client.post("/cart/checkout", {"content": content}, headers=JSON).status_code == 409
    assert not Order.objects.exists()


# --- Checking out ---------------------------------------------------------------------------------------------------


def test_one_currency_goes_straight_to_stripes_page(client: Client, usd_mug: Item) -> None:
    another = Item.objects.create(name="Vase", price=Money(30, "USD"))
    put_in(client, usd_mug, 2)
    put_in(client, another)
    response = check_out(client)
    payment = Payment.objects.get()
    assert (response.status_code, response["Location"], payment.amount) == (303, payment.url, 6800)
    lines = payment.order.lines.values_list("name", "unit_amount", "quantity", "item")
    assert list(lines) == [("Stoneware Mug", 1900, 2, usd_mug.pk), ("Vase", 3000, 1, another.pk)]
    assert cart_of(client)["count"] == 0


def test_two_currencies_are_paid_one_after_the_other(
    client: Client, usd_mug: Item, eur_mug: Item, pay: Callable[..., Any]
) -> None:
    put_in(client, usd_mug, 3)
    put_in(client, eur_mug, 2)
    response = check_out(client)
    usd, eur = Order.objects.order_by("id")
    assert response["Location"] == f"/order/{usd.uuid}"
    assert (usd.purchase, usd.currency, eur.currency) == (eur.purchase, "USD", "EUR")
    page = client.get(f"/order/{usd.uuid}").content.decode()
    assert "0 of 2 paid" in page
    assert f'href="/order/{eur.uuid}"' in page
    assert "Continue with" not in page
    pay(client.post(f"/order/{usd.uuid}/checkout")["Location"])
    page = client.get(f"/order/{usd.uuid}").content.decode()
    assert "1 of 2 paid" in page
    assert "Continue with the payment in EUR" in page
    assert f'action="/order/{eur.uuid}/checkout"' in page
    pay(client.post(f"/order/{eur.uuid}/checkout")["Location"])
    page = client.get(f"/order/{eur.uuid}").content.decode()
    assert "2 of 2 paid" in page
    assert "Continue with" not in page
    assert client.get(f"/order/{eur.uuid}", headers=JSON).json()["others"] == [
        {"url": f"/order/{usd.uuid}", "status": "paid", "currency": "USD", "amount": 5700}
    ]


def test_a_double_click_makes_one_set_of_orders(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    seen = cart_of(client)["content"]
    before = client.cookies["cart"].value
    first = client.post("/cart/checkout", {"content": seen})
    for cookie in (before, ""):
        client.cookies["cart"] = cookie
        again = client.post("/cart/checkout", {"content": seen})
        assert again["Location"] == first["Location"]
    assert Order.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_make_one_set_of_orders(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    seen = cart_of(client)["content"]

    def click(_: int) -> str:
        try:
            other = Client()
            other.cookies = client.cookies.copy()  # type: ignore[assignment]
            return str(other.post("/cart/checkout", {"content": seen})["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(16)))) == 1
    assert Order.objects.count() == 2


def test_the_same_cart_again_is_another_purchase_once_a_part_of_it_is_paid(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    for paid in ("EUR", "USD", ""):
        put_in(client, usd_mug)
        put_in(client, eur_mug)
        check_out(client)
        for order in Order.objects.filter(currency=paid, status="pending"):
            order.mark_paid()
    assert Order.objects.count() == 6
    assert Order.objects.values("purchase").distinct().count() == 3


def test_only_what_was_ordered_leaves_the_cart(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    Item.objects.filter(pk=usd_mug.pk).update(on_sale=False)
    check_out(client)
    assert cart_of(client)["unavailable"] == [usd_mug.pk]


def test_an_item_that_sells_out_in_the_cart_is_pointed_out_and_the_rest_is_ordered(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    Item.objects.filter(pk=usd_mug.pk).update(stock=0)
    assert "<strong>Stoneware Mug</strong> is sold out" in client.get("/cart").content.decode()
    assert check_out(client, **JSON).status_code == 200
    assert [order.currency for order in Order.objects.all()] == ["EUR"]
    assert cart_of(client)["unavailable"] == [usd_mug.pk]


def test_more_than_are_left_is_said_in_the_cart_and_nothing_is_ordered(client: Client, usd_mug: Item) -> None:
    put_in(client, usd_mug, 5)
    Item.objects.update(stock=2)
    said = "There are only 2 of Stoneware Mug left: please choose fewer."
    assert cart_of(client)["orders"][0]["problem"] == said
    page = client.get("/cart").content.decode()
    assert said in page
    assert "checkout-button" not in page
    refused = check_out(client, **JSON)
    assert (refused.status_code, refused.json()["error"]) == (409, {"code": "sold_out", "message": said})
    assert not Order.objects.exists()
    client.post(f"/cart/change/{usd_mug.pk}", {"quantity": 2}, headers=JSON)
    assert check_out(client, **JSON).status_code == 200


def test_what_nobody_paid_in_time_can_be_ordered_from_the_cart(client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=2)
    put_in(client, usd_mug, 2)
    held = Client().get(f"/buy/{usd_mug.pk}?quantity=2").json()
    assert cart_of(client)["unavailable"] == [usd_mug.pk]
    api.expire_checkout_session(keypair_for("USD"), held["id"])
    Payment.objects.update(created=timezone.now() - timedelta(hours=1))
    assert quantities(cart_of(client)) == {"USD": [2]}


def test_when_stripe_refuses_the_order_is_kept_and_its_page_says_why(
    client: Client, usd_mug: Item, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    settings.STRIPE_HTTP_CLIENT = ""
    put_in(client, usd_mug)
    response = check_out(client)
    order = Order.objects.get()
    assert response["Location"] == f"/order/{order.uuid}"
    assert 'class="said error"' in client.get(f"/order/{order.uuid}").content.decode()


def test_a_cart_that_costs_nothing_is_complete_without_stripe(client: Client, usd_mug: Item, db: None) -> None:
    Discount.objects.create(name="Gift", percent=Decimal(100), code="GIFT")
    put_in(client, usd_mug)
    client.post("/cart/code", {"code": "gift"})
    order_page = check_out(client)["Location"]
    assert order_page == f"/order/{Order.objects.get().uuid}"
    assert Order.objects.get().is_paid


def test_a_program_checks_out_in_json(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    client.post(f"/cart/add/{usd_mug.pk}", json.dumps({"quantity": 2}), "application/json", headers=JSON)
    put_in(client, eur_mug)
    answer = check_out(client, **JSON).json()
    addresses = [f"/order/{order.uuid}" for order in Order.objects.order_by("id")]
    assert answer == {"url": addresses[0], "orders": addresses}


# --- What stands in the fields, without a script ---------------------------------------------------------------------


def cart_form(client: Client, **typed: str) -> dict[str, str]:
    """What a browser sends of the cart's page, after these were typed into it."""
    page = client.get("/cart").content.decode()
    fields = dict(re.findall(r'<input [^>]*name="([^"]+)"[^>]* value="([^"]*)"', page))
    names = {name.rsplit("-", 1)[0].replace("-", "_"): name for name in fields}
    return fields | {names[name]: value for name, value in typed.items()}


def test_a_typed_quantity_counts_at_checkout_and_its_total_is_seen_before_it_is_charged(
    client: Client, usd_mug: Item
) -> None:
    put_in(client, usd_mug)
    response = client.post("/cart/checkout", cart_form(client, **{f"quantity_{usd_mug.pk}": "4"}))
    assert (response.status_code, response["Location"]) == (303, "/cart")
    assert not Order.objects.exists()
    page = client.get("/cart").content.decode()
    assert "Nothing was ordered yet: please look at the total, then check out." in page
    assert "USD\xa076.00" in page
    client.post("/cart/checkout", cart_form(client))
    assert Payment.objects.get().amount == 7600


def test_a_typed_code_counts_at_checkout(client: Client, usd_mug: Item, ten_percent: Discount) -> None:
    put_in(client, usd_mug)
    client.post("/cart/checkout", cart_form(client, code="nonsense"))
    assert "There is no discount with the code NONSENSE" in client.get("/cart").content.decode()
    client.post("/cart/checkout", cart_form(client, code=" spring"))
    assert not Order.objects.exists()
    client.post("/cart/checkout", cart_form(client))
    assert Payment.objects.get().amount == 1710


def test_whatever_is_pressed_all_that_was_typed_counts(
    client: Client, usd_mug: Item, eur_mug: Item, ten_percent: Discount
) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    usd, eur = f"quantity_{usd_mug.pk}", f"quantity_{eur_mug.pk}"
    client.post("/cart/change", cart_form(client, **{usd: "2", eur: "3"}))
    assert quantities(cart_of(client)) == {"USD": [2], "EUR": [3]}
    client.post("/cart/code", cart_form(client, code="spring", **{usd: "4"}))
    assert (quantities(cart_of(client)), cart_of(client)["code"]) == ({"USD": [4], "EUR": [3]}, "SPRING")
    client.post(f"/cart/remove/{usd_mug.pk}", cart_form(client, **{usd: "", eur: "5"}))
    assert quantities(cart_of(client)) == {"EUR": [5]}
    client.post("/cart/change", cart_form(client, **{eur: "0"}))
    assert "The item is removed from your cart." in client.get("/cart").content.decode()
    assert cart_of(client)["count"] == 0


def test_enter_in_the_field_of_the_code_uses_it(client: Client, usd_mug: Item, ten_percent: Discount) -> None:
    put_in(client, usd_mug)
    answer = client.post("/cart/change", cart_form(client, code="spring"), headers=JSON)
    assert answer.json() == {"count": 1, "message": "The code SPRING is in your cart."}


def test_what_nobody_typed_does_not_undo_what_another_tab_did(
    client: Client, usd_mug: Item, eur_mug: Item, ten_percent: Discount
) -> None:
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    old = cart_form(client, **{f"quantity_{eur_mug.pk}": "2"})
    client.post(f"/cart/change/{usd_mug.pk}", {"quantity": "5"})
    client.post("/cart/code", {"code": "spring"})
    client.post("/cart/checkout", old)
    assert (quantities(cart_of(client)), cart_of(client)["code"]) == ({"USD": [5], "EUR": [2]}, "SPRING")
    assert not Order.objects.exists()


@pytest.mark.parametrize("typed", ["1000", "-1", "x", ""])
def test_a_quantity_that_cannot_be_orders_nothing(client: Client, usd_mug: Item, typed: str) -> None:
    put_in(client, usd_mug)
    client.post("/cart/checkout", cart_form(client, **{f"quantity_{usd_mug.pk}": typed}))
    assert "Please choose a quantity from 0 to 999" in client.get("/cart").content.decode()
    assert not Order.objects.exists()


def test_a_full_cart_is_not_too_many_fields(client: Client, usd_mug: Item) -> None:
    entries = tuple(Entry(n, 1, 100) for n in range(1, 1000))
    fitting = max(n for n in range(0, 1000, 20) if fits(entries[:n]))
    client.cookies["cart"] = written(Basket(entries[:fitting]))
    fields = {f"quantity-{entry.item_id}-1": "2" for entry in entries[:fitting]}
    assert client.post("/cart/change", fields).status_code == 303


# --- Codes ----------------------------------------------------------------------------------------------------------


def refusal(client: Client, code: str) -> str:
    answer = client.post("/cart/code", {"code": code}, headers=JSON)
    assert answer.status_code == 409
    message: str = answer.json()["error"]["message"]
    return message


def test_a_code_is_refused_in_words(client: Client, usd_mug: Item, ten_percent: Discount) -> None:
    assert "Your cart is empty" in refusal(client, "SPRING")
    put_in(client, usd_mug)
    for unknown in ("SUMMER", "x" * 200, "\0", "é", "' OR 1=1"):
        assert "There is no discount with the code" in refusal(client, unknown)
    for change, said in (
        ({"active": False}, "no longer given"),
        ({"active": True, "maximum_uses": 0}, "used as often"),
    ):
        Discount.objects.update(**change)
        assert said in refusal(client, "SPRING")
    assert cart_of(client)["code"] == ""


@pytest.mark.parametrize("code", ["\ud800", "SPRING\udfff", "\0"])
def test_a_code_that_no_text_can_be_is_refused_and_the_next_page_is_shown(
    client: Client, usd_mug: Item, code: str
) -> None:
    put_in(client, usd_mug)
    refused = client.post("/cart/code", json.dumps({"code": code}), "application/json", headers=JSON)
    assert refused.json()["error"]["code"] == "discount_refused"
    client.post("/cart/code", json.dumps({"code": code}), "application/json")
    assert client.get("/cart").status_code == 200


def test_a_code_can_be_taken_out_again(client: Client, usd_mug: Item, ten_percent: Discount) -> None:
    put_in(client, usd_mug)
    client.post("/cart/code", {"code": "spring"})
    assert cart_of(client)["orders"][0]["discount"] == {"name": "Spring", "amount": 190}
    client.post("/cart/code", {"code": ""})
    assert cart_of(client)["orders"][0]["discount"] is None


def test_a_code_without_an_amount_in_a_currency_takes_nothing_off_there_and_says_so(
    client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    five = Discount.objects.create(name="Five off", code="FIVE")
    DiscountAmount.objects.create(discount=five, off=Money(5, "EUR"))
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    client.post("/cart/code", {"code": "five"})
    usd, eur = cart_of(client)["orders"]
    assert (usd["discount"], usd["problem"]) == (None, "")
    assert usd["discount_problem"] == "The code FIVE takes off nothing in USD."
    assert eur["discount"] == {"name": "Five off", "amount": 500}
    assert "The code FIVE takes off nothing in USD." in client.get("/cart").content.decode()
    check_out(client)
    assert {order.currency: order.discount_name for order in Order.objects.all()} == {"USD": "", "EUR": "Five off"}


def test_a_code_for_one_use_serves_both_payments_of_one_cart_and_no_other(
    client: Client, usd_mug: Item, eur_mug: Item, ten_percent: Discount
) -> None:
    Discount.objects.update(maximum_uses=1)
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    client.post("/cart/code", {"code": "spring"})
    check_out(client)
    assert [client.post(f"/order/{order.uuid}/checkout").status_code for order in Order.objects.all()] == [303, 303]
    another = Client()
    put_in(another, usd_mug)
    assert "used as often" in refusal(another, "SPRING")


def test_a_code_is_one_discounts_in_whatever_case(db: None, ten_percent: Discount) -> None:
    Discount.objects.create(name="Without", percent=Decimal(1))
    Discount.objects.create(name="Without too", percent=Decimal(1))
    autumn = Discount.objects.create(name="Autumn", percent=Decimal(1), code="autumn")
    autumn.refresh_from_db()
    assert autumn.code == "AUTUMN"
    with pytest.raises(IntegrityError):
        Discount.objects.create(name="Spring again", percent=Decimal(1), code="spring")


# --- Taxes that come by themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("inclusive", "said", "amount"), [(False, "plus", 4560), (True, "includes", 3800)])
def test_buy_charges_the_automatic_tax_that_the_item_page_says(
    client: Client, usd_mug: Item, vat: Tax, inclusive: bool, said: str, amount: int
) -> None:
    Tax.objects.update(inclusive=inclusive)
    assert f"{said} VAT 20%" in client.get(f"/item/{usd_mug.pk}").content.decode()
    client.post(f"/buy/{usd_mug.pk}", {"quantity": "2"})
    assert Payment.objects.get().amount == amount


def test_a_tax_is_put_only_on_orders_in_its_currencies_and_while_active(
    client: Client, usd_mug: Item, eur_mug: Item, vat: Tax
) -> None:
    Tax.objects.create(display_name="Sales tax", percentage=5, inclusive=False, automatic=True, currencies="usd, JPY")
    Tax.objects.create(display_name="Old", percentage=5, inclusive=False, automatic=True, active=False)
    Tax.objects.create(display_name="By hand", percentage=5, inclusive=False)
    put_in(client, usd_mug)
    put_in(client, eur_mug)
    names = [[tax["name"] for tax in order["taxes"]] for order in cart_of(client)["orders"]]
    assert names == [["Sales tax", "VAT"], ["VAT"]]
    check_out(client)
    put_on = [[tax.display_name for tax in order.taxes.all()] for order in Order.objects.order_by("id")]
    assert put_on == names


def test_a_tax_that_changed_makes_another_order_of_the_same_item(client: Client, usd_mug: Item, vat: Tax) -> None:
    client.post(f"/buy/{usd_mug.pk}")
    Tax.objects.update(percentage=10)
    client.post(f"/buy/{usd_mug.pk}")
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [2090, 2280]


def test_the_admin_offers_code_and_automatic_taxes_and_refuses_what_is_none(admin_client: Client, db: None) -> None:
    tax = {"display_name": "VAT", "percentage": "20", "active": "on", "automatic": "on", "currencies": "usd eur"}
    for typed, said in (
        ("usd XYZ", "“XYZ” is not"),
        ("EUR, US dollar", "“US dollar” is not"),
        ("usd eur, dollars,", "“dollars” is not"),
    ):
        page = admin_client.post("/admin/payments/tax/add/", tax | {"currencies": typed}).content.decode()
        assert f"{said} the code of a currency: write codes such as USD, EUR." in page
    admin_client.post("/admin/payments/tax/add/", tax)
    assert Tax.objects.get().currencies == "USD, EUR"
    amounts = {"amounts-TOTAL_FORMS": "0", "amounts-INITIAL_FORMS": "0"}
    for name in ("Spring", "Another"):
        discount = {"name": name, "percent": "10", "active": "on", "code": "spring", **amounts}
        page = admin_client.post("/admin/payments/discount/add/", discount).content.decode()
    assert Discount.objects.get().code == "SPRING"
    assert "Another discount has this code" in page
