"""Staff finds an order by what the shopper says of it, and reads in the list whether it is paid."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments import checkout
from payments.admin import long_lists, order_search
from payments.models import Dispute, Item, Order, OrderLine, Payment, Refund
from payments.models.prefixes import beginning_with

LIST = "/admin/payments/order/"
Pay = Callable[..., Any]


def order_of(item: Item, email: str = "", **values: Any) -> Order:
    order = Order.objects.for_item(item, quantity=1, visitor=f"{email}{values}{Order.objects.count()}")
    Order.objects.filter(pk=order.pk).update(email=email, **values)
    return Order.objects.get(pk=order.pk)


def found(client: Client, **query: str) -> list[int]:
    return [order.pk for order in client.get(LIST, query).context["cl"].result_list]


def states(client: Client, order: Order) -> list[str]:
    page = client.get(LIST, {"q": str(order.pk)}).content.decode()
    return re.findall(r'<span class="state \w+">([^<]+)</span>', page)


def test_an_order_is_found_by_the_shoppers_address_however_it_is_written(admin_client: Client, usd_mug: Item) -> None:
    ann = order_of(usd_mug, "Ann.Smith@Example.com")
    anna = order_of(usd_mug, "anna@example.com")
    order_of(usd_mug, "bob@example.com")
    assert found(admin_client, q="ann.smith@example.com") == [ann.pk]
    assert found(admin_client, q=" ANN.SMITH@EXAMPLE.COM ") == [ann.pk]
    assert found(admin_client, q="ann") == [anna.pk, ann.pk]
    assert found(admin_client, q="smith@example.com") == []
    assert found(admin_client, q="a%") == []


def test_what_begins_an_address_and_a_name_finds_both(admin_client: Client, usd_mug: Item) -> None:
    pot = Item.objects.create(name="Ann's Teapot", price=Money(40, "USD"))
    of_ann, of_bob = order_of(usd_mug, "ann@example.com"), order_of(pot, "bob@example.com")
    assert found(admin_client, q="ann") == [of_bob.pk, of_ann.pk]
    assert found(admin_client, q="Stoneware m") == [of_ann.pk]


def test_a_number_finds_one_order_by_whatever_it_is_called(admin_client: Client, usd_mug: Item) -> None:
    order, _ = order_of(usd_mug), order_of(usd_mug)
    for text in (str(order.pk), f"Order {order.pk}", f"order  {order.pk}", f"#{order.pk}", str(order.uuid)):
        assert found(admin_client, q=text) == [order.pk]
    assert found(admin_client, q="9" * 18) == []


@pytest.mark.parametrize("text", ["9" * 200, "'", "%", "pi_", "é", "\\", "order", "@", "1e5"])
def test_whatever_is_typed_is_answered(admin_client: Client, usd_mug: Item, text: str) -> None:
    order_of(usd_mug, "ann@example.com")
    assert admin_client.get(LIST, {"q": text}).status_code == 200


@pytest.mark.parametrize(
    ("rows", "field", "index"),
    [(Order.objects, "email", "orders_by_email"), (OrderLine.objects, "name", "order_lines_by_name")],
)
def test_each_beginning_is_served_by_an_index(db: None, rows: Any, field: str, index: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Of an empty table all of it is read the fastest.
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in beginning_with(rows, field, "ann", most=10).explain()


def test_paid_is_only_what_was_paid_with_money(admin_client: Client, usd_mug: Item, pay: Pay) -> None:
    paid, free = order_of(usd_mug), order_of(usd_mug)
    payment = checkout.open_session(order=paid, origin="http://testserver")
    assert payment
    assert states(admin_client, paid) == ["Payment page open"]
    pay(payment.url)
    admin_client.get(f"/order/{paid.uuid}")
    assert states(admin_client, paid) == ["Paid"]
    free.lines.all().delete()
    assert states(admin_client, free) == ["Nothing to pay"]
    free.complete_for_free()
    assert states(admin_client, free) == ["Complete"]
    assert (found(admin_client, state="paid"), found(admin_client, state="complete")) == ([paid.pk], [free.pk])


def test_what_went_back_and_what_is_contested_stands_beside_paid(admin_client: Client, usd_mug: Item) -> None:
    order = order_of(usd_mug)
    order.mark_paid()
    Order.objects.update(refunded="partly", dispute="open")
    assert states(admin_client, order) == ["Paid", "Partly refunded", "Disputed"]


def test_an_order_whose_pages_have_all_expired_reads_so(admin_client: Client, usd_mug: Item) -> None:
    new, left, failed = order_of(usd_mug), order_of(usd_mug), order_of(usd_mug)
    for order, end in ((left, Payment.mark_expired), (failed, lambda payment: payment.mark_failed("The bank said no"))):
        payment = checkout.open_session(order=order, origin="http://testserver")
        assert payment
        end(payment)
    assert states(admin_client, new) == ["Awaiting payment"]
    assert states(admin_client, left) == ["Payment page expired"]
    assert states(admin_client, failed) == ["Payment failed"]
    assert found(admin_client, state="over") == [failed.pk, left.pk]
    assert found(admin_client, state="waiting") == [new.pk]


def test_a_currency_filters_and_a_strange_filter_is_ignored(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    in_dollars, in_euros = order_of(usd_mug), order_of(eur_mug)
    assert found(admin_client, currency="EUR") == [in_euros.pk]
    assert found(admin_client, state="<script>") == [in_euros.pk, in_dollars.pk]


def test_very_many_are_counted_up_to_a_limit(
    admin_client: Client, usd_mug: Item, monkeypatch: Any, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(long_lists, "MOST_COUNTED", 4)
    for _ in range(4):
        order_of(usd_mug)
    assert "more than" not in admin_client.get(LIST).content.decode()
    order_of(usd_mug)
    with django_assert_max_num_queries(9):
        assert "more than 4: search or filter to see the others" in admin_client.get(LIST).content.decode()


def test_of_a_filtered_list_all_is_found_however_much_begins_so_beside_it(
    admin_client: Client, usd_mug: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_search, "MOST_COUNTED", 1)
    contested = order_of(usd_mug, "stone@shopper.example", dispute="open")
    for _ in range(3):
        order_of(usd_mug, "stone@shopper.example")
    for text in ("stoneware", "stone@", "stone"):
        assert found(admin_client, q=text, dispute__exact="open") == [contested.pk]


def test_of_orders_with_two_lines_that_begin_so_no_fewer_are_counted(
    admin_client: Client, usd_mug: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (order_search, long_lists):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    for _ in range(3):
        line = order_of(usd_mug).lines.get()
        line.pk = None
        line.save()
    changelist = admin_client.get(LIST, {"q": "stoneware"}).context["cl"]
    assert (changelist.result_count, changelist.paginator.has_more) == (2, True)


@pytest.fixture
def two_paid(usd_mug: Item) -> list[Payment]:
    """One in test mode and one in live mode; of each something was refunded and is contested."""
    payments = []
    for number, livemode in ((1, False), (2, True)):
        terms = {"publishable_key": "pk", "livemode": livemode, "currency": "USD", "amount": 1900, "attempt": 1}
        ids = {"checkout_session_id": f"cs_{number}", "payment_intent_id": f"pi_{number}"}
        payment = Payment.objects.create(order=order_of(usd_mug), status="paid", **terms, **ids)
        Refund.objects.create(payment=payment, amount=100, status="succeeded", stripe_id=f"re_{number}")
        contested = {"amount": 100, "currency": "USD", "status": "won", "is_charge_refundable": True}
        times = dict.fromkeys(("created", "asked_at"), timezone.now())
        Dispute.objects.create(payment=payment, stripe_id=f"du_{number}", **contested, **times)
        payments.append(payment)
    return payments


@pytest.mark.parametrize(("model", "begins"), [("refund", "re"), ("dispute", "du")])
def test_what_went_back_is_found_by_its_order_and_by_what_stripe_calls_it(
    admin_client: Client, two_paid: list[Payment], model: str, begins: str
) -> None:
    for text in (str(two_paid[1].order_id), f"#{two_paid[1].order_id}", "pi_2", f"{begins}_2", f" {begins}_2 "):
        page = admin_client.get(f"/admin/payments/{model}/", {"q": text})
        assert [record.stripe_id for record in page.context["cl"].result_list] == [f"{begins}_2"]
    assert not admin_client.get(f"/admin/payments/{model}/", {"q": "nothing"}).context["cl"].result_list


def test_payments_are_found_by_their_mode(admin_client: Client, two_paid: list[Payment]) -> None:
    for livemode, payment in zip("01", two_paid, strict=True):
        page = admin_client.get("/admin/payments/payment/", {"livemode": livemode})
        assert list(page.context["cl"].result_list) == [payment]
    page = admin_client.get("/admin/payments/payment/", {"livemode": "x"})
    assert list(page.context["cl"].result_list) == two_paid[::-1]
