"""The stand-in's tax rates, asked through the real SDK."""

from typing import Any

import pytest
import stripe
from django.test import Client

from payments.tests.sandbox_client import coupon, event_types, line, open_session, stripe_of, tax_rate

GERMAN: Any = {
    "display_name": "VAT",
    "percentage": 19,
    "inclusive": True,
    "jurisdiction": "DE",
    "country": "DE",
    "description": "VAT Germany",
    "tax_type": "vat",
    "metadata": {"tax": "1"},
}


def rates() -> Any:
    return stripe_of("USD").v1.tax_rates


def taxed(unit_amount: int, *ids: str, currency: str = "usd") -> Any:
    return line(unit_amount, currency) | {"tax_rates": list(ids)}


# --- Made, read, changed ------------------------------------------------------------------------------------


def test_a_tax_rate_repeats_what_the_shop_said_about_it() -> None:
    made = rates().create(GERMAN)
    assert {name: made.to_dict()[name] for name in GERMAN} == GERMAN
    assert made.active
    assert rates().retrieve(made.id).to_dict() == made.to_dict()
    assert event_types() == ["tax_rate.created"]


def test_a_percentage_is_kept_as_it_was_sent() -> None:
    assert rates().create(GERMAN | {"percentage": 8.8751}).percentage == 8.8751


def test_a_tax_rate_is_archived_and_renamed_but_what_it_takes_never_changes() -> None:
    id = rates().create(GERMAN).id
    changed = rates().update(id, {"active": False, "display_name": "MwSt", "description": "", "metadata": {"a": "1"}})
    assert (changed.active, changed.display_name, changed.description) == (False, "MwSt", None)
    assert changed.metadata.to_dict() == {"tax": "1", "a": "1"}
    for name, value in (("percentage", 7), ("inclusive", False)):
        with pytest.raises(stripe.InvalidRequestError, match=f"Received unknown parameter: {name}"):
            rates().update(id, {name: value})
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        stripe_of("USD").raw_request("delete", f"/v1/tax_rates/{id}")


def test_tax_rates_are_listed_by_what_they_are() -> None:
    old = rates().create(GERMAN | {"active": False}).id
    new = rates().create(GERMAN | {"inclusive": False}).id
    assert [rate.id for rate in rates().list().data] == [new, old]
    assert [rate.id for rate in rates().list({"active": False}).data] == [old]
    assert [rate.id for rate in rates().list({"inclusive": False, "active": True}).data] == [new]
    assert stripe_of("EUR").v1.tax_rates.list().data == []


INVALID = {
    "no name": ({"display_name": None}, "display_name", "parameter_missing"),
    "a long name": ({"display_name": "x" * 51}, "display_name", "parameter_invalid_string_too_long"),
    "no percentage": ({"percentage": None}, "percentage", "parameter_missing"),
    "less than nothing": ({"percentage": -0.5}, "percentage", None),
    "more than all": ({"percentage": 101}, "percentage", None),
    "five decimals": ({"percentage": 8.87512}, "percentage", None),
    "neither inclusive nor exclusive": ({"inclusive": None}, "inclusive", "parameter_missing"),
    "perhaps inclusive": ({"inclusive": "perhaps"}, "inclusive", None),
    "no tax of this world": ({"tax_type": "window_tax"}, "tax_type", None),
    "misspelt": ({"jurisdictoin": "DE"}, "jurisdictoin", "parameter_unknown"),
}


