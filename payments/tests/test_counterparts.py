"""A discount has one Coupon and a tax one TaxRate in each account, however many orders and buyers there are."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from payments import checkout, counterparts
from payments.errors import StripeUnreachable
from payments.gateway import api
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Counterpart, Discount, Item, Order, Tax
from payments.tests.stripe_server import Answer, Recorded, StripeServer
from payments.tests.test_settling import at_once


@pytest.fixture
def terms(db: None) -> tuple[Discount, Tax]:
    discount = Discount.objects.create(name="Ten percent off", percent=Decimal(10))
    return discount, Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)


def buy(item: Item, terms: tuple[Discount, Tax], visitor: str = "somebody") -> None:
    order = Order.objects.for_item(item, quantity=1, visitor=visitor)
    order.give_discount(terms[0])
    order.put_taxes([terms[1]])
    checkout.open_session(order=order, origin="https://shop.example")


def at_stripe(currency: str) -> tuple[list[str], list[str], list[str]]:
    """Coupons, active tax rates and archived tax rates of the currency's account."""
    v1 = client_for(keypair_for(currency)).v1
    rates = v1.tax_rates.list({"limit": 100}).data
    return (
        [coupon.id for coupon in v1.coupons.list({"limit": 100}).data],
        [rate.id for rate in rates if rate.active],
        [rate.id for rate in rates if not rate.active],
    )


def counts(currency: str) -> tuple[int, ...]:
    return tuple(len(found) for found in at_stripe(currency))


def test_they_are_made_once_and_used_again(usd_mug: Item, eur_mug: Item, terms: tuple[Discount, Tax]) -> None:
    for visitor in ("one", "two", "three"):
        for item in (usd_mug, eur_mug):
            buy(item, terms, visitor)
    assert counts("USD") == counts("EUR") == (1, 1, 0)
    assert counts("JPY") == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_orders_from_sixteen_buyers_at_once_make_one_each(
    usd_mug: Item, eur_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer
) -> None:
    def buyer(number: int) -> None:
        try:
            buy((usd_mug, eur_mug)[number % 2], terms, str(number))
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as buyers:
        list(buyers.map(buyer, range(100)))
    assert counts("USD") == counts("EUR") == (1, 1, 0)
    Discount.objects.update(percent=15)
    Tax.objects.update(percentage=19)
    after_edit = (Discount.objects.get(), Tax.objects.get())
    for item in (usd_mug, eur_mug):
        buy(item, after_edit, "after the edit")
    assert counterparts.retire_leftovers() == 4
    assert counts("USD") == counts("EUR") == (1, 1, 1)


def test_when_a_row_is_deleted_its_counterparts_are_retired(usd_mug: Item, terms: tuple[Discount, Tax]) -> None:
    buy(usd_mug, terms)
    Discount.objects.all().delete()
    Tax.objects.all().delete()
    assert counterparts.retire_leftovers() == 2
    assert counts("USD") == (0, 0, 1)
    assert counterparts.retire_leftovers() == 0


