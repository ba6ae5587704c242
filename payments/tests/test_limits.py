"""A card tester, and whoever guesses codes or passwords, is slowed down; everybody else shops on."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from payments import brake
from payments.models import Discount, Item, Order, OrderVisitor, Payment, Tally
from payments.tests.stripe_server import StripeServer
from payments.tests.test_paying_here import DECLINES, PAYS, ask, pay_here
from payments.tests.test_settling import at_once

FORM = {"Accept": "text/html"}
Limits = Callable[..., None]


@pytest.fixture
def limits(settings: Any) -> Limits:
    def set_limits(**given: tuple[int, int]) -> None:
        settings.LIMITS = settings.LIMITS | given

    return set_limits


def visitor(address: str = "192.0.2.1") -> Client:
    """Somebody who has looked at an item, and so is known by a cookie."""
    client = Client(REMOTE_ADDR=address)
    client.get("/cart")
    return client


def test_who_buys_very_often_is_told_to_wait_and_for_how_long(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(3, 0))
    client = visitor()
    for _ in range(3):
        assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    refused = client.get(f"/buy/{usd_mug.pk}")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 600
    error = refused.json()["error"]
    assert error["code"] == "too_many"
    assert re.search(r"Please try again in (10|9) minutes\.", error["message"])


def test_a_person_is_told_on_a_page(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(1, 0))
    client = visitor()
    client.post(f"/buy/{usd_mug.pk}", headers=FORM)
    page = client.post(f"/buy/{usd_mug.pk}", headers=FORM | {"Referer": f"http://testserver/item/{usd_mug.pk}"})
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    text = page.content.decode()
    assert "This was tried very often, so we have to slow it down." in text
    assert f'href="http://testserver/item/{usd_mug.pk}">Go back</a>' in text


def test_another_visitor_is_not_in_the_way(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(1, 0))
    first, second = visitor(), visitor()
    assert [client.get(f"/buy/{usd_mug.pk}").status_code for client in (first, second, first)] == [200, 200, 429]


def test_who_throws_the_cookie_away_is_known_by_the_address(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(20, 3))
    for _ in range(3):
        assert Client().get(f"/buy/{usd_mug.pk}").status_code == 200
    assert Client().get(f"/buy/{usd_mug.pk}").status_code == 429
    assert visitor("192.0.2.9").get(f"/buy/{usd_mug.pk}").status_code == 200


def test_it_is_forgotten_after_a_while(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(1, 0))
    client = visitor()
    client.get(f"/buy/{usd_mug.pk}")
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 429
    Tally.objects.update(ends=1)
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 429


@pytest.mark.parametrize("path", ["/order/{uuid}/checkout", "/buy/{item}", "/cart/checkout"])
def test_every_way_to_stripes_page_counts(usd_mug: Item, limits: Limits, path: str) -> None:
    limits(buys=(2, 0))
    client = visitor()
    client.post(f"/cart/add/{usd_mug.pk}")
    client.get(f"/buy/{usd_mug.pk}")
    address = path.format(uuid=Order.objects.get().uuid, item=usd_mug.pk)
    assert client.post(address).status_code != 429
    assert client.post(address).status_code == 429


@pytest.mark.parametrize("path", ["/order/{uuid}/intent", "/intent/{item}"])
def test_payment_intents_are_counted(usd_mug: Item, limits: Limits, path: str) -> None:
    limits(intents=(1, 0))
    client = visitor()
    client.get(f"/buy/{usd_mug.pk}")
    address = path.format(uuid=Order.objects.get().uuid, item=usd_mug.pk)
    headers = {"Accept": "application/json"}
    assert [client.post(address, headers=headers).status_code for _ in range(2)] == [200, 429]


def test_looking_is_never_counted(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(1, 1), intents=(1, 1))
    client = visitor()
    for _ in range(5):
        assert client.get(f"/item/{usd_mug.pk}").status_code == 200
        assert client.head(f"/buy/{usd_mug.pk}").status_code == 200


def test_codes_cannot_be_guessed_for_long(usd_mug: Item, limits: Limits) -> None:
    limits(codes=(3, 0))
    Discount.objects.create(name="Spring", code="SPRING", percent=10)
    client = visitor()
    client.post(f"/cart/add/{usd_mug.pk}")
    for guess in ("A", "B", "C"):
        assert client.post("/cart/code", {"code": guess}, headers={"Accept": "application/json"}).status_code == 409
    refused = client.post("/cart/code", {"code": "SPRING"}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many")
    assert "Retry-After" in refused
    assert client.post("/cart/code", {"code": "SPRING"}, headers=FORM).status_code == 429
    assert "Spring" not in client.get("/cart").content.decode()


def test_many_at_once_are_each_counted(transactional_db: None) -> None:
    counted: list[int] = []
    assert at_once(12, lambda: counted.append(Tally.objects.one_more("key", seconds=60)[0])) == []
    assert sorted(counted) == list(range(1, 13))


def decline(client: Client, order: Order, webhook: str = "lose") -> None:
    answer = ask(client, order).json()
    assert pay_here(answer, DECLINES, webhook=webhook)["error"]["code"] == "card_declined"


@pytest.fixture
def order(usd_mug: Item) -> Order:
    order: Order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    return order


def test_after_too_many_declined_cards_no_other_can_be_tried(
    order: Order, usd_mug: Item, limits: Limits, carry_webhooks: Any
) -> None:
    limits(declines=(3, 0))
    client = visitor()
    for _ in range(3):
        decline(client, order, webhook="deliver")
        carry_webhooks()
    assert ask(client, order).status_code == 429
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 429
    assert Payment.objects.get().status == "expired"
    assert visitor().get(f"/buy/{usd_mug.pk}").status_code == 200


def test_a_page_that_is_open_is_closed_so_that_no_card_can_be_tried_on_it(
    usd_mug: Item, limits: Limits, pay: Any, carry_webhooks: Any
) -> None:
    limits(declines=(2, 0))
    client = visitor()
    url = client.get(f"/buy/{usd_mug.pk}").json()["url"]
    for _ in range(2):
        assert pay(url, DECLINES, webhook="deliver").status_code == 402
        carry_webhooks()
    assert "This page has expired" in pay(url, PAYS).content.decode()
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 429
    assert Order.objects.get().status == "pending"


def test_declines_are_learned_without_any_webhook(order: Order, limits: Limits) -> None:
    limits(declines=(2, 0))
    client = visitor()
    for _ in range(2):
        decline(client, order)
        Payment.objects.update(checked_at=None)
        client.get(f"/order/{order.uuid}")
    assert ask(client, order).status_code == 429


def test_one_decline_counts_once_however_often_it_is_told(order: Order, limits: Limits, carry_webhooks: Any) -> None:
    limits(declines=(2, 0))
    client = visitor()
    decline(client, order, webhook="twice")
    for _ in range(3):
        carry_webhooks()
        Payment.objects.update(checked_at=None)
        client.get(f"/order/{order.uuid}")
    assert ask(client, order).status_code == 200


def test_a_card_tester_without_cookies_is_known_by_the_address(order: Order, limits: Limits) -> None:
    limits(declines=(8, 2))
    for _ in range(2):
        decline(Client(), order)
        Payment.objects.update(checked_at=None)
        Client().get(f"/order/{order.uuid}")
    assert ask(Client(), order).status_code == 429


def test_two_declines_and_then_a_good_card_is_an_ordinary_purchase(
    order: Order, settings: Any, carry_webhooks: Any
) -> None:
    settings.LIMITS = {"buys": (20, 60), "intents": (40, 120), "codes": (10, 40), "declines": (8, 24)}
    client = visitor()
    for number in (DECLINES, DECLINES, PAYS):
        answer = ask(client, order).json()
        pay_here(answer, number, webhook="deliver")
        carry_webhooks()
    assert Order.objects.get().status == "paid"


def test_no_address_is_kept(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(20, 60), declines=(8, 24))
    client = visitor("192.0.2.77")
    client.get(f"/buy/{usd_mug.pk}")
    rows = f"{list(Tally.objects.values())} {list(OrderVisitor.objects.values())}"
    assert Tally.objects.count() == 2
    assert "192.0.2" not in rows
    assert client.cookies["visitor"].value not in rows


def test_what_is_over_is_cleaned_away(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(20, 60), declines=(8, 24))
    visitor().get(f"/buy/{usd_mug.pk}")
    assert brake.forget_what_is_over() == 0
    Tally.objects.update(ends=1)
    OrderVisitor.objects.update(noted="2020-01-01T00:00:00Z")
    assert brake.forget_what_is_over() == 3
    assert not Tally.objects.exists()
    assert Order.objects.exists()


@pytest.mark.parametrize(
    ("forwarded", "proxies", "same_as"),
    [
        ("203.0.113.5, 192.0.2.1", 1, "192.0.2.1"),
        ("192.0.2.1", 1, "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1, 10.0.0.2", 2, "192.0.2.1"),
        ("192.0.2.1:4711", 1, "192.0.2.1"),
        ("", 1, "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::1"),
        ("::ffff:192.0.2.1", 1, "192.0.2.1"),
    ],
)
def test_behind_a_proxy_the_address_is_what_the_proxy_saw(
    usd_mug: Item, limits: Limits, settings: Any, forwarded: str, proxies: int, same_as: str
) -> None:
    settings.BEHIND_PROXY, settings.PROXY_COUNT = True, proxies
    limits(buys=(0, 1))
    proxy = Client(REMOTE_ADDR="10.0.0.9")
    assert proxy.get(f"/buy/{usd_mug.pk}", headers={"X-Forwarded-For": forwarded}).status_code == 200
    settings.BEHIND_PROXY = False
    assert Client(REMOTE_ADDR=same_as).get(f"/buy/{usd_mug.pk}").status_code == 429


def test_nobody_chooses_an_address_without_a_proxy(usd_mug: Item, limits: Limits) -> None:
    limits(buys=(0, 1))
    statuses = [
        Client().get(f"/buy/{usd_mug.pk}", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(2)
    ]
    assert statuses == [200, 429]


def test_a_household_with_many_addresses_is_one_also_where_the_proxy_writes_the_port(
    usd_mug: Item, limits: Limits, settings: Any
) -> None:
    settings.BEHIND_PROXY = True
    limits(buys=(0, 1))
    statuses = [
        Client().get(f"/buy/{usd_mug.pk}", headers={"X-Forwarded-For": f"[2001:db8::{number}]:4711"}).status_code
        for number in range(1, 3)
    ]
    assert statuses == [200, 429]


def test_following_the_link_to_a_payment_page_is_looking(order: Order, limits: Limits) -> None:
    limits(buys=(1, 1))
    client = visitor()
    assert {client.get(f"/order/{order.uuid}/checkout").status_code for _ in range(3)} == {303}
    assert client.post(f"/order/{order.uuid}/checkout").status_code != 429


FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}


@pytest.mark.parametrize("path", ["/buy/{item}", "/intent/{item}", "/order/{uuid}/checkout", "/order/{uuid}/intent"])
def test_another_site_cannot_use_up_what_its_reader_may_do_here(
    order: Order, usd_mug: Item, limits: Limits, path: str
) -> None:
    limits(buys=(1, 1), intents=(1, 1))
    client = visitor()
    address = path.format(uuid=order.uuid, item=usd_mug.pk)
    by_an_old_browser = {"Origin": "https://evil.example"}
    for headers in (FROM_ELSEWHERE, FROM_ELSEWHERE | {"Sec-Fetch-Site": "same-site"}, by_an_old_browser):
        refused = client.post(address, headers=headers | {"Accept": "application/json"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "foreign_request")
        assert client.post(address, {"quantity": "1"}, headers=headers).status_code == 403
    assert client.get(f"/buy/{usd_mug.pk}", headers=FROM_ELSEWHERE).status_code == 403
    assert Order.objects.count() == 1
    assert not Payment.objects.exists()
    assert client.post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code in (200, 303)


def test_a_link_from_elsewhere_is_followed(usd_mug: Item) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert visitor().get(f"/buy/{usd_mug.pk}", headers=followed).status_code == 200


def test_nobody_fills_the_database_with_sessions_by_not_reading_what_the_shop_says(usd_mug: Item) -> None:
    client = Client()
    for _ in range(20):
        Item.objects.update(name=secrets.token_urlsafe(140))
        assert client.post(f"/cart/add/{usd_mug.pk}", headers=FORM).status_code == 303
    assert not Session.objects.exists()
    assert Item.objects.get().name in client.get("/cart").content.decode()


def test_coming_back_all_the_time_does_not_ask_stripe_all_the_time(usd_mug: Item, stripe_server: StripeServer) -> None:
    client = visitor()
    session = client.get(f"/buy/{usd_mug.pk}").json()["id"]
    order = Order.objects.get()
    asked_before = len(stripe_server.requests)
    for _ in range(40):
        assert client.get(f"/order/{order.uuid}/success?session_id={session}").status_code == 200
    assert 1 <= len(stripe_server.requests) - asked_before < 10
