"""A shopper comes back to the order by its link; nobody else finds it."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from djmoney.money import Money

from payments.models import Discount, DiscountAmount, Item, Order


@pytest.fixture
def order(client: Client, usd_mug: Item) -> Order:
    client.get(f"/buy/{usd_mug.pk}?quantity=2")
    return Order.objects.get()


def test_the_page_shows_lines_amounts_state_and_what_to_do(client: Client, order: Order) -> None:
    page = client.get(f"/order/{order.uuid}").content.decode()
    for text in ("Stoneware Mug", "USD\xa019.00", "USD\xa038.00", "Awaiting payment"):
        assert text in page


def test_the_page_says_which_way_to_pay_leaves_the_shop(client: Client, order: Order) -> None:
    page = client.get(f"/order/{order.uuid}").content.decode()
    assert "Pay USD\xa038.00 on Stripe’s page" in page
    assert "Pay USD\xa038.00 here" in page
    assert "Pay on Stripe’s page" in client.get(f"/order/{order.uuid}/pay").content.decode()


PERHAPS = "If you have paid a moment ago"


def test_only_who_may_have_paid_is_told_to_wait_for_it(client: Client, order: Order) -> None:
    address = f"/order/{order.uuid}"
    assert PERHAPS not in client.get(address).content.decode()
    assert PERHAPS in client.get(f"{address}/success").content.decode()
    assert PERHAPS not in client.get(f"{address}/cancel").content.decode()
    order.payments.update(created=timezone.now() - timedelta(minutes=2))
    assert PERHAPS in client.get(address).content.decode()
    order.payments.update(status="expired")
    assert PERHAPS not in client.get(address).content.decode()


def reloads(client: Client, address: str) -> str:
    """Where the page goes on to by itself without scripts; empty if it stays."""
    found = re.search(r'<meta http-equiv="refresh" content="10;url=([^"]+)">', client.get(address).content.decode())
    return html.unescape(found[1]) if found else ""


def test_a_page_without_scripts_looks_for_news_for_some_minutes_and_then_asks_whether_to_look_again(
    client: Client, order: Order
) -> None:
    start = f"/order/{order.uuid}/success?session_id=cs_1&x=%22%3E"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        looking = reloads(client, start)
        assert looking.startswith(f"{start}&since=")
        clock.shift(290)
        assert reloads(client, looking) == looking
        clock.shift(20)
        assert reloads(client, looking) == ""
        page = client.get(looking).content.decode()
        assert "This page has stopped looking for news." in page
        assert f'<a href="{html.escape(start)}">Look again</a>' in page
        assert reloads(client, start) != looking


@pytest.mark.parametrize("since", ["x", "-1", "9" * 11, "9" * 5000, "٣"])
def test_a_time_that_was_made_up_is_as_none(client: Client, order: Order, since: str) -> None:
    assert reloads(client, f"/order/{order.uuid}/success?since={since}").startswith(
        f"/order/{order.uuid}/success?since=1"
    )


@pytest.fixture
def half_free(client: Client, usd_mug: Item, eur_mug: Item) -> list[Order]:
    """An order in dollars, and one in euros that costs nothing."""
    discount = Discount.objects.create(name="Gift", code="GIFT")
    DiscountAmount.objects.create(discount=discount, off=Money(99, "EUR"))
    for item in (usd_mug, eur_mug):
        client.post(f"/cart/add/{item.pk}")
    client.post("/cart/code", {"code": "gift"})
    headers = {"Accept": "application/json"}
    client.post("/cart/checkout", {"content": client.get("/cart", headers=headers).json()["content"]})
    return list(Order.objects.order_by("id"))


def test_an_order_with_nothing_to_pay_is_completed_and_never_called_paid(
    client: Client, half_free: list[Order]
) -> None:
    usd, eur = half_free
    free = f"/order/{eur.uuid}"
    page = client.get(free).content.decode()
    for text in ("There is nothing to pay", "Complete the order</button>", "0 of 2 complete", "Nothing to pay"):
        assert text in page
    for text in ("waiting for your payment", "Nothing was charged", "/pay"):
        assert text not in page
    assert "Awaiting payment" not in page.split("<caption>")[1].split("</caption>")[0]
    assert "Nothing to pay" in client.get(f"/order/{usd.uuid}").content.decode()
    assert client.post(f"{free}/checkout")["Location"] == free
    page = client.get(free).content.decode()
    for text in ("Your order is complete", "There was nothing to pay", "Completed on", "1 of 2 complete"):
        assert text in page
    assert "paid" not in page.lower().replace('data-status="paid"', "")


def test_a_part_that_costs_nothing_is_gone_on_with_by_completing_it(client: Client, half_free: list[Order]) -> None:
    usd, _ = half_free
    usd.mark_paid()
    page = client.get(f"/order/{usd.uuid}").content.decode()
    assert "Complete the order in EUR" in page
    assert "Continue with the payment" not in page


def test_amounts_are_written_in_the_visitors_format(client: Client, order: Order) -> None:
    page = client.get(f"/order/{order.uuid}", headers={"Accept-Language": "xx,de-AT;q=0.9,en;q=0.8"}).content.decode()
    assert "38,00" in page


def test_a_paid_order_shows_its_link_and_when_it_was_paid(client: Client, order: Order) -> None:
    order.mark_paid()
    page = client.get(f"/order/{order.uuid}/cancel").content.decode()
    assert f"http://testserver/order/{order.uuid}</a>" in page
    assert order.paid_at
    assert f'Paid on <time datetime="{order.paid_at:%Y-%m-%dT%H:%M}' in page
    assert f"{date_format(order.paid_at, 'DATETIME_FORMAT')} UTC</time>" in page


def test_who_gave_an_address_is_told_that_a_confirmation_comes(client: Client, order: Order) -> None:
    coming = "Your confirmation comes by e-mail."
    order.mark_paid()
    assert coming not in client.get(f"/order/{order.uuid}").content.decode()
    order.note_email("shopper@example.com")
    assert coming in client.get(f"/order/{order.uuid}").content.decode()
    # By then it came long ago.
    Order.objects.filter(pk=order.pk).update(refunded="fully")
    assert coming not in client.get(f"/order/{order.uuid}").content.decode()


def test_whoever_has_the_link_reads_the_e_mail_address_only_where_it_is_about_to_be_used(
    client: Client, order: Order
) -> None:
    """As on Stripe's own page it is filled in for who pays; what is kept and passed on as a receipt is without it."""
    order.note_email("anna@shopper.example")
    address = f"/order/{order.uuid}"

    def tells(path: str, **headers: str) -> bool:
        return "anna@shopper.example" in client.get(path, headers=headers, follow=True).content.decode()

    assert tells(f"{address}/pay")
    assert not any(map(tells, (address, f"{address}/success", f"{address}/cancel")))
    assert not tells(address, accept="application/json")
    order.mark_paid()
    assert not any(map(tells, (address, f"{address}/success", f"{address}/cancel", f"{address}/pay")))


