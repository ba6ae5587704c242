"""What people do while Stripe fails: each story goes wrong once, is tried again, and ends with an order paid once."""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments import counterparts, refunds
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Counterpart, Discount, Item, Order, Payment, ReadEvents, Refund, Tax
from payments.tests.conftest import post_signed
from payments.tests.test_cart import cart_of, check_out, put_in
from payments.tests.test_order_composing import change_page, discount_form, form
from payments.tests.test_paying_here import intent_id, pay_here

PAGE = {"Accept": "text/html"}


@dataclass(frozen=True)
class Seen:
    """What a person, a program or an operator is shown."""

    status: int
    text: str


class Story:
    """In the account of a currency. `act` is what a person does while Stripe fails, and `again` what they do then."""

    # The function of the gateway whose call fails, and how many other calls the act makes before.
    call: ClassVar[str]
    calls_before: ClassVar[int] = 0
    # How the person is answered while it fails, and a word of it.
    while_it_fails: ClassVar[tuple[int, str]] = (503, "try again in a minute")
    # The same where Stripe said no: nobody is asked to try again what would be refused again.
    while_it_refuses: ClassVar[tuple[int, str]] = (502, "tell the shop")

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.client = Client(raise_request_exception=False)
        self.item: Item = Item.objects.create(name="Stoneware Mug", price=Money("19.00", currency))

    def prepare(self) -> None:
        """What happened before Stripe failed."""

    def act(self) -> Seen:
        raise NotImplementedError

    def again(self) -> Seen:
        return self.act()

    def has_worked(self, seen: Seen) -> bool:
        raise NotImplementedError

    def finish(self, seen: Seen) -> None:
        """The person goes on until the order is paid, by what was seen in the end."""

    # --- What stories are made of -----------------------------------------------------------------------------------

    @property
    def order(self) -> Order:
        order: Order = Order.objects.get(currency=self.currency)
        return order

    @property
    def address(self) -> str:
        return f"/order/{self.order.uuid}"

    def follow(self, path: str, values: Any = None) -> Seen:
        """Send a form; on to the page it leads to, if that is one of ours."""
        response = self.client.post(path, values or {}, headers=PAGE)
        location = response.headers.get("Location", "")
        if location and "/sandbox/" not in location:
            return self.look(location)
        return Seen(response.status_code, location or response.content.decode())

    def look(self, path: str) -> Seen:
        response = self.client.get(path, headers=PAGE)
        return Seen(response.status_code, response.content.decode())

    def ask(self, path: str) -> Seen:
        """As the page's script does."""
        response = self.client.post(path)
        return Seen(response.status_code, response.content.decode())

    def buy(self) -> Seen:
        return self.follow(f"/buy/{self.item.pk}", {"quantity": "1"})

    def pay_page(self, url: str, webhook: str = "lose") -> str:
        """Pay on Stripe's page; the address to come back to."""
        card = {"email": "shopper@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
        response = Client().post(urlsplit(url).path, {**card, "webhook": webhook})
        return response.headers.get("Location", "")

    def pay_element(self, secrets: str) -> str:
        """Pay on the shop's page; the address to come back to."""
        answer = json.loads(secrets)
        pay_here(answer)
        return f"{self.address}/success?payment_intent={intent_id(answer)}"

    def begin(self, method: str) -> Seen:
        """Make an order, and open one way to pay it."""
        order = Order.objects.for_item(self.item, quantity=1, visitor="somebody")
        return self.follow(f"/order/{order.uuid}/checkout") if method == "page" else self.ask(f"{self.address}/intent")

    def some_seconds_pass(self) -> None:
        """Stripe is not asked about a payment at each reload."""
        Payment.objects.filter(currency=self.currency).update(checked_at=None)

    def hours_pass(self) -> None:
        ago = timezone.now() - timedelta(hours=2)
        Payment.objects.filter(currency=self.currency).update(created=ago, checked_at=None)

    @property
    def taken(self) -> list[int]:
        """The charges that succeeded in the account, in minor units."""
        charges = client_for(keypair_for(self.currency)).v1.charges.list({"limit": 100}).data
        return [charge.amount for charge in charges if charge.status == "succeeded"]


class EndsOnStripesPage(Story):
    def has_worked(self, seen: Seen) -> bool:
        return seen.status == 303 and "/sandbox/checkout/" in seen.text

    def finish(self, seen: Seen) -> None:
        self.look(self.pay_page(seen.text))


class Buys(EndsOnStripesPage):
    call = "create_checkout_session"

    def act(self) -> Seen:
        return self.buy()


class BuysWithTax(EndsOnStripesPage):
    call = "create_tax_rate"

    def prepare(self) -> None:
        tax = {"percentage": Decimal(20), "inclusive": False, "automatic": True, "currencies": self.currency}
        Tax.objects.create(display_name=f"VAT {self.currency}", **tax)

    def act(self) -> Seen:
        return self.buy()


class ChecksOutCart(EndsOnStripesPage):
    """The order is made all the same: its page says what is wrong."""

    call = "create_coupon"
    while_it_fails = (200, "try again in a minute")
    while_it_refuses = (200, "tell the shop")

    def prepare(self) -> None:
        Discount.objects.create(name=f"Spring {self.currency}", percent=Decimal(10), code=f"SPRING{self.currency}")
        put_in(self.client, self.item)
        self.client.post("/cart/code", {"code": f"SPRING{self.currency}"})

    def act(self) -> Seen:
        response = check_out(self.client)
        return self.look(response["Location"])

    def again(self) -> Seen:
        return self.follow(f"{self.address}/checkout")


class GoesToStripesPageAfterAll(EndsOnStripesPage):
    call = "cancel_payment_intent"
    calls_before = 2

    def prepare(self) -> None:
        self.begin("here")

    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.follow(f"{self.address}/checkout")


class EndsOnOurPage(Story):
    def has_worked(self, seen: Seen) -> bool:
        return seen.status == 200 and "client_secret" in seen.text

    def finish(self, seen: Seen) -> None:
        self.look(self.pay_element(seen.text))


class OpensOurPage(EndsOnOurPage):
    call = "create_payment_intent"

    def prepare(self) -> None:
        Order.objects.for_item(self.item, quantity=1, visitor="somebody")

    def act(self) -> Seen:
        return self.ask(f"{self.address}/intent")


class ReloadsOurPage(EndsOnOurPage):
    call = "retrieve_payment_intent"

    def prepare(self) -> None:
        self.begin("here")

    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.ask(f"{self.address}/intent")


class StaysOnOurPageAfterAll(EndsOnOurPage):
    """Stripe's page was open in another tab."""

    call = "expire_checkout_session"
    calls_before = 1

    def prepare(self) -> None:
        self.begin("page")

    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.ask(f"{self.address}/intent")


class PaysWhatHasChanged(EndsOnOurPage):
    call = "update_payment_intent"
    calls_before = 1

    def prepare(self) -> None:
        self.begin("here")
        self.order.lines.update(quantity=2)

    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.ask(f"{self.address}/intent")


class HasPaid(Story):
    """The webhook was lost. What cannot be asked now is shown as it was known."""

    call = "retrieve_checkout_session"
    while_it_fails = while_it_refuses = (200, "waiting for your payment")
    back: str

    def prepare(self) -> None:
        self.back = self.pay_page(self.begin("page").text)

    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.look(self.back)

    def has_worked(self, seen: Seen) -> bool:
        return "Your order is paid" in seen.text


class HasPaidHere(HasPaid):
    call = "retrieve_payment_intent"

    def prepare(self) -> None:
        self.back = self.pay_element(self.begin("here").text)


class LooksAtOrder(HasPaid):
    def act(self) -> Seen:
        self.some_seconds_pass()
        return self.look(self.address)


class LooksAtCart(EndsOnStripesPage):
    """Somebody else holds what is left of the item, and the last use of the code, and did not pay in time."""

    call = "retrieve_checkout_session"
    while_it_fails = while_it_refuses = (200, "only 1 of Stoneware Mug left")

    def prepare(self) -> None:
        code = f"ONCE{self.currency}"
        once = Discount.objects.create(name="Once", percent=Decimal(10), code=code, maximum_uses=1)
        Item.objects.filter(pk=self.item.pk).update(stock=2)
        put_in(self.client, self.item, quantity=2)
        self.client.post("/cart/code", {"code": code})
        other = Order.objects.for_item(self.item, quantity=1, visitor="somebody else")
        other.give_discount(once)
        Client().post(f"/order/{other.uuid}/checkout")
        self.hours_pass()

    def act(self) -> Seen:
        return self.look("/cart")

    def again(self) -> Seen:
        self.some_seconds_pass()
        return self.follow("/cart/checkout", {"content": cart_of(self.client)["content"]})

    @property
    def order(self) -> Order:
        order: Order = Order.objects.filter(currency=self.currency).latest("pk")
        return order


class StripeTellsOfIt(HasPaid):
    """A webhook is answered so that it comes again."""

    while_it_fails = while_it_refuses = (503, "send it again")

    def act(self) -> Seen:
        payment = Payment.objects.get(currency=self.currency)
        session = {
            "id": payment.checkout_session_id,
            "livemode": False,
            "currency": self.currency.lower(),
            "amount_total": payment.amount,
        }
        event = {"id": f"evt_{payment.pk}", "type": "checkout.session.completed", "livemode": False}
        secret = keypair_for(self.currency).webhook_secrets[0]
        response = post_signed(self.client, json.dumps(event | {"data": {"object": session}}), secret)
        return Seen(response.status_code, response.content.decode())

    def has_worked(self, seen: Seen) -> bool:
        return seen.status == 200


class StaffStory(Story):
    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.staff = Client(raise_request_exception=False)
        self.staff.force_login(User.objects.create_superuser(f"owner_{currency}"))

    def save(self, path: str, values: Any) -> Seen:
        response = self.staff.post(path, values)
        return Seen(response.status_code, response.content.decode())

    def has_worked(self, seen: Seen) -> bool:
        return seen.status == 302

    def finish(self, seen: Seen) -> None:
        self.look(self.pay_page(self.follow(f"{self.address}/checkout").text))


class StaffSavesOrder(StaffStory):
    call = "expire_checkout_session"
    while_it_fails = while_it_refuses = (200, "cannot be taken back at the moment")

    def prepare(self) -> None:
        self.begin("page")

    def act(self) -> Seen:
        return self.save(change_page(self.order), form((self.item, "2"), order=self.order))


class StaffEditsDiscount(StaffStory):
    """It is saved whatever Stripe says; what stood for it there is retired later."""

    call = "delete_coupon"
    while_it_fails = while_it_refuses = (302, "")

    def prepare(self) -> None:
        self.discount = Discount.objects.create(name=f"Spring {self.currency}", percent=Decimal(10))
        order = Order.objects.for_item(self.item, quantity=1, visitor="somebody")
        order.give_discount(self.discount)
        self.follow(f"{self.address}/checkout")

    def act(self) -> Seen:
        return self.save(f"/admin/payments/discount/{self.discount.pk}/change/", discount_form("15"))

    def again(self) -> Seen:
        counterparts.retire_leftovers()
        left = Counterpart.objects.filter(currency=self.currency, retired_at=None)
        return Seen(500 if left.exists() or self.is_at_stripe else 302, "")

    @property
    def is_at_stripe(self) -> bool:
        return bool(client_for(keypair_for(self.currency)).v1.coupons.list().data)


class StaffEditsTax(StaffEditsDiscount):
    call = "archive_tax_rate"

    def prepare(self) -> None:
        self.tax = Tax.objects.create(display_name=f"VAT {self.currency}", percentage=Decimal(20), inclusive=False)
        order = Order.objects.for_item(self.item, quantity=1, visitor="somebody")
        order.put_taxes([self.tax])
        self.follow(f"{self.address}/checkout")

    def act(self) -> Seen:
        changed = {"display_name": self.tax.display_name, "percentage": "19", "active": "on"}
        return self.save(f"/admin/payments/tax/{self.tax.pk}/change/", changed)

    @property
    def is_at_stripe(self) -> bool:
        return bool(client_for(keypair_for(self.currency)).v1.tax_rates.list({"active": True}).data)


class StaffRefunds(StaffStory):
    """What Stripe did not answer is asked for again, and goes back once."""

    call = "create_refund"
    while_it_fails = (200, "is to be refunded. Stripe has not answered yet")
    while_it_refuses = (200, "Nothing was refunded")

    def prepare(self) -> None:
        self.look(self.pay_page(self.begin("page").text))

    def act(self) -> Seen:
        values = {"amount": "5.00", "reason": "duplicate", "note": "", "token": str(uuid.uuid4()), "confirmed": "yes"}
        payment = Payment.objects.get(order=self.order)
        response = self.staff.post(f"/admin/payments/payment/{payment.pk}/refund/", values, follow=True)
        return Seen(response.status_code, response.content.decode())

    def again(self) -> Seen:
        """Some minutes later; by hand where Stripe had said no."""
        refund = Refund.objects.get(payment__order=self.order)
        if not refund.is_unanswered:
            return self.act()
        Refund.objects.filter(pk=refund.pk).update(changed=timezone.now() - timedelta(minutes=10))
        refund.refresh_from_db()
        refunds.settle_refund(refund)
        return Seen(200, "")

    def has_worked(self, seen: Seen) -> bool:
        at_stripe = client_for(keypair_for(self.currency)).v1.refunds.list({"limit": 100}).data
        succeeded = Refund.objects.filter(payment__order=self.order, status="succeeded")
        return [refund.amount for refund in at_stripe] == [refund.amount for refund in succeeded] == [500]

    def finish(self, seen: Seen) -> None:
        """It was paid before."""


class OwnerComparesBooks(StaffStory):
    """The board's own figures are shown all the same."""

    call = "list_balance_transactions"
    while_it_fails = (200, "The account did not answer in time")
    while_it_refuses = (200, "Stripe refused to show the account")

    def prepare(self) -> None:
        self.look(self.pay_page(self.begin("page").text))

    def act(self) -> Seen:
        account = keypair_for(self.currency).publishable_key
        return self.save("/admin/board/", {"section": f"{self.currency}|test|{account}"})

    def has_worked(self, seen: Seen) -> bool:
        return "Everything agrees with Stripe" in seen.text

    def finish(self, seen: Seen) -> None:
        """It was paid before."""


class Reconciles(HasPaid):
    """An operator is told what could not be looked at."""

    call = "undelivered_events"
    while_it_fails = while_it_refuses = (1, "not now: events of the account")

    def act(self) -> Seen:
        out = StringIO()
        try:
            call_command("reconcile", stdout=out, stderr=out)
        except CommandError as error:
            return Seen(1, out.getvalue() + str(error))
        return Seen(0, out.getvalue())

    def has_worked(self, seen: Seen) -> bool:
        return seen.status == 0 and self.order.is_paid


class ReconcilesWhatHasNoEvent(Reconciles):
    call = "retrieve_checkout_session"
    calls_before = 1
    while_it_fails = while_it_refuses = (1, "not now: payment")

    def prepare(self) -> None:
        super().prepare()
        account = keypair_for(self.currency).publishable_key
        until = timezone.now() + timedelta(days=1)
        ReadEvents.objects.update_or_create(account=account, defaults={"until": until})

    def act(self) -> Seen:
        self.hours_pass()
        return super().act()


class ReconcilesRefunds(Reconciles):
    call = "list_refunds"
    calls_before = 2
    while_it_fails = while_it_refuses = (1, "not now: refunds and disputes of the account")


class ReconcilesDisputes(ReconcilesRefunds):
    call = "list_disputes"
    calls_before = 3
