"""What went wrong has a page of its own kind: a heading that fits, what to do next, and that nothing was charged."""

import re
from typing import Any

import pytest
from django.test import Client, RequestFactory

from payments import errors
from payments.errors import StorefrontError
from payments.models import Item, Order
from payments.tests.stripe_server import StripeServer
from payments.views.headings import HEADINGS
from payments.views.problems import STATUS, bad_request, server_error

CHARGED_NOTHING = "Nothing was charged."


def heading(response: Any) -> str:
    (found,) = re.findall("<h1>(.*?)</h1>", response.content.decode())
    return str(found)


@pytest.fixture
def order(usd_mug: Item) -> Order:
    return Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")


def test_each_error_that_a_shopper_can_meet_has_a_heading_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StorefrontError)]
    met = {kind.code for kind in kinds if issubclass(kind, tuple(STATUS))}
    assert met <= HEADINGS.keys()


@pytest.mark.parametrize(
    ("path", "sent", "change", "status", "said"),
    [
        ("/buy/{item}", {"unit_amount": "1"}, {}, 409, "The price has changed"),
        ("/buy/{item}", {}, {"on_sale": False}, 409, "This item is not on sale"),
        ("/buy/{item}", {"quantity": "3"}, {"stock": 2}, 409, "There are not enough left"),
        ("/buy/{item}", {"quantity": "0"}, {}, 422, "This quantity cannot be ordered"),
        ("/buy/{item}", {}, {"price": "0.10"}, 422, "This amount cannot be charged"),
        ("/intent/999", {}, {}, 404, "This item does not exist"),
    ],
)
def test_who_cannot_buy_reads_what_is_the_matter_and_that_nothing_was_charged(
    client: Client, usd_mug: Item, path: str, sent: dict[str, str], change: dict[str, Any], status: int, said: str
) -> None:
    if change:
        Item.objects.update(**change)
    answer = client.post(path.format(item=usd_mug.pk), sent)
    assert (answer.status_code, heading(answer)) == (status, said)
    page = answer.content.decode()
    assert f"<title>{said}" in page
    assert CHARGED_NOTHING in page
    assert re.search(r'<a class="button" href="/[^"]*">Go back</a>', page)


def test_a_stripe_that_does_not_answer_is_said_so(client: Client, usd_mug: Item, stripe_server: StripeServer) -> None:
    stripe_server.close()
    answer = client.post(f"/buy/{usd_mug.pk}")
    assert (answer.status_code, heading(answer)) == (503, "Stripe does not answer at the moment")
    assert CHARGED_NOTHING in answer.content.decode()


def test_a_paid_order_is_not_said_to_have_charged_nothing(client: Client, order: Order) -> None:
    order.mark_paid()
    answer = client.post(f"/order/{order.uuid}/checkout")
    assert heading(answer) == "There is nothing more to pay"
    assert CHARGED_NOTHING not in answer.content.decode()


def test_another_site_and_an_address_that_is_no_page_have_headings_too(client: Client, usd_mug: Item) -> None:
    foreign = client.post(f"/cart/add/{usd_mug.pk}", headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, heading(foreign)) == (403, "This came from another site")
    no_page = client.get(f"/cart/add/{usd_mug.pk}")
    assert (no_page.status_code, heading(no_page)) == (405, "There is no page at this address")


def test_a_page_for_what_went_wrong_on_our_side_needs_no_database(rf: RequestFactory) -> None:
    failed, unreadable = server_error(rf.get("/")), bad_request(rf.get("/"), ValueError())
    assert (failed.status_code, heading(failed)) == (500, "Something went wrong on our side")
    assert "This page charged nothing." in failed.content.decode()
    assert (unreadable.status_code, heading(unreadable)) == (400, "The request could not be read")
    assert CHARGED_NOTHING in unreadable.content.decode()
