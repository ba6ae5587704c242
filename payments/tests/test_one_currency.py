"""One order has one currency, and the database itself keeps it so."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from payments.errors import OrderClosed
from payments.models import Item, Order, OrderLine, Payment


@pytest.fixture
def order(usd_mug: Item) -> Order:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    Payment.objects.begin(order, publishable_key="pk_test_sandbox_usd", livemode=False, method=Payment.Method.CHECKOUT)
    return order


def line_in(currency: str, order: Order) -> OrderLine:
    return OrderLine(order=order, name="Mug", currency=currency, unit_amount=100, quantity=1)


CHANGES: dict[str, Callable[[Order], object]] = {
    "a line is added": lambda order: line_in("EUR", order).save(),
    "lines are added in bulk": lambda order: OrderLine.objects.bulk_create([line_in("EUR", order)]),
    "a line is changed": lambda order: order.lines.update(currency="EUR"),
    "a payment is added": lambda order: order.payments.create(
        attempt=2, publishable_key="pk", livemode=False, currency="EUR", amount=1
    ),
    "a payment is changed": lambda order: order.payments.update(currency="EUR"),
    "the order is changed": lambda order: Order.objects.update(currency="EUR"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_a_second_currency_when(order: Order, change: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CHANGES[change](order)


def test_a_line_of_the_same_currency_is_welcome(order: Order) -> None:
    line_in("USD", order).save()
    assert Order.objects.get().price.total == 2000


@pytest.mark.parametrize("values", [{"quantity": 0}, {"quantity": 1000}, {"unit_amount": 0}, {"unit_amount": -1}])
def test_the_database_refuses_a_line_that_cannot_be(order: Order, values: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        order.lines.update(**values)


@pytest.mark.parametrize("values", [{"status": "open"}, {"status": "unheard-of"}, {"amount": 0}, {"status": "paid"}])
def test_the_database_refuses_a_payment_that_cannot_be(order: Order, values: dict[str, object]) -> None:
    """Open or paid without an id of Stripe's, a state nobody knows, nothing to pay."""
    with pytest.raises(IntegrityError), transaction.atomic():
        order.payments.update(**values)


@pytest.mark.parametrize("values", [{"status": "paid"}, {"status": "unheard-of"}])
def test_the_database_refuses_an_order_that_cannot_be(order: Order, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(**values)


def test_the_database_lets_an_order_be_paid_by_one_payment(order: Order) -> None:
    order.payments.update(status="paid", checkout_session_id="cs_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        order.payments.create(
            attempt=2,
            status="paid",
            publishable_key="pk",
            livemode=False,
            currency="USD",
            amount=1,
            checkout_session_id="cs_2",
        )


def test_an_order_is_marked_paid_once_and_stays_so(order: Order) -> None:
    order.mark_paid()
    with pytest.raises(OrderClosed):
        order.mark_paid()
    order.mark_processing()
    order.mark_pending()
    assert order.is_paid
