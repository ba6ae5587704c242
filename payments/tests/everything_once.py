"""Everything happens once in the shop: made in its own process, and told as JSON."""

import json
import sys
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from djmoney.money import Money

from payments import checkout, refunds
from payments.models import Discount, DiscountAmount, Item, Order, Payment, Refund, StripeEvent, Tax
from payments.tests.problem_pages import problems, visitor
from payments.tests.stage import ORIGIN

A_DAY = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)
PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
NAMES = uuid.UUID("5a1ad000-0000-4000-8000-000000000000")
Facts = dict[str, Any]


def set_up() -> None:
    facts = items() | carts() | orders() | staff()
    let_time_pass()
    languages = [code for code, _ in settings.LANGUAGES]
    sys.stdout.write(json.dumps(facts | {"languages": languages, "problems": problems()}))


def items() -> Facts:
    Tax.objects.create(display_name="VAT", percentage=20, inclusive=True, automatic=True, currencies="EUR")
    Tax.objects.create(display_name="Sales tax", percentage=Decimal("8.875"), inclusive=False)
    Discount.objects.create(name="Spring sale", percent=Decimal(10), code="SPRING")
    gift = Discount.objects.create(name="Gift card", code="GIFT")
    DiscountAmount.objects.create(discount=gift, off=Money(400, "EUR"))
    sold_out = Item.objects.get(name="Oak Wall Clock")
    Item.objects.filter(pk=sold_out.pk).update(stock=0)
    retired = Item.objects.create(
        name="Enamel Camping Kettle",
        # An address has no place where a line could end.
        description="It sang for many years. We do not make it any more. What to know about it is kept at "
        "https://archive.example/kettles/enamel-camping-kettle-of-one-litre-with-a-whistle-and-a-beech-handle",
        price=Money("44.00", "USD"),
        on_sale=False,
    )
    return {"not_on_sale": retired.pk, "sold_out": sold_out.pk}


def carts() -> Facts:
    """As cookies."""
    # Put in at another price, and gone since.
    item, gone = item_on_sale("USD"), removed()
    Item.objects.filter(pk=item.pk).update(price=item.price.amount + 2)
    problem = with_cart(item, item_on_sale("EUR"), gone, quantity=3)
    problem.post("/cart/code", {"code": "NONSENSE"})
    Item.objects.filter(pk=item.pk).update(price=item.price.amount)
    gone.delete()
    discounted = with_cart(*Item.objects.for_sale(["EUR"]).filter(stock=None)[:2], quantity=2)
    discounted.post("/cart/code", {"code": "SPRING"})
    return {
        "cart_discounted": discounted.cookies["cart"].value,
        "cart_with_problems": problem.cookies["cart"].value,
    }


def item_on_sale(currency: str) -> Item:
    item: Item = Item.objects.for_sale([currency]).filter(stock=None)[0]
    return item


def removed() -> Item:
    item: Item = Item.objects.create(name="Gone", price=Money(5, "USD"))
    return item


def with_cart(*items: Item, quantity: int = 1) -> Client:
    client = visitor()
    for item in items:
        client.post(f"/cart/add/{item.pk}", {"quantity": quantity})
    return client


def orders() -> Facts:
    usd, eur = item_on_sale("USD"), item_on_sale("EUR")
    made = {
        "order_pending": new_order("pending", usd, quantity=2),
        "order_processing": processing(new_order("processing", eur)),
        "order_paid": paid(new_order("paid", eur, quantity=2)),
        "order_free": free(new_order("free", eur)),
        "order_partly_refunded": refunded(paid(new_order("partly", usd, quantity=2)), part=2),
        "order_refunded": refunded(paid(new_order("refunded", usd)), part=1),
        "order_of_two": one_of_two(),
    }
    sessions = {
        "session_open": sessions_of("offered", usd),
        "session_declined": sessions_of("declined", usd, DECLINES),
        "session_confirm": sessions_of("confirmed", usd, ASKS),
        "session_paid": sessions_of("closed", usd, PAYS),
    }
    done = Payment.objects.filter(order=made["order_paid"]).get()
    numbers = {f"{name}_number": order.pk for name, order in made.items()}
    payments = {"payment": done.pk, "intent_paid": done.payment_intent_id}
    return {name: str(order.uuid) for name, order in made.items()} | sessions | numbers | payments


def sessions_of(name: str, item: Item, number: str = "") -> dict[str, str]:
    """Stripe's page in each language, which an order brings with it; where a card was tried there, if one is named."""
    paths = {}
    for code, _ in settings.LANGUAGES:
        with override(code):
            url = offer(new_order(f"{name} {code}", item))
        if number:
            pay(url, number)
        paths[code] = urlsplit(url).path
    return paths


def new_order(name: str, item: Item, quantity: int = 1) -> Order:
    order = Order.objects.for_item(item, quantity=quantity, visitor=name)
    return same_each_time(order, name)


def same_each_time(order: Order, name: str) -> Order:
    Order.objects.filter(pk=order.pk).update(uuid=uuid.uuid5(NAMES, name), purchase_key="")
    return Order.objects.get(pk=order.pk)


def offer(order: Order) -> str:
    payment = checkout.open_session(order=order, origin=ORIGIN)
    return payment.url if payment else ""


def pay(url: str, number: str = PAYS, bank: str = "at_once") -> str:
    """Where it leads."""
    card = {"email": "shopper@example.com", "number": number, "expiry": "12 / 34", "cvc": "123"}
    answer = visitor().post(urlsplit(url).path, card | {"webhook": "lose", "bank": bank})
    return answer.headers.get("Location", "")


def paid(order: Order, bank: str = "at_once") -> Order:
    back = urlsplit(pay(offer(order), bank=bank))
    visitor().get(f"{back.path}?{back.query}")
    return Order.objects.get(pk=order.pk)


def processing(order: Order) -> Order:
    """For as long as anybody looks: the account is not asked about it for a day."""
    order = paid(order, bank="slow")
    order.payments.update(checked_at=timezone.now() + timedelta(days=1))
    return order


def free(order: Order) -> Order:
    order.give_discount(Discount.objects.get(code="GIFT"))
    order.complete_for_free()
    return order


def refunded(order: Order, *, part: int) -> Order:
    payment = Payment.objects.get(order=order)
    owner = User.objects.get(username="admin")
    amount = payment.amount // part
    refunds.refund(payment=payment, amount=amount, reason=Refund.Reason.REQUESTED_BY_CUSTOMER, note="", by=owner)
    return order


def one_of_two() -> Order:
    client = with_cart(item_on_sale("USD"), item_on_sale("EUR"))
    content = client.get("/cart", headers={"Accept": "application/json"}).json()["content"]
    client.post("/cart/checkout", {"content": content})
    first, second = Order.objects.order_by("-pk")[:2][::-1]
    same_each_time(second, "second of two")
    return paid(same_each_time(first, "first of two"))


def staff() -> Facts:
    client = visitor()
    client.force_login(User.objects.get(username="admin"))
    return {"staff": client.cookies["sessionid"].value}


def let_time_pass() -> None:
    """No page shows when it was made."""
    Item.objects.update(created=A_DAY, changed=A_DAY)
    Order.objects.update(created=A_DAY)
    Order.objects.filter(status="paid").update(paid_at=A_DAY)
    Payment.objects.update(created=A_DAY)
    Refund.objects.update(created=A_DAY + timedelta(days=2))
    StripeEvent.objects.update(received=A_DAY)
    LogEntry.objects.update(action_time=A_DAY)
    User.objects.update(date_joined=A_DAY, last_login=A_DAY)
