"""A demo month: told by the shop's own acts, and afterwards board, shop and stand-in say the same in every currency."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone

from payments import books
from payments.board.figures import Figures, figures_of
from payments.board.periods import Period
from payments.gateway.client import client_for
from payments.gateway.keys import Keypair, keypair_for, ring
from payments.models import Dispute, Item, Order, OrderEmail, Payment, Refund, StripeEvent

CURRENCIES = ("BHD", "EUR", "JPY", "KWD", "USD")
ORDERS = 45

pytestmark = pytest.mark.usefixtures("new_shop", "db")


def sandbox_keypair(currency: str) -> Keypair:
    code = currency.lower()
    return Keypair(currency, f"pk_test_sandbox_{code}", f"sk_test_sandbox_{code}", (f"whsec_sandbox_{code}",))


@pytest.fixture
def new_shop(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With currencies of none, two and three decimals, and nobody who has been there before."""
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "admin")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "only-for-tests")
    settings.STRIPE_KEYPAIRS = {currency: sandbox_keypair(currency) for currency in CURRENCIES}


def demo(**options: Any) -> str:
    out = StringIO()
    call_command("demo_orders", **({"orders": ORDERS} | options), stdout=out)
    return out.getvalue()


def whole() -> Period:
    today = timezone.localdate()
    return Period(today - timedelta(days=40), today)


def charges(currency: str, kind: str) -> Iterator[dict[str, Any]]:
    """The account's own objects of this kind, as the stand-in lists them."""
    listed = getattr(client_for(keypair_for(currency)).v1, kind).list({"limit": 100})
    return (each.to_dict() for each in listed.auto_paging_iter())


def independent(currency: str) -> dict[str, int]:
    """What the figures have to be, from the stand-in's charges and disputes alone."""
    taken = [charge for charge in charges(currency, "charges") if charge["status"] == "succeeded"]
    moved = [each["amount"] for dispute in charges(currency, "disputes") for each in dispute["balance_transactions"]]
    return {
        "gross": sum(charge["amount"] for charge in taken),
        "refunds": sum(charge["amount_refunded"] for charge in taken),
        "disputes": -sum(moved),
        "paid_orders": len(taken),
    }


def balance(currency: str) -> int:
    (available,) = client_for(keypair_for(currency)).v1.balance.retrieve().available
    assert available.currency == currency.lower()
    return available.amount


def test_after_a_demo_month_the_board_is_the_balance_of_every_account_and_nothing_is_to_be_mended() -> None:
    demo()
    found = {figures.section.currency: figures for figures in figures_of(whole())}
    assert set(found) == set(CURRENCIES)
    for currency, figures in found.items():
        expected = independent(currency)
        assert {name: getattr(figures, name) for name in expected} == expected
        assert figures.net == balance(currency)
        assert books.compare(figures.section, whole()).agrees
        check_orders(figures)
    out, err = StringIO(), StringIO()
    call_command("reconcile", stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def check_orders(figures: Figures) -> None:
    """Discounts and taxes, added up order by order by the prices that shoppers saw."""
    orders = Order.objects.filter(status="paid", currency=figures.section.currency).prefetch_related("lines", "taxes")
    prices = [order.price for order in orders]
    assert figures.discounts == sum(price.discount for price in prices)
    assert figures.taxes == sum(sum(price.taxes) for price in prices)
    assert figures.orders == len(prices)


def test_everything_that_happens_in_a_shop_happens_in_the_month() -> None:
    said = demo()
    assert f"{ORDERS} orders of the past month, in BHD, EUR, JPY, KWD, USD:" in said
    assert {"partly", "fully"} <= set(Order.objects.values_list("refunded", flat=True))
    assert {"none", "open", "won", "lost"} == set(Order.objects.values_list("dispute", flat=True))
    assert {"warning_needs_response", "won", "lost"} <= set(Dispute.objects.values_list("status", flat=True))
    assert {"succeeded", "failed"} <= set(Refund.objects.values_list("status", flat=True))
    assert Refund.objects.exclude(note="").count() == Refund.objects.count()
    assert {"checkout", "intent"} == set(Payment.objects.values_list("method", flat=True))
    assert Order.objects.filter(total_amount=0, status="paid").exists()
    assert Order.objects.filter(status="pending").exists()
    assert Order.objects.annotate(count=Count("lines")).filter(count__gt=1).exists()
    assert Order.objects.exclude(email="").exclude(email__endswith="@example.com").count() == 0
    assert not StripeEvent.objects.waiting().exists()


def test_its_times_are_spread_over_the_month_alike_in_the_shop_and_at_the_stand_in() -> None:
    demo()
    days = Counter(timezone.localtime(at).date() for at in Order.objects.values_list("created", flat=True))
    assert len(days) == 30
    assert max(days.values()) <= 20
    for currency in CURRENCIES:
        taken = {each["payment_intent"]: each["created"] for each in charges(currency, "charges") if each["paid"]}
        for payment in Payment.objects.filter(currency=currency, status="paid").select_related("order"):
            assert payment.order.paid_at
            # The bank that takes its time is a minute late.
            assert 0 <= payment.order.paid_at.timestamp() - taken[payment.payment_intent_id] < 90


def test_nobody_gets_a_mail_then_or_later() -> None:
    demo(orders=16)
    assert OrderEmail.objects.exists()
    call_command("reconcile")
    assert mail.outbox == []
    assert not OrderEmail.objects.filter(sent_at=None).exists()


def test_the_same_seed_tells_the_same_month() -> None:
    def told() -> list[Any]:
        lines = Order.objects.order_by("created", "id").values_list("email", "currency", "lines__name", "total_amount")
        return sorted(lines, key=repr)

    demo(orders=12, seed=7)
    first = told()
    demo(orders=12, seed=7, beside=True)
    twice = told()
    assert Counter(twice) == Counter(first + first)
    assert logging.root.manager.disable == logging.NOTSET


def test_orders_of_people_are_not_mixed_with_it_unless_somebody_says_so(usd_mug: Item) -> None:
    Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    with pytest.raises(CommandError, match="There are orders already. With --beside"):
        demo(orders=1)
    demo(orders=1, beside=True)
    assert Order.objects.count() == 2


def test_it_never_reaches_an_account_of_stripes(settings: Any) -> None:
    real = replace(ring()["EUR"], publishable_key="pk_test_51Real", secret_key="sk_test_51Real")
    settings.STRIPE_KEYPAIRS = {**ring(), "EUR": real}
    with pytest.raises(CommandError, match="EUR has keys that are not the stand-in's"):
        demo()
    settings.STRIPE_KEYPAIRS = {}
    with pytest.raises(CommandError, match="set its keys"):
        demo()
    assert Order.objects.count() == 0


def test_a_real_account_that_is_retired_keeps_it_away_as_well(settings: Any) -> None:
    settings.STRIPE_RETIRED_KEYPAIRS = [Keypair("USD", "pk_live_1", "sk_live_1", ("whsec_1",), retired=True)]
    with pytest.raises(CommandError, match="USD has keys"):
        demo()


@pytest.mark.parametrize("orders", [0, 601])
def test_a_month_has_so_many_orders_and_no_more(orders: int) -> None:
    with pytest.raises(CommandError, match="1 to 600"):
        demo(orders=orders)


def test_its_clerk_can_never_sign_in() -> None:
    demo(orders=1)
    clerk = User.objects.get(username="demo-clerk")
    assert not clerk.has_usable_password()
    assert not clerk.is_superuser
