"""A first click on Buy writes, in one transaction, what was and is written step by step for every other order."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.utils import translation

from payments import brake, fulfillment, offers
from payments.models import Item, NewOrder, Order, OrderLine, OrderTax, OrderVisitor, Payment, Tax
from payments.tests.stripe_server import StripeServer
from payments.tests.test_settling import at_once, known_as, known_visitor
from payments.views.checkout import order_before

# Of each order its own.
OWN = {"id", "order_id", "uuid", "purchase", "purchase_key", "created", "changed", "noted"}
SOMEBODY = brake.Visitor("somebody", "192.0.2.1")


@pytest.fixture
def taxed(usd_mug: Item, settings: Any) -> Item:
    """Counted, with a picture and a description, and with taxes of both kinds; declines are limited."""
    settings.LIMITS = settings.LIMITS | {"declines": (8, 80)}
    Tax.objects.create(display_name="VAT", percentage=Decimal("19"), inclusive=True, automatic=True)
    Tax.objects.create(
        display_name="City", percentage=Decimal("2.125"), inclusive=False, jurisdiction="NY", automatic=True
    )
    Item.objects.update(stock=50, picture="https://shop.example/mug.png", description=" Holds tea. ")
    usd_mug.refresh_from_db()
    return usd_mug


def written(order: Order) -> list[tuple[str, list[dict[str, Any]]]]:
    """As the database has it, whatever the ORM makes of it."""
    return [
        (model._meta.db_table, rows(model, key, order.pk))
        for model, key in (
            (Order, "id"),
            (OrderLine, "order_id"),
            (OrderTax, "order_id"),
            (OrderVisitor, "order_id"),
            (Payment, "order_id"),
        )
    ]


def rows(model: type[models.Model], key: str, value: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} WHERE {key} = %s ORDER BY {key}", [value])  # noqa: S608
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{name: value for name, value in row.items() if name not in OWN} for row in found]


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_writes_what_is_written_for_every_other_order(taxed: Item, language: str) -> None:
    method = Payment.Method.CHECKOUT
    with translation.override(language):
        new = NewOrder.of_item(taxed, 3)
        first = offers.begin_first(new, method, visitor="a", asked_by=SOMEBODY)
        other = order_before(new, "b", SOMEBODY)
        offers.begin(other, method)
    assert first is not None
    assert written(first[0].order) == written(other)
    assert Item.objects.get().stock == 44


def test_what_it_returns_is_what_it_wrote(taxed: Item) -> None:
    begun = offers.begin_first(NewOrder.of_item(taxed, 3), Payment.Method.CHECKOUT, visitor="a", asked_by=SOMEBODY)
    assert begun is not None
    payment, agreed = begun[0], begun[0].begun_for
    assert agreed is not None
    for made in (payment, payment.order, *agreed.lines, *agreed.taxes):
        again = type(made)._default_manager.get(pk=made.pk)
        # What is held was written for the line as it was read again.
        names = {field.attname for field in made._meta.concrete_fields} - {"held"}
        assert {name: getattr(made, name) for name in names} == {name: getattr(again, name) for name in names}
    order = Order.objects.get()
    assert (order.terms, order.price, payment.amount) == (payment.terms, agreed.price, order.total_amount)


@pytest.mark.django_db(transaction=True)
def test_a_second_click_while_stripe_is_asked_asks_the_very_same(taxed: Item, stripe_server: StripeServer) -> None:
    visitor = known_visitor(taxed)
    path = f"/buy/{taxed.pk}?quantity=2"
    answers: list[Any] = []
    visitor.get(f"/buy/{taxed.pk}")
    stripe_server.requests.clear()
    stripe_server.meanwhile = lambda: answers.append(known_as(visitor).get(path).json())
    answers.append(visitor.get(path).json())
    first, second = stripe_server.requests
    assert (first.body, first.headers["Idempotency-Key"]) == (second.body, second.headers["Idempotency-Key"])
    assert answers[0] == answers[1]
    assert (Order.objects.count(), Payment.objects.count(), Item.objects.get().stock) == (2, 2, 47)


@pytest.mark.django_db(transaction=True)
def test_of_many_first_clicks_in_one_moment_there_is_one_order(taxed: Item, stripe_server: StripeServer) -> None:
    visitor = known_visitor(taxed)
    answers: list[Any] = []
    assert at_once(12, lambda: answers.append(known_as(visitor).get(f"/buy/{taxed.pk}"))) == []
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (Order.objects.count(), Payment.objects.count(), Item.objects.get().stock) == (1, 1, 49)
    asked = [request for request in stripe_server.requests if request.path.endswith("/sessions")]
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_that_staff_changes_while_stripe_is_first_asked_is_not_offered_as_it_was(
    taxed: Item, stripe_server: StripeServer
) -> None:
    visitor = known_visitor(taxed)

    def change() -> None:
        order = Order.objects.get()
        fulfillment.take_back_offers(order)
        with transaction.atomic():
            order.require_not_offered()
            order.put_taxes([])

    stripe_server.meanwhile = change
    assert visitor.get(f"/buy/{taxed.pk}").status_code == 503
    assert (Payment.objects.get().status, Item.objects.get().stock) == ("expired", 50)
    assert stripe_server.requests[-1].path.endswith("/expire")
    visitor.get(f"/buy/{taxed.pk}")
    assert list(Payment.objects.values_list("status", "amount")) == [("open", 1900), ("expired", 1934)]
