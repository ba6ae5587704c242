"""What a discount and taxes do to an order, and that Stripe charges the same."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments import checkout
from payments.errors import DiscountRefused, OrderClosed, TooManyTaxes
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Discount, DiscountAmount, Item, Order, OrderTax, Payment, Tax
from payments.tests.stripe_server import StripeServer

SHOP = "https://shop.example"


@pytest.fixture
def ten_percent(db: None) -> Discount:
    return Discount.objects.create(name="Ten percent off", percent=Decimal(10))


@pytest.fixture
def three_off(db: None) -> Discount:
    """Three dollars, or two hundred yen; nothing in euros."""
    discount = Discount.objects.create(name="A little off")
    for off in (Money(3, "USD"), Money(200, "JPY")):
        DiscountAmount.objects.create(discount=discount, off=off)
    return discount


@pytest.fixture
def vat(db: None) -> Tax:
    return Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, jurisdiction="Germany")


@pytest.fixture
def included(db: None) -> Tax:
    return Tax.objects.create(display_name="Sales tax", percentage=Decimal("8.875"), inclusive=True)


def order_of(item: Item, quantity: int = 1, visitor: str = "somebody") -> Order:
    return Order.objects.for_item(item, quantity=quantity, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin=SHOP)
    assert payment is not None
    return payment


@pytest.mark.parametrize(
    ("mug", "total"), [("usd_mug", 6156), ("eur_mug", 5670), ("jpy_mug", 9072)], ids=["USD", "EUR", "JPY"]
)
def test_what_the_shopper_sees_is_what_stripe_charges(
    request: Any, client: Client, ten_percent: Discount, vat: Tax, included: Tax, mug: str, total: int
) -> None:
    order = order_of(request.getfixturevalue(mug), quantity=3)
    order.give_discount(ten_percent)
    order.put_taxes([vat])
    payment = offer(order)
    session = api.retrieve_checkout_session(keypair_for(order.currency), payment.checkout_session_id)
    shown = client.get(f"/order/{order.uuid}", headers={"Accept": "application/json"}).json()
    assert session.amount_total == payment.amount == shown["amount"] == total


def test_the_shoppers_page_shows_every_part(
    client: Client, usd_mug: Item, ten_percent: Discount, vat: Tax, included: Tax
) -> None:
    order = order_of(usd_mug, quantity=2)
    order.give_discount(ten_percent)
    order.put_taxes([vat, included])
    page = client.get(f"/order/{order.uuid}").content.decode().replace("\xa0", " ")
    for text in (
        "Subtotal",
        "USD 38.00",
        "Ten percent off",
        "−USD 3.80",
        "VAT 20%",
        "USD 6.28",
        "Sales tax 8.875% included",
    ):
        assert text in page
    assert "Pay USD 40.48" in page


def test_a_subtotal_that_is_the_total_is_not_said_a_second_time(client: Client, usd_mug: Item, included: Tax) -> None:
    order = order_of(usd_mug, quantity=2)
    order.put_taxes([included])
    page = client.get(f"/order/{order.uuid}").content.decode()
    assert "Sales tax 8.875% included" in page
    assert "Subtotal" not in page


def test_the_stand_ins_page_shows_the_same_figures(
    client: Client, usd_mug: Item, ten_percent: Discount, vat: Tax
) -> None:
    order = order_of(usd_mug, quantity=2)
    order.give_discount(ten_percent)
    order.put_taxes([vat])
    page = client.get(offer(order).url.removeprefix(SHOP)).content.decode().replace("\xa0", " ")
    for text in ("Ten percent off", "USD 3.80", "VAT", "USD 6.84", "USD 41.04"):
        assert text in page


def test_a_fixed_discount_takes_off_its_amount_of_the_currency(
    usd_mug: Item, jpy_mug: Item, three_off: Discount
) -> None:
    for item, total in ((usd_mug, 1600), (jpy_mug, 2600)):
        order = order_of(item)
        order.give_discount(three_off)
        assert offer(order).amount == total


def test_a_fixed_discount_without_an_amount_in_the_currency_is_refused_and_never_converted(
    eur_mug: Item, three_off: Discount
) -> None:
    order = order_of(eur_mug)
    with pytest.raises(DiscountRefused, match="takes off no amount in EUR"):
        order.give_discount(three_off)
    assert order.price.total == 1750


def test_a_discount_can_be_taken_away_again(usd_mug: Item, ten_percent: Discount) -> None:
    order = order_of(usd_mug)
    order.give_discount(ten_percent)
    order.give_discount(None)
    assert Order.objects.get().price.total == 1900


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"active": False}, "no longer given"),
        ({"valid_from": timezone.now() + timedelta(hours=1)}, "not given yet"),
        ({"valid_until": timezone.now() - timedelta(seconds=1)}, "has expired"),
        ({"maximum_uses": 0}, "as often as it is given"),
    ],
)
def test_a_discount_that_is_not_given_now_is_refused_when_the_order_is_offered(
    client: Client,
    usd_mug: Item,
    ten_percent: Discount,
    change: dict[str, Any],
    message: str,
    stripe_server: StripeServer,
) -> None:
    order = order_of(usd_mug)
    order.give_discount(ten_percent)
    Discount.objects.update(**change)
    response = client.post(f"/order/{order.uuid}/checkout", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "discount_refused")
    assert message in response.json()["error"]["message"]
    assert stripe_server.requests == []


def test_a_discount_is_used_as_often_as_it_is_given_and_not_more(usd_mug: Item, ten_percent: Discount) -> None:
    Discount.objects.update(maximum_uses=1)
    first, second = (order_of(usd_mug, visitor=name) for name in ("first", "second"))
    for order in (first, second):
        order.give_discount(ten_percent)
    payment = offer(first)
    offer(first)
    with pytest.raises(DiscountRefused):
        offer(second)
    payment.mark_expired()
    offer(second)


def test_an_order_keeps_the_terms_it_was_given(usd_mug: Item, ten_percent: Discount, vat: Tax) -> None:
    order = order_of(usd_mug)
    order.give_discount(ten_percent)
    order.put_taxes([vat])
    Discount.objects.update(percent=50)
    Tax.objects.all().delete()
    assert Order.objects.get().price.total == 2052
    Discount.objects.all().delete()
    assert Order.objects.get().price.total == 2052


def test_what_was_offered_is_written_down(usd_mug: Item, ten_percent: Discount, vat: Tax) -> None:
    order = order_of(usd_mug, quantity=2)
    order.give_discount(ten_percent)
    order.put_taxes([vat])
    offer(order)
    order.refresh_from_db()
    assert (order.subtotal_amount, order.discount_amount, order.total_amount) == (3800, 380, 4104)
    assert OrderTax.objects.get().amount == 684


def test_a_change_afterwards_opens_a_new_attempt_and_expires_the_page_of_the_old_one(
    usd_mug: Item, ten_percent: Discount
) -> None:
    order = order_of(usd_mug)
    first = offer(order)
    order.give_discount(ten_percent)
    second = offer(order)
    assert (first.amount, second.amount, second.attempt) == (1900, 1710, 2)
    old = api.retrieve_checkout_session(keypair_for("USD"), first.checkout_session_id)
    assert old.status == "expired"


def test_a_change_of_equal_amount_is_a_change_too(usd_mug: Item) -> None:
    order = order_of(usd_mug)
    first = offer(order)
    order.lines.update(name="Another mug")
    assert offer(Order.objects.get()).pk != first.pk


def test_an_order_that_comes_to_nothing_is_complete_without_stripe(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="A present", percent=Decimal(100)))
    assert "Complete the order" in client.get(f"/order/{order.uuid}").content.decode()
    response = client.post(f"/order/{order.uuid}/checkout")
    assert response["Location"] == f"/order/{order.uuid}"
    assert Order.objects.get().is_paid
    assert stripe_server.requests == []
    assert client.post(f"/order/{order.uuid}/checkout").status_code == 409


def test_an_order_below_stripes_minimum_is_explained_before_paying(client: Client, usd_mug: Item) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="Nearly a present", percent=Decimal(99)))
    response = client.post(f"/order/{order.uuid}/checkout")
    assert response.status_code == 422
    assert "The least that can be charged is USD\xa00.50" in response.content.decode()


def test_a_session_whose_total_was_tampered_with_is_refused(
    client: Client, usd_mug: Item, vat: Tax, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    order.put_taxes([vat])
    stripe_server.changes = {"amount_total": 1900}
    assert client.post(f"/order/{order.uuid}/checkout").status_code == 502
    assert Payment.objects.get().status == "failed"


def test_a_paid_order_cannot_be_changed(usd_mug: Item, ten_percent: Discount, vat: Tax) -> None:
    order = order_of(usd_mug)
    order.mark_paid()
    changes: list[Callable[[], None]] = [lambda: order.give_discount(ten_percent), lambda: order.put_taxes([vat])]
    for change in changes:
        with pytest.raises(OrderClosed):
            change()


def eleven_taxes(**values: Any) -> list[Tax]:
    return [
        Tax.objects.create(display_name=f"Tax {number}", percentage=Decimal(1), inclusive=False, **values)
        for number in range(11)
    ]


def test_more_taxes_than_stripe_takes_are_refused(usd_mug: Item, vat: Tax) -> None:
    order = order_of(usd_mug)
    order.put_taxes([vat])
    taxes = eleven_taxes()
    with pytest.raises(TooManyTaxes, match="at most 10 taxes"):
        order.put_taxes(taxes)
    assert [str(tax) for tax in order.taxes.all()] == ["VAT 20%"]
    order.put_taxes(taxes[:10])
    assert offer(order).amount == 1900 + 10 * 19


def test_with_more_automatic_taxes_than_stripe_takes_the_shopper_is_told_before_stripe_is_asked(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    eleven_taxes(automatic=True)
    refused = client.post(f"/buy/{usd_mug.pk}")
    assert refused.status_code == 409
    assert "at most 10 taxes, and this one would have 11: please tell the shop" in refused.content.decode()
    assert not Order.objects.exists()
    assert stripe_server.requests == []


def test_staff_cannot_choose_more_taxes_for_an_order_than_stripe_takes(admin_client: Client, usd_mug: Item) -> None:
    taxes = [str(tax.pk) for tax in eleven_taxes()]
    line = {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-item": usd_mug.pk, "lines-0-quantity": "1"}
    page = admin_client.post("/admin/payments/order/add/", line | {"taxes": taxes}).content.decode()
    assert "at most 10 taxes" in page
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("others", "new", "refused"),
    [
        ("", "", "on orders by themselves"),
        ("", "USD", "on orders in USD by themselves"),
        ("USD", "EUR, USD", "on orders in USD by themselves"),
        ("USD", "", "on orders in USD by themselves"),
        ("USD", "EUR", ""),
    ],
)
def test_no_more_taxes_are_automatic_in_a_currency_than_stripe_takes(
    admin_client: Client, others: str, new: str, refused: str
) -> None:
    eleven_taxes(automatic=True, currencies=others)[0].delete()
    tax = {"display_name": "One more", "percentage": "1", "active": "on", "automatic": "on", "currencies": new}
    response = admin_client.post("/admin/payments/tax/add/", tax)
    assert (response.status_code == 200, Tax.objects.count()) == (bool(refused), 10 if refused else 11)
    assert refused in response.content.decode()
    one = Tax.objects.first()
    assert one is not None
    one.full_clean()


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Discount, {"percent": Decimal(0)}),
        (Discount, {"percent": Decimal("100.01")}),
        (Discount, {"name": ""}),
        (Tax, {"percentage": Decimal("-1")}),
        (Tax, {"percentage": Decimal(101)}),
        (Tax, {"display_name": ""}),
        (DiscountAmount, {"off": Decimal(0)}),
        (DiscountAmount, {"currency": "usd"}),
    ],
)
def test_the_database_refuses_terms_that_cannot_be(
    ten_percent: Discount, three_off: Discount, vat: Tax, model: Any, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**values)


def test_a_discount_ends_after_it_begins() -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="Choose a time after"):
        Discount(name="Sale", valid_from=now, valid_until=now).clean()


def test_an_amount_has_no_more_decimals_than_its_currency() -> None:
    with pytest.raises(ValidationError, match="An amount in JPY has no decimals"):
        DiscountAmount(off=Money(Decimal("10.50"), "JPY")).clean()
