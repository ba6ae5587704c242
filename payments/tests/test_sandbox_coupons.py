"""The stand-in's coupons, asked through the real SDK."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock
from payments.sandbox.paying import payers
from payments.sandbox.paying.attempts import Outcome
from payments.sandbox.paying.rehearsal import Rehearsal
from payments.tests.sandbox_client import coupon, event_types, line, open_session, stripe_of


def coupons() -> Any:
    return stripe_of("USD").v1.coupons


def with_coupon(id: str, *lines: Any, **changes: Any) -> stripe.checkout.Session:
    return open_session(*lines, discounts=[{"coupon": id}], **changes)


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + seconds)


# --- Made, read, changed, deleted ---------------------------------------------------------------------------


def test_a_coupon_takes_off_a_percentage_once_unless_said_otherwise() -> None:
    made = coupons().create({"percent_off": 12.5, "name": "Spring", "metadata": {"discount": "7"}})
    assert (made.percent_off, made.amount_off, made.currency) == (12.5, None, None)
    assert (made.duration, made.name, made.valid, made.times_redeemed) == ("once", "Spring", True, 0)
    assert coupons().retrieve(made.id).to_dict() == made.to_dict()
    assert [found.id for found in coupons().list().data] == [made.id]


def test_a_coupon_may_have_an_id_of_the_shops_own() -> None:
    made = coupons().create({"id": "spring-2026_a1b2", "amount_off": 500, "currency": "USD"})
    assert (made.id, made.amount_off, made.currency, made.percent_off) == ("spring-2026_a1b2", 500, "usd", None)
    assert coupons().retrieve("spring-2026_a1b2").amount_off == 500


def test_an_id_is_taken_once_in_each_account() -> None:
    coupons().create({"id": "SPRING", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError, match="Coupon already exists") as refused:
        coupons().create({"id": "SPRING", "percent_off": 20})
    assert (refused.value.http_status, refused.value.code) == (400, "resource_already_exists")
    assert coupons().retrieve("SPRING").percent_off == 10
    assert stripe_of("EUR").v1.coupons.create({"id": "SPRING", "percent_off": 20}).percent_off == 20


def test_of_many_that_make_one_coupon_at_once_one_wins() -> None:
    def create(_: int) -> str:
        try:
            return str(coupons().create({"id": "SPRING", "percent_off": 10}).object)
        except stripe.InvalidRequestError as refused:
            return str(refused.code)

    with ThreadPoolExecutor(12) as threads:
        outcomes = list(threads.map(create, range(24)))
    assert sorted(outcomes) == ["coupon"] + ["resource_already_exists"] * 23
    assert len(coupons().list().data) == 1


def test_only_name_metadata_and_currency_options_can_be_changed() -> None:
    params = {"amount_off": 500, "currency": "usd", "name": "Spring", "metadata": {"a": "1", "b": "2"}}
    id = coupons().create(params).id
    changed = coupons().update(id, {"name": "Summer", "metadata": {"a": "", "c": "3"}})
    assert (changed.name, changed.metadata.to_dict()) == ("Summer", {"b": "2", "c": "3"})
    assert coupons().update(id, {"metadata": ""}).metadata.to_dict() == {}
    options = coupons().update(id, {"currency_options": {"eur": {"amount_off": 450}}, "expand": ["currency_options"]})
    assert options.currency_options.to_dict() == {"eur": {"amount_off": 450}, "usd": {"amount_off": 500}}
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: percent_off"):
        coupons().update(id, {"percent_off": 10})


def test_a_deleted_coupon_is_gone_and_its_id_is_free() -> None:
    coupons().create({"id": "SPRING", "percent_off": 10})
    assert coupons().delete("SPRING").to_dict() == {"id": "SPRING", "object": "coupon", "deleted": True}
    for act in (coupons().retrieve, coupons().delete):
        with pytest.raises(stripe.InvalidRequestError, match="No such coupon: 'SPRING'") as refused:
            act("SPRING")
        assert refused.value.http_status == 404
    assert coupons().create({"id": "SPRING", "percent_off": 20}).percent_off == 20
    assert event_types() == ["coupon.created", "coupon.deleted", "coupon.created"]


INVALID = {
    "neither": ({}, "percent_off", "parameter_missing"),
    "both": ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "amount_off", None),
    "nothing off": ({"percent_off": 0}, "percent_off", None),
    "less than nothing": ({"percent_off": -1}, "percent_off", None),
    "more than all": ({"percent_off": 100.01}, "percent_off", None),
    "three decimals": ({"percent_off": 12.345}, "percent_off", None),
    "no number": ({"percent_off": "ten"}, "percent_off", None),
    "no amount": ({"amount_off": 0, "currency": "usd"}, "amount_off", "parameter_invalid_integer"),
    "no currency": ({"amount_off": 500}, "currency", "parameter_missing"),
    "no such currency": ({"amount_off": 500, "currency": "zzz"}, "currency", None),
    "króna with aurar": ({"amount_off": 50, "currency": "isk"}, "amount_off", None),
    "dinar with a third decimal": ({"amount_off": 505, "currency": "bhd"}, "amount_off", None),
    "options of a percentage": (
        {"percent_off": 10, "currency_options": {"eur": {"amount_off": 5}}},
        "currency_options",
        None,
    ),
    "an option that is no amount": (
        {"amount_off": 500, "currency": "usd", "currency_options": {"isk": {"amount_off": 50}}},
        "currency_options[isk][amount_off]",
        None,
    ),
    "a long name": ({"percent_off": 10, "name": "x" * 41}, "name", "parameter_invalid_string_too_long"),
    "months of one that is used once": ({"percent_off": 10, "duration_in_months": 3}, "duration_in_months", None),
    "redeemed before today": ({"percent_off": 10, "redeem_by": 1_000_000_000}, "redeem_by", None),
    "another product": ({"percent_off": 10, "applies_to": {"products": ["prod_1"]}}, "applies_to", None),
}


@pytest.mark.parametrize(("params", "param", "code"), INVALID.values(), ids=INVALID)
def test_a_coupon_that_stripe_would_not_make_is_refused(params: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        coupons().create(params)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert coupons().list().data == []


# --- In a session -------------------------------------------------------------------------------------------


def test_a_percentage_is_taken_off_every_line_half_up() -> None:
    session = with_coupon(coupon(percent_off=33.33), line(999), line(50, quantity=3))
    assert session.total_details is not None
    assert (session.amount_subtotal, session.total_details.amount_discount, session.amount_total) == (1149, 383, 766)
    lines = stripe_of("USD").v1.checkout.sessions.line_items.list(session.id).data
    assert [(item.amount_subtotal, item.amount_discount, item.amount_total) for item in lines] == [
        (999, 333, 666),
        (150, 50, 100),
    ]


def test_an_amount_is_spread_over_the_lines_so_that_it_adds_up() -> None:
    session = with_coupon(coupon(amount_off=1000, currency="usd"), line(1000), line(1000), line(1000))
    assert session.amount_total == 2000
    lines = stripe_of("USD").v1.checkout.sessions.line_items.list(session.id).data
    assert [item.amount_discount for item in lines] == [334, 333, 333]


@pytest.mark.parametrize(
    ("currency", "unit_amount", "discount"), [("isk", 49_900, 5_000), ("bhd", 5_250, 530), ("jpy", 2_805, 281)]
)
def test_a_discount_is_a_multiple_of_what_the_currency_can_pay(currency: str, unit_amount: int, discount: int) -> None:
    session = with_coupon(coupon(percent_off=10), line(unit_amount, currency))
    assert session.amount_total == unit_amount - discount


def test_the_discount_is_reported_where_it_is_asked_for() -> None:
    spring = coupon(percent_off=10, name="Spring")
    session = with_coupon(spring, line(500), line(1000))
    assert session.discounts is not None
    assert session.discounts[0].to_dict() == {"coupon": spring, "promotion_code": None}
    paths = ["line_items.data.discounts", "line_items.data.taxes", "total_details.breakdown", "discounts.coupon"]
    found = stripe_of("USD").v1.checkout.sessions.retrieve(session.id, {"expand": paths}).to_dict()
    assert [item["discounts"][0]["amount"] for item in found["line_items"]["data"]] == [50, 100]
    assert [item["taxes"] for item in found["line_items"]["data"]] == [[], []]
    breakdown = found["total_details"]["breakdown"]["discounts"]
    assert [(part["amount"], part["discount"]["source"]["coupon"]) for part in breakdown] == [(150, spring)]
    assert breakdown[0]["discount"]["checkout_session"] == session.id
    assert found["discounts"][0]["coupon"]["name"] == "Spring"
    unasked = stripe_of("USD").v1.checkout.sessions.line_items.list(session.id).data[0].to_dict()
    assert "discounts" not in unasked
    assert "breakdown" not in (session.total_details.to_dict() if session.total_details else {})


def test_a_deleted_coupon_cannot_be_used() -> None:
    spring = coupon(percent_off=10)
    coupons().delete(spring)
    with pytest.raises(stripe.InvalidRequestError, match=f"No such coupon: '{spring}'") as refused:
        with_coupon(spring)
    assert (refused.value.http_status, refused.value.param) == (400, "discounts[0][coupon]")


def test_a_coupon_of_another_account_cannot_be_used() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        with_coupon(coupon(of="EUR", percent_off=10))


def test_an_amount_in_another_currency_cannot_be_used_unless_it_is_an_option() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="takes off an amount in usd, not in eur") as refused:
        with_coupon(coupon(amount_off=500, currency="usd"), line(1900, "eur"))
    assert (refused.value.http_status, refused.value.param) == (400, "discounts[0][coupon]")
    both = coupon(amount_off=500, currency="usd", currency_options={"eur": {"amount_off": 450}})
    assert with_coupon(both, line(1900, "eur")).amount_total == 1450
    assert with_coupon(both, line(1900, "usd")).amount_total == 1400


def test_a_coupon_counts_the_sessions_that_were_completed_with_it(client: Client) -> None:
    spring = coupon(percent_off=10, max_redemptions=1)
    first, second = with_coupon(spring), with_coupon(spring)
    assert coupons().retrieve(spring).times_redeemed == 0
    card = {"email": "ada@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    client.post(f"/sandbox/checkout/{first.id}", card)
    used = coupons().retrieve(spring)
    assert (used.times_redeemed, used.valid) == (1, False)
    with pytest.raises(stripe.InvalidRequestError, match="is used up and cannot be applied") as refused:
        with_coupon(spring)
    assert refused.value.code == "coupon_expired"
    coupons().delete(spring)
    client.post(f"/sandbox/checkout/{second.id}", card)
    assert stripe_of("USD").v1.checkout.sessions.retrieve(second.id).payment_status == "paid"


def test_a_coupon_cannot_be_used_after_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    spring = coupon(percent_off=10, redeem_by=clock.now() + 60)
    assert with_coupon(spring).amount_total == 1710
    later(monkeypatch, 60)
    assert [found.valid for found in coupons().list().data] == [False]
    with pytest.raises(stripe.InvalidRequestError, match="is expired and cannot be applied"):
        with_coupon(spring)


def test_a_total_below_the_least_is_refused_and_nothing_at_all_is_not() -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        with_coupon(coupon(percent_off=99), line(1900))
    assert refused.value.code == "amount_too_small"
    session = with_coupon(coupon(percent_off=100), line(1900))
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")


# --- On the page --------------------------------------------------------------------------------------------


def page_of(session: stripe.checkout.Session, client: Client) -> str:
    return client.get(f"/sandbox/checkout/{session.id}").content.decode().replace("\xa0", " ")


def test_the_page_shows_subtotal_discount_and_total(client: Client) -> None:
    html = page_of(with_coupon(coupon(percent_off=10, name="Spring"), line(500), line(1000)), client)
    for text in ("Subtotal", "USD 15.00", "Spring", "−USD 1.50", "Pay USD 13.50"):
        assert text in html
    assert "Subtotal" not in page_of(open_session(), client)


def test_a_discount_without_a_name_is_shown_by_its_id(client: Client) -> None:
    assert "MAY5" in page_of(with_coupon(coupon(id="MAY5", percent_off=5)), client)


def test_an_order_with_nothing_to_pay_is_completed_without_a_card(client: Client) -> None:
    free = coupon(percent_off=100)
    session = with_coupon(free, customer_email="ada@example.com")
    html = page_of(session, client)
    assert "Complete order" in html
    assert "Card number" not in html
    assert "Test cards" not in html
    assert client.post(f"/sandbox/checkout/{session.id}", {"email": "nobody"}).status_code == 422
    for _ in range(2):
        response = client.post(f"/sandbox/checkout/{session.id}", {"email": "ada@example.com"})
        assert response.status_code == 303
    done = stripe_of("USD").v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)
    assert event_types() == ["checkout.session.completed", "coupon.created"]
    assert stripe_of("USD").v1.charges.list().data == []
    assert coupons().retrieve(free).times_redeemed == 1


def test_an_order_that_was_completed_in_another_tab_is_not_completed_again() -> None:
    session = with_coupon(coupon(percent_off=100))
    account, _ = payers.find_session(session.id) or ("", {})
    orders = [payers.order(account, session.id, "ada@example.com", Rehearsal()) for _ in range(2)]
    assert orders == [Outcome.PAID, Outcome.CLOSED]


def test_an_order_with_nothing_to_pay_is_completed_once_from_many_tabs() -> None:
    session = with_coupon(coupon(percent_off=100))
    with ThreadPoolExecutor(8) as tabs:
        pages = tabs.map(lambda _: Client().post(f"/sandbox/checkout/{session.id}", {"email": "a@b.ch"}), range(8))
    assert {page.status_code for page in pages} == {303}
    assert len(event_types(type="checkout.session.completed")) == 1