def test_with_stripe_down_what_is_left_over_is_retired_later(
    usd_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    buy(usd_mug, terms)
    Discount.objects.all().delete()
    stripe_server.answers = [Answer(hang_up=True)] * 3
    assert counterparts.retire_leftovers() == 0
    assert counterparts.retire_leftovers() == 1


def test_a_coupon_that_somebody_deleted_is_made_anew_and_the_buy_goes_on(
    usd_mug: Item, terms: tuple[Discount, Tax]
) -> None:
    buy(usd_mug, terms, "one")
    (coupon,), _, _ = at_stripe("USD")
    api.delete_coupon(keypair_for("USD"), coupon)
    buy(usd_mug, terms, "two")
    assert counts("USD")[0] == 1


def test_a_tax_rate_that_somebody_archived_is_made_anew_and_the_buy_goes_on(
    usd_mug: Item, terms: tuple[Discount, Tax]
) -> None:
    buy(usd_mug, terms, "one")
    _, (rate,), _ = at_stripe("USD")
    api.archive_tax_rate(keypair_for("USD"), rate)
    buy(usd_mug, terms, "two")
    assert counts("USD") == (1, 1, 1)


def test_when_all_are_gone_all_are_made_anew_and_the_buy_goes_on(usd_mug: Item, terms: tuple[Discount, Tax]) -> None:
    buy(usd_mug, terms, "one")
    (coupon,), (rate,), _ = at_stripe("USD")
    api.delete_coupon(keypair_for("USD"), coupon)
    api.archive_tax_rate(keypair_for("USD"), rate)
    buy(usd_mug, terms, "two")
    assert counts("USD") == (1, 1, 1)


def test_only_what_is_gone_is_made_anew(usd_mug: Item, terms: tuple[Discount, Tax]) -> None:
    taxes = [terms[1], Tax.objects.create(display_name="City tax", percentage=Decimal(2), inclusive=False)]
    for visitor in ("one", "two", "three"):
        order = Order.objects.for_item(usd_mug, quantity=1, visitor=visitor)
        order.give_discount(terms[0])
        order.put_taxes(taxes)
        checkout.open_session(order=order, origin="https://shop.example")
        if visitor == "one":
            city_tax = Counterpart.objects.filter(kind="tax_rate").latest("id")
            api.archive_tax_rate(keypair_for("USD"), city_tax.stripe_id)
        if visitor == "two":
            api.delete_coupon(keypair_for("USD"), at_stripe("USD")[0][0])
    assert counts("USD") == (1, 2, 1)


def test_what_another_buyer_made_anew_meanwhile_is_used(
    usd_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer
) -> None:
    buy(usd_mug, terms, "one")
    _, (rate,), _ = at_stripe("USD")
    api.archive_tax_rate(keypair_for("USD"), rate)
    stripe_server.meanwhile = lambda: buy(usd_mug, terms, "two")
    buy(usd_mug, terms, "three")
    assert counts("USD") == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_tax_rate_that_somebody_archived_is_made_anew_once_however_many_buy(
    usd_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer
) -> None:
    buy(usd_mug, terms)
    _, (rate,), _ = at_stripe("USD")
    api.archive_tax_rate(keypair_for("USD"), rate)
    visitors = iter(range(12))
    assert at_once(12, lambda: buy(usd_mug, terms, str(next(visitors)))) == []
    assert counts("USD") == (1, 1, 1)


def test_a_tax_rate_that_stripe_failed_to_make_is_asked_for_with_another_key(
    usd_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    """Stripe gives the same answer to the same key for a day, a failure of its own included."""
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    failed: set[str] = set()
    original = stripe_server.answer

    def as_stripe_does(request: Recorded) -> tuple[int, str]:
        key = request.headers.get("Idempotency-Key", "")
        if request.path.endswith("/tax_rates") and (not failed or key in failed):
            failed.add(key)
            return 500, '{"error": {"type": "api_error", "message": "down"}}'
        return original(request)

    stripe_server.answer = as_stripe_does  # type: ignore[method-assign]
    with pytest.raises(StripeUnreachable):
        buy(usd_mug, terms)
    buy(usd_mug, terms)
    assert counts("USD") == (1, 1, 0)


def test_a_tax_rate_whose_answer_was_lost_is_found_by_its_key(
    usd_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    original = stripe_server.answer

    def made_but_not_told(request: Recorded) -> tuple[int, str]:
        answer = original(request)
        return (502, "<html>Bad gateway</html>") if request.path.endswith("/tax_rates") else answer

    stripe_server.answer = made_but_not_told  # type: ignore[method-assign]
    with pytest.raises(StripeUnreachable):
        buy(usd_mug, terms)
    stripe_server.answer = original  # type: ignore[method-assign]
    buy(usd_mug, terms)
    assert counts("USD") == (1, 1, 0)


def test_one_leftover_that_cannot_be_retired_does_not_keep_the_others(
    usd_mug: Item, terms: tuple[Discount, Tax]
) -> None:
    Counterpart.objects.create(
        kind="coupon", account="pk_live_gone", currency="GBP", content="0" * 64, stripe_id="shop-of-an-account-we-left"
    )
    buy(usd_mug, terms)
    Discount.objects.all().delete()
    assert counterparts.retire_leftovers() == 1
    assert counts("USD") == (0, 1, 0)


def test_an_account_that_does_not_answer_is_asked_once_and_does_not_keep_the_others(
    usd_mug: Item, eur_mug: Item, terms: tuple[Discount, Tax], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    for item in (usd_mug, eur_mug):
        buy(item, terms)
    Discount.objects.all().delete()
    Tax.objects.all().delete()
    stripe_server.requests.clear()
    # One request, asked three times: whichever account comes first.
    stripe_server.answers = [Answer(hang_up=True)] * 3
    assert counterparts.retire_leftovers() == 2
    assert len(stripe_server.requests) == 3 + 2
    assert counterparts.retire_leftovers() == 2


def test_in_another_account_there_are_others(usd_mug: Item, terms: tuple[Discount, Tax], settings: Any) -> None:
    buy(usd_mug, terms, "one")
    ring = settings.STRIPE_KEYPAIRS
    moved = type(ring["USD"])("USD", "pk_test_sandbox_moved", "sk_test_sandbox_moved", ("whsec_sandbox_moved",))
    settings.STRIPE_KEYPAIRS = {**ring, "USD": moved}
    buy(usd_mug, terms, "two")
    assert counts("USD") == (1, 1, 0)
    assert Counterpart.objects.values("account").distinct().count() == 2


def test_one_that_is_there_already_is_taken(usd_mug: Item, terms: tuple[Discount, Tax]) -> None:
    """Its row was lost: the coupon's id is made of its content, so it is found again."""
    buy(usd_mug, terms, "one")
    Counterpart.objects.filter(kind="coupon").delete()
    buy(usd_mug, terms, "two")
    assert counts("USD")[0] == 1