def test_a_program_gets_the_same_as_json(client: Client, order: Order, pay: Callable[..., Any]) -> None:
    answer = client.get(f"/order/{order.uuid}", headers={"Accept": "application/json"}).json()
    assert answer == {
        "order": str(order.uuid),
        "status": "pending",
        "refunded": "not",
        "currency": "USD",
        "lines": [
            {
                "item": order.lines.get().item_id,
                "name": "Stoneware Mug",
                "quantity": 2,
                "unit_amount": 1900,
                "amount": 3800,
            }
        ],
        "subtotal": 3800,
        "discount": None,
        "taxes": [],
        "amount": 3800,
        "url": f"/order/{order.uuid}",
        "others": [],
        "next": {"action": "pay", "method": "POST", "url": f"/order/{order.uuid}/checkout"},
    }
    payment = order.payments.get()
    pay(payment.url)
    returned = client.get(
        f"/order/{order.uuid}/success",
        {"session_id": payment.checkout_session_id},
        headers={"Accept": "application/json"},
    )
    assert (returned.json()["status"], returned.json()["next"]) == ("paid", None)


@pytest.mark.parametrize("ending", ["", "/", "/success", "/cancel/"])
def test_the_link_is_kept_from_caches_search_engines_and_other_sites(client: Client, order: Order, ending: str) -> None:
    response = client.get(f"/order/{order.uuid}{ending}")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "Accept" in response["Vary"]


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["", "/success", "/cancel", "/checkout"])
def test_an_unknown_order_is_not_found(client: Client, ending: str) -> None:
    act = client.post if ending == "/checkout" else client.get
    assert act(f"/order/{uuid.uuid4()}{ending}").status_code == 404
    # By number they are for staff.
    assert act(f"/order/1{ending}").status_code == (404 if ending else 403)


