"""Everything happens once in the shop: made in its own process, and told as JSON."""

import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from djmoney.money import Money

from payments import checkout, fulfillment, refunds
from payments.models import Discount, DiscountAmount, Dispute, Item, Order, Payment, Refund, StripeEvent, Tax
from payments.sandbox.demo.month import at, carry_webhooks, quietly
from payments.sandbox.paying import overdue
from payments.tests.problem_pages import problems, visitor
from payments.tests.stage import CLERK, CLERKS_PASSWORD, ORIGIN

A_DAY = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)
PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
IS_DISPUTED = "4000 0000 0000 0259"
NAMES = uuid.UUID("5a1ad000-0000-4000-8000-000000000000")
Facts = dict[str, Any]


def set_up() -> None:
    with quietly():
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
    few_left = Item.objects.get(name="Brass Desk Lamp")
    Item.objects.filter(pk=few_left.pk).update(stock=3)
    retired = Item.objects.create(
        name="Enamel Camping Kettle",
        # An address has no place where a line could end.
        description="It sang for many years. We do not make it any more. What to know about it is kept at "
        "https://archive.example/kettles/enamel-camping-kettle-of-one-litre-with-a-whistle-and-a-beech-handle",
        price=Money("44.00", "USD"),
        on_sale=False,
    )
    return {"not_on_sale": retired.pk, "sold_out": sold_out.pk, "few_left": few_left.pk}


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
        "order_processing": processing(new_order("processing", eur)),
        "order_paid": paid(new_order("paid", eur, quantity=2)),
        "order_free": free(new_order("free", eur)),
        "order_partly_refunded": refunded(paid(new_order("partly", usd, quantity=2)), part=2),
        "order_refunded": refunded(paid(new_order("refunded", usd)), part=1),
        "order_of_two": one_of_two(),
        "order_disputed": disputed(new_order("disputed", usd)),
        "order_pending": on_our_page(new_order("pending", usd, quantity=2)),
        "order_on_our_page": on_our_page(new_order("on our page", usd)),
    }
    numbers = {f"{name}_number": order.pk for name, order in made.items()}
    payments = payment_of("paid", made["order_paid"]) | payment_of("disputed", made["order_disputed"])
    return {name: str(order.uuid) for name, order in made.items()} | sessions(usd) | numbers | payments


def payment_of(name: str, order: Order) -> Facts:
    payment = Payment.objects.get(order=order)
    return {f"payment_{name}": payment.pk, f"intent_{name}": payment.payment_intent_id}


def sessions(item: Item) -> Facts:
    return {
        "session_open": session_in_each_language("offered", item),
        "session_declined": session_in_each_language("declined", item, partial(pay, number=DECLINES)),
        "session_confirm": session_in_each_language("confirmed", item, partial(pay, number=ASKS)),
        "session_paid": session_in_each_language("paid there", item, pay),
        "session_refused": session_in_each_language("refused", item, refuse),
        "session_expired": session_in_each_language("expired", item, expire),
    }


def session_in_each_language(name: str, item: Item, happens: Callable[[str], object] | None = None) -> dict[str, str]:
    """Stripe's page in the language that an order brings with it, after something has happened there."""
    paths = {}
    for code, _ in settings.LANGUAGES:
        with override(code):
            url = offer(new_order(f"{name} {code}", item))
        if happens:
            happens(url)
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


def pay(url: str, number: str = PAYS, bank: str = "at_once", webhook: str = "lose") -> str:
    """Where it leads."""
    card = {"email": "shopper@example.com", "number": number, "expiry": "12 / 34", "cvc": "123"}
    answer = visitor().post(urlsplit(url).path, card | {"webhook": webhook, "bank": bank})
    return answer.headers.get("Location", "")


def refuse(url: str) -> None:
    """The bank does, after a while."""
    pay(url, bank="refuses")
    at(timezone.now() + timedelta(minutes=1), overdue.catch_up)


def expire(url: str) -> None:
    fulfillment.take_back_offers(Payment.objects.get(url=url).order)


def paid(order: Order, bank: str = "at_once") -> Order:
    back = urlsplit(pay(offer(order), bank=bank))
    visitor().get(f"{back.path}?{back.query}")
    return Order.objects.get(pk=order.pk)


def disputed(order: Order) -> Order:
    """The webhooks tell of both, the payment and the dispute."""
    pay(offer(order), IS_DISPUTED, webhook="deliver")
    carry_webhooks()
    return Order.objects.get(pk=order.pk)


def on_our_page(order: Order) -> Order:
    """Somebody has begun to pay there, and wrote an address."""
    visitor().post(f"/order/{order.uuid}/intent", {"email": "shopper@example.com"})
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
    User.objects.create_user(CLERK, password=CLERKS_PASSWORD, is_staff=True)
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
    Dispute.objects.update(created=A_DAY + timedelta(days=2), evidence_due_by=A_DAY + timedelta(days=9))
    StripeEvent.objects.update(received=A_DAY)
    LogEntry.objects.update(action_time=A_DAY)
    User.objects.update(date_joined=A_DAY, last_login=A_DAY)