@pytest.mark.parametrize(("changes", "param", "code"), INVALID.values(), ids=INVALID)
def test_a_tax_rate_that_stripe_would_not_make_is_refused(changes: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rates().create(GERMAN | changes)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert rates().list().data == []


# --- In a session -------------------------------------------------------------------------------------------


def amounts(session: stripe.checkout.Session) -> list[tuple[int, int, int]]:
    items = stripe_of("USD").v1.checkout.sessions.line_items.list(session.id).data
    return [(item.amount_discount, item.amount_tax, item.amount_total) for item in items]


def test_an_exclusive_tax_comes_on_top_of_what_the_discount_leaves() -> None:
    vat = tax_rate(5, inclusive=False)
    session = open_session(taxed(500, vat), taxed(1000, vat), discounts=[{"coupon": coupon()}])
    assert amounts(session) == [(50, 23, 473), (100, 45, 945)]
    assert session.total_details is not None
    assert session.total_details.to_dict() == {"amount_discount": 150, "amount_shipping": 0, "amount_tax": 68}
    assert (session.amount_subtotal, session.amount_total) == (1500, 1418)


def test_an_inclusive_tax_is_part_of_what_the_discount_leaves() -> None:
    vat = tax_rate(5, inclusive=True)
    session = open_session(taxed(500, vat), taxed(1000, vat), discounts=[{"coupon": coupon()}])
    assert amounts(session) == [(50, 21, 450), (100, 43, 900)]
    assert session.amount_total == 1350


def test_an_inclusive_and_an_exclusive_tax_stand_side_by_side() -> None:
    both = tax_rate(5, inclusive=True, name="VAT"), tax_rate(7, inclusive=False, name="City")
    session = open_session(taxed(500, *both), taxed(1000, *both), discounts=[{"coupon": coupon()}])
    assert amounts(session) == [(50, 51, 480), (100, 103, 960)]
    lines = stripe_of("USD").v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.taxes"]}).data
    assert [[tax.amount for tax in item.taxes or []] for item in lines] == [[21, 30], [43, 60]]
    expand = ["total_details.breakdown"]
    found: Any = stripe_of("USD").v1.checkout.sessions.retrieve(session.id, {"expand": expand}).total_details
    breakdown = [(tax.rate.display_name, tax.amount, tax.taxable_amount) for tax in found.breakdown.taxes]
    assert breakdown == [("VAT", 64, 1286), ("City", 90, 1286)]


def test_taxes_may_differ_from_line_to_line() -> None:
    session = open_session(taxed(100_000, tax_rate(10, inclusive=True)), taxed(5000, tax_rate(0, inclusive=False)))
    assert amounts(session) == [(0, 9091, 100_000), (0, 0, 5000)]


@pytest.mark.parametrize(("currency", "unit_amount", "tax"), [("isk", 50_000, 3_800), ("bhd", 5_250, 390)])
def test_a_tax_is_a_multiple_of_what_the_currency_can_pay(currency: str, unit_amount: int, tax: int) -> None:
    session = open_session(taxed(unit_amount, tax_rate(7.5, inclusive=False), currency=currency))
    assert session.amount_total == unit_amount + tax


def test_an_archived_tax_rate_cannot_be_used_any_more() -> None:
    vat = tax_rate(5, inclusive=True)
    before = open_session(taxed(1900, vat))
    rates().update(vat, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="only accepts active tax rates") as refused:
        open_session(line(), taxed(1900, vat))
    assert (refused.value.http_status, refused.value.param) == (400, "line_items[1][tax_rates][0]")
    assert stripe_of("USD").v1.checkout.sessions.retrieve(before.id).status == "open"


def test_a_tax_rate_of_another_account_cannot_be_used() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such tax_rate"):
        open_session(taxed(1900, tax_rate(5, inclusive=True, currency="EUR")))


def test_a_tax_may_not_lift_the_total_over_the_most() -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(taxed(99_999_999, tax_rate(5, inclusive=False)))
    assert refused.value.code == "amount_too_large"


# --- On the page --------------------------------------------------------------------------------------------


def test_the_page_shows_each_tax_with_the_same_figures(client: Client) -> None:
    both = tax_rate(5, inclusive=True, name="VAT"), tax_rate(7.25, inclusive=False, name="City")
    session = open_session(taxed(500, *both), taxed(1000, *both), discounts=[{"coupon": coupon()}])
    html = client.get(f"/sandbox/checkout/{session.id}").content.decode().replace("\xa0", " ")
    for text in ("VAT (5% inclusive)", "USD 0.64", "City (7.25% exclusive)", "USD 0.93", "Pay USD 14.43"):
        assert text in html


def test_the_page_writes_percentages_as_its_language_does(client: Client) -> None:
    session = open_session(taxed(1000, tax_rate(8.875, inclusive=False, name="City")), locale="de")
    html = client.get(f"/sandbox/checkout/{session.id}").content.decode().replace("\xa0", " ")
    assert "City (8,875 % exklusive)" in html


def test_what_is_paid_is_the_total_with_its_taxes(client: Client) -> None:
    session = open_session(taxed(1900, tax_rate(5, inclusive=False)))
    card = {"email": "ada@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    client.post(f"/sandbox/checkout/{session.id}", card)
    usd = stripe_of("USD").v1
    assert (session.amount_total, usd.payment_intents.list().data[0].amount_received) == (1995, 1995)
    assert [(entry.currency, entry.amount) for entry in usd.balance.retrieve().available] == [("usd", 1995)]