def test_a_paid_order_cannot_be_paid_again(client: Client, order: Order) -> None:
    order.mark_paid()
    response = client.post(f"/order/{order.uuid}/checkout")
    assert response.status_code == 409
    assert "paid already" in response.content.decode()
    as_json = client.post(f"/order/{order.uuid}/checkout", headers={"Accept": "application/json"})
    assert as_json.json()["error"]["code"] == "order_closed"


def test_a_link_that_is_only_opened_pays_and_changes_nothing(client: Client, order: Order) -> None:
    assert client.get(f"/order/{order.uuid}/checkout")["Location"] == f"/order/{order.uuid}"
    assert client.post(f"/order/{order.uuid}").status_code == 405
    assert order.payments.count() == 1


def test_a_program_goes_on_by_what_the_answers_say(client: Client, order: Order) -> None:
    headers = {"Accept": "application/json"}
    step = client.get(f"/order/{order.uuid}", headers=headers).json()["next"]
    answer = client.post(step["url"], headers=headers).json()
    payment = order.payments.get(status="open")
    assert answer == {
        "id": payment.checkout_session_id,
        "url": payment.url,
        "publishable_key": payment.publishable_key,
    }


@pytest.mark.parametrize("address", ["/order/{uuid}", "/order/{uuid}/intent", "/order/{uuid}/checkout"])
def test_a_program_is_told_that_there_is_no_such_order(client: Client, db: None, address: str) -> None:
    path, headers = address.format(uuid=uuid.uuid4()), {"Accept": "application/json"}
    answer = client.get(path, headers=headers) if path.count("/") == 2 else client.post(path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_an_order_whose_item_is_gone_still_says_what_was_bought(client: Client, order: Order) -> None:
    Item.objects.all().delete()
    assert "Stoneware Mug" in client.get(f"/order/{order.uuid}").content.decode()
    assert client.post(f"/order/{order.uuid}/checkout").status_code == 303


def test_the_page_of_a_paid_order_costs_three_queries(
    client: Client, order: Order, django_assert_num_queries: Any
) -> None:
    order.payments.get().claim_check()
    order.mark_paid()
    order.payments.update(status="paid")
    with django_assert_num_queries(3):
        client.get(f"/order/{order.uuid}")


def test_the_page_of_an_order_to_be_paid_costs_five_queries_where_stripe_was_asked_a_moment_ago(
    client: Client, order: Order, django_assert_num_queries: Any
) -> None:
    order.payments.get().claim_check()
    # The order, its lines, taxes and payments; and that Stripe is not to be asked again.
    with django_assert_num_queries(5):
        client.get(f"/order/{order.uuid}")


def test_an_order_that_is_not_paid_is_put_in_the_cart_to_be_changed(client: Client, order: Order) -> None:
    Item.objects.update(stock=1, price=Decimal(20))
    payment = order.payments.get()
    response = client.post(f"/order/{order.uuid}/cart")
    assert response["Location"] == "/cart"
    page = client.get("/cart").content.decode()
    for text in ("in your cart: change it there", "it was USD\xa019.00", "There is only 1 of Stoneware Mug left"):
        assert text in page
    payment.refresh_from_db()
    assert payment.status == "expired"


def test_what_the_order_held_can_be_ordered_again_with_its_code(client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=2)
    Discount.objects.create(name="Ten off", percent=Decimal(10), code="TEN")
    client.post(f"/cart/add/{usd_mug.pk}", {"quantity": 2})
    client.post("/cart/code", {"code": "ten"})
    headers = {"Accept": "application/json"}
    client.post("/cart/checkout", {"content": client.get("/cart", headers=headers).json()["content"]})
    assert client.post(f"/order/{Order.objects.get().uuid}/cart", headers=headers).json()["count"] == 2
    (in_cart,) = client.get("/cart", headers=headers).json()["orders"]
    assert (in_cart["problem"], in_cart["discount"]["amount"]) == ("", 380)


def test_a_paid_order_stays_out_of_the_cart(client: Client, order: Order) -> None:
    order.mark_paid()
    answer = client.post(f"/order/{order.uuid}/cart", headers={"Accept": "application/json"})
    assert answer.json()["error"]["code"] == "order_closed"
    assert "change-button" not in client.get(f"/order/{order.uuid}").content.decode()
