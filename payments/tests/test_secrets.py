"""A secret key never leaves the process, except to Stripe."""

import copy
import json
import logging
import pickle
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.views.debug import ExceptionReporter

from payments.errors import StripeUnreachable
from payments.gateway import api
from payments.gateway.client import client_for
from payments.gateway.keys import Keypair, keypair_for, ring
from payments.models import Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer

SECRETS = ("sk_test_sandbox", "whsec_sandbox", django_settings.SECRET_KEY)


def assert_no_secret(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


def test_the_secrets_that_are_looked_for_are_those_of_the_ring() -> None:
    for keypair in ring().values():
        assert keypair.secret_key.startswith("sk_test_sandbox")
        assert keypair.webhook_secrets[0].startswith("whsec_sandbox")


def test_not_in_a_repr(settings: Any) -> None:
    keypair = keypair_for("USD")
    for thing in (
        keypair,
        ring(),
        [keypair],
        copy.copy(keypair),
        client_for(keypair),
        settings.STRIPE_KEYPAIRS,
    ):
        assert_no_secret(f"{thing!r} {thing!s} {thing}")
    assert "pk_test_sandbox_usd" in repr(keypair)
    assert pickle.loads(pickle.dumps(keypair)) == keypair  # noqa: S301  (made in this line)


def test_not_on_any_page(client: Client, admin_client: Client, usd_mug: Item) -> None:
    bought = client.get(f"/buy/{usd_mug.pk}")
    order, payment = Order.objects.get(), Payment.objects.get()
    assert_no_secret(bought.content.decode())
    public = [
        "/",
        f"/item/{usd_mug.pk}",
        f"/order/{order.uuid}",
        f"/order/{order.uuid}/cancel",
        "/item/9",
        bought.json()["url"],
    ]
    admin = ["", "payments/item/", "payments/order/", f"payments/order/{order.pk}/change/"]
    admin += ["payments/payment/", f"payments/payment/{payment.pk}/change/", "payments/stripeevent/"]
    for path in public + [f"/admin/{path}" for path in admin]:
        page = admin_client.get(path).content.decode()
        assert len(page) > 200
        assert_no_secret(page)


def test_not_in_the_log_however_much_is_logged(
    client: Client, usd_mug: Item, stripe_server: StripeServer, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    client.get(f"/buy/{usd_mug.pk}")
    text = "Invalid API Key provided: sk_test_sandbox_usd"
    stripe_server.answers = [Answer(401, json.dumps({"error": {"type": "invalid_request_error", "message": text}}))]
    Client().get(f"/buy/{usd_mug.pk}")
    client.post("/webhooks/stripe", "{}", "application/json", headers={"Stripe-Signature": "t=1,v1=x"})
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("payments", "django")))
    assert "AuthenticationError" in ours
    assert_no_secret(ours)
    assert_no_secret("\n".join(record.getMessage() for record in caplog.records if record.levelno > logging.INFO))


@pytest.mark.parametrize(
    "answer", [Answer(401), Answer(200, "[]"), Answer(hang_up=True)], ids=["401", "list", "hang up"]
)
def test_not_on_an_error_page_even_with_debug_on(
    rf: Any, settings: Any, stripe_server: StripeServer, answer: Answer, monkeypatch: Any
) -> None:
    """The page shows every frame's variables, the environment and the settings."""
    settings.DEBUG = True
    settings.STRIPE_RETIRED_KEYPAIRS = [Keypair("USD", "pk_test_old", "sk_test_sandbox_old", ("whsec_sandbox_old",))]
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [answer] * 3
    keypair = keypair_for("USD")
    request = rf.get("/", headers={"Authorization": "Bearer sk_test_sandbox_usd", "Cookie": "sessionid=1"})
    request.META |= {
        "STRIPE_USD_SECRET_KEY": "sk_test_sandbox_usd",
        "DATABASE_URL": "postgres://shop:hunter2@db/shop",
        "STRIPE_USD_RETIRED": "pk_test_sandbox_old:sk_test_sandbox_old:whsec_sandbox_old",
    }
    with pytest.raises(StripeUnreachable) as failure:
        api.retrieve_checkout_session(keypair, "cs_1")
    # Without the frame of this test, which holds the secrets that are looked for.
    reporter = ExceptionReporter(request, failure.type, failure.value, failure.tb.tb_next)
    for report in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "retrieve_checkout_session" in report
        assert "hunter2" not in report
        assert_no_secret(report)


def test_an_error_page_hides_keys_under_whatever_name_and_in_whatever_list(rf: Any, settings: Any) -> None:
    settings.DEBUG = True
    settings.STRIPE_USD_RETIRED = "pk_test_old:anything"
    settings.NOTES = ["sk_test_sandbox_usd", {"kept": ("whsec_sandbox_usd",)}]

    def broken() -> None:
        leftovers = [{"old": "sk_test_sandbox_usd"}, ("rk_live_2",)]
        raise ValueError(len(leftovers))

    request = rf.get("/")
    request.META["STRIPE_EUR_RETIRED"] = "rk_live_2 retired"
    with pytest.raises(ValueError, match="2") as failure:
        broken()
    reporter = ExceptionReporter(request, failure.type, failure.value, failure.tb.tb_next)
    data = reporter.get_traceback_data()
    shown = f"{data['settings']} {data['request_meta']}"
    assert "rk_live_2" not in shown
    assert "pk_test_old" not in shown
    assert_no_secret(shown)
    (frame,) = reporter.get_traceback_frames()
    assert_no_secret(str(frame["vars"]))
    assert "[hidden]" in str(frame["vars"])


def test_an_unexpected_error_answers_without_a_trace(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("stripe.checkout._session_service.SessionService.create", lambda *args: 1 / 0)
    response = client.get(f"/buy/{usd_mug.pk}")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    assert "ZeroDivisionError" not in page
    assert_no_secret(page)


def test_what_needs_somebody_is_mailed_to_the_owner_without_a_secret(settings: Any, mailoutbox: list[Any]) -> None:
    settings.ADMINS = [("owner", "owner@shop.example")]
    logging.getLogger("payments.fulfillment").error("Order 1 was paid a second time")
    (mail,) = mailoutbox
    assert mail.to == ["owner@shop.example"]
    assert "paid a second time" in mail.subject
    assert_no_secret(mail.body)


def test_a_mail_says_neither_a_key_nor_the_link_to_an_order(settings: Any, mailoutbox: list[Any]) -> None:
    settings.ADMINS = [("owner", "owner@shop.example")]
    uuid = "a3bb189e-8bf9-3888-9912-ace4e6543002"
    logging.getLogger("payments").error("Order %s was refused with %s", uuid, "sk_test_sandbox_usd")
    (mail,) = mailoutbox
    assert "Order [hidden] was refused" in mail.subject
    assert uuid not in mail.body
    assert_no_secret(mail.body)
