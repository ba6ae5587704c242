"""The stand-in's books: each movement of money has its balance transaction, and together they are the balance."""

from collections.abc import Callable

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock
from payments.tests import stripe_spec
from payments.tests.sandbox_client import stripe_of
from payments.tests.test_sandbox_disputes import DISPUTED, INQUIRED, press
from payments.tests.test_sandbox_intents import confirm, new_intent
from payments.tests.test_sandbox_refunds import FAILS, SLOW, again, balance, charge_of, later, paid, refund

__all__ = ["later"]

DECLINED = "4000000000000002"


def books(**params: object) -> list[stripe.BalanceTransaction]:
    return stripe_of("USD").v1.balance_transactions.list({"limit": 100, **params}).data  # type: ignore[arg-type]


def entries() -> list[tuple[str, int]]:
    return [(entry.reporting_category, entry.amount) for entry in books()]


def test_the_description_that_they_are_held_against_is_that_of_the_sdk() -> None:
    described = stripe_spec.spec()["components"]["schemas"]["balance_transaction"]
    assert set(described["properties"]) == set(stripe.BalanceTransaction.__annotations__) - {
        "OBJECT_NAME",
        "_inner_class_types",
    }


def test_a_charge_stands_in_the_books_and_a_declined_one_does_not() -> None:
    confirm(new_intent(), DECLINED)
    charge = charge_of(paid())
    (entry,) = books()
    assert (entry.type, entry.amount, entry.fee, entry.net, entry.currency) == ("charge", 1900, 0, 1900, "usd")
    assert (entry.source, entry.id) == (charge.id, charge.balance_transaction)
    assert stripe_of("USD").v1.balance_transactions.retrieve(entry.id).to_dict() == entry.to_dict()


def test_a_refund_takes_it_out_again_also_while_it_is_under_way() -> None:
    refunded = refund(paid(SLOW), amount=700)
    assert refunded.status == "pending"
    assert entries() == [("refund", -700), ("charge", 1900)]
    assert books()[0].id == refunded.balance_transaction


def test_a_refund_that_fails_brings_it_back(later: Callable[[int], None]) -> None:
    refunded = refund(paid(FAILS), amount=700)
    later(10)
    assert again(refunded).failure_balance_transaction == books()[0].id
    assert entries() == [("refund_failure", 700), ("refund", -700), ("charge", 1900)]
    assert balance() == sum(amount for _, amount in entries()) == 1900


@pytest.mark.parametrize(("button", "last"), [("win", [("dispute_reversal", 1900)]), ("lose", [])])
def test_a_dispute_is_an_adjustment_that_is_reversed_if_it_is_won(
    admin_client: Client, button: str, last: list[tuple[str, int]]
) -> None:
    intent = paid(DISPUTED)
    press(admin_client, intent, button)
    assert entries() == [*last, ("dispute", -1900), ("charge", 1900)]
    assert {entry.type for entry in books()} == {"adjustment", "charge"}
    (dispute,) = stripe_of("USD").v1.disputes.list().data
    assert [entry.id for entry in dispute.balance_transactions] == [entry.id for entry in books()][-2::-1]
    assert balance() == sum(amount for _, amount in entries())


def test_an_inquiry_moves_no_money() -> None:
    paid(INQUIRED)
    assert entries() == [("charge", 1900)]


def test_they_are_narrowed_by_time_kind_currency_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    first = charge_of(paid())
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 100)
    refund(paid(), amount=500)
    assert len(books(created={"gte": now + 100})) == 2
    assert [entry.source for entry in books(created={"lt": now + 100})] == [first.id]
    assert len(books(type="refund")) == 1
    assert len(books(source=first.id)) == 1
    assert books(currency="eur") == []


def test_the_source_is_shown_whole_where_it_is_asked_for() -> None:
    intent = paid()
    refund(intent, amount=500)
    sources = [entry.source for entry in books(expand=["data.source"])]
    assert [source.payment_intent for source in sources] == [intent.id, intent.id]  # type: ignore[union-attr]


def test_they_are_listed_page_by_page() -> None:
    for _ in range(3):
        paid()
    listed = stripe_of("USD").v1.balance_transactions.list({"limit": 2})
    assert len(list(listed.auto_paging_iter())) == 3


def test_another_account_has_books_of_its_own() -> None:
    paid()
    assert stripe_of("EUR").v1.balance_transactions.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such balance_transaction"):
        stripe_of("EUR").v1.balance_transactions.retrieve(books()[0].id)
