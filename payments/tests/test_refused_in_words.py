"""Whatever is refused is refused in words: a page for a person, JSON for a program."""

from typing import Any

import pytest
from django.test import Client

from payments.models import Item, Order

JSON = {"Accept": "application/json"}
LIMIT = 1_048_576


@pytest.fixture
def order(usd_mug: Item) -> Order:
    return Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")


@pytest.fixture
def refused(usd_mug: Item, order: Order) -> dict[str, str]:
    """Addresses and a method that they do not take."""
    shown = dict.fromkeys(("/", f"/item/{usd_mug.pk}", "/cart", f"/order/{order.uuid}"), "post")
    acts = (f"/cart/add/{usd_mug.pk}", "/cart/change", "/cart/checkout", f"/order/{order.uuid}/intent")
    return shown | dict.fromkeys([*acts, "/webhooks/stripe"], "get") | {f"/buy/{usd_mug.pk}": "delete"}


def test_a_method_that_an_address_does_not_take_is_explained_to_a_person(
    client: Client, refused: dict[str, str]
) -> None:
    for path, method in refused.items():
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer["Content-Type"]) == (405, "text/html; charset=utf-8")
        assert "cannot be opened like this" in answer.content.decode()
        assert answer["Allow"]


def test_a_method_that_an_address_does_not_take_is_explained_to_a_program(
    client: Client, refused: dict[str, str]
) -> None:
    for path, method in refused.items():
        answer = getattr(client, method)(path, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
        assert f"takes {answer['Allow']} only" in answer.json()["error"]["message"]
    assert "no-store" in client.get("/cart/checkout")["Cache-Control"]
    assert client.head("/cart/checkout").status_code == 405


def test_the_addresses_for_staff_answer_json_whoever_asks(
    client: Client, admin_client: Client, order: Order, usd_mug: Item
) -> None:
    for path in (f"/order/{order.pk}", f"/item/by_order/{usd_mug.pk}"):
        assert client.get(path).json()["error"]["code"] == "forbidden"
        assert client.post(path).json()["error"]["code"] == "method_not_allowed"
    for path in ("/order/999", "/item/by_order/999/"):
        assert admin_client.get(path).json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/buy/{item}", "/cart/code", "/webhooks/stripe"])
def test_a_body_over_the_limit_is_refused_in_json_if_it_was_json(client: Client, usd_mug: Item, path: str) -> None:
    address, body = path.format(item=usd_mug.pk), b'"' + b"x" * LIMIT + b'"'
    answer = client.post(address, body, "application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert f"at most {LIMIT} bytes" in answer.json()["error"]["message"]


def test_a_form_over_the_limit_is_refused_with_a_page(client: Client, usd_mug: Item) -> None:
    form: dict[str, Any] = {"data": b"code=" + b"x" * LIMIT, "content_type": "application/x-www-form-urlencoded"}
    answer = client.post("/cart/code", **form)
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert client.post("/cart/code", **form, headers=JSON).json()["error"]["code"] == "bad_request"


def test_who_sends_json_to_an_address_that_there_is_not_gets_json(client: Client, db: None) -> None:
    assert client.post("/no/such", {}, "application/json").json()["error"]["code"] == "not_found"
