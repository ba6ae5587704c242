"""Webhooks of Stripe's, signed beforehand: to sign one costs as much as the least that a server does with it."""

import itertools
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stripe import WebhookSignature

from benchmarks.bench import CURRENCIES
from payments.tests.shop_process import sandbox_keypair

PATH = "/webhooks/stripe"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Delivery:
    """It is to arrive within five minutes."""

    signature: str
    body: str

    def to(self, url: str) -> bytes:
        """As a request."""
        return (
            f"POST {PATH} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Stripe-Signature: {self.signature}\r\nContent-Length: {len(self.body)}\r\n\r\n{self.body}"
        ).encode()


def written(deliveries: Iterable[Delivery], file: Path) -> Path:
    """For wrk/delivery.lua."""
    file.write_text("".join(f"{delivery.signature}\t{delivery.body}\n" for delivery in deliveries))
    return file


def of_another_shop() -> Iterator[Delivery]:
    """Of payments that no order here is for, from each account in turn."""
    for number, currency in enumerate(itertools.cycle(CURRENCIES)):
        yield delivery(f"cs_test_elsewhere{number}", f"00000000-0000-4000-8000-{number:012}", 10**15, 1900, currency)


def of_orders(bought: Sequence[tuple[str, str, int, int, str]]) -> Iterator[Delivery]:
    """That these were paid: each is a session, an order, a payment, an amount and a currency."""
    for each in bought:
        yield delivery(*each)


def delivery(session_id: str, order: str, payment: int, amount: int, currency: str) -> Delivery:
    session = {
        "id": session_id,
        "object": "checkout.session",
        "livemode": False,
        "currency": currency.lower(),
        "amount_subtotal": amount,
        "amount_total": amount,
        "client_reference_id": order,
        "metadata": {"order": order, "payment": str(payment)},
        "payment_intent": f"pi_{session_id}",
        "payment_status": "paid",
        "status": "complete",
        **REST_OF_SESSION,
    }
    body = json.dumps(event(session))
    secret = sandbox_keypair(currency, "bench_")[f"STRIPE_{currency}_WEBHOOK_SECRET"]
    return Delivery(WebhookSignature.generate_signature_header(body, secret), body)


def event(session: dict[str, Any]) -> dict[str, Any]:
    """https://docs.stripe.com/api/events/object"""
    return {
        "id": f"evt_1Bench{next(numbers):015}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": session},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }


# Nothing that the shop looks at, and two thirds of what it is sent.
REST_OF_SESSION: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("adaptive_pricing", "after_expiration", "allow_promotion_codes", "consent", "consent_collection"),
            *("currency_conversion", "customer", "discounts", "invoice", "payment_link", "recovered_from"),
            *("setup_intent", "shipping_address_collection", "submit_type", "subscription", "ui_mode", "url"),
        )
    ),
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "cancel_url": "https://shop.example/order/00000000-0000-4000-8000-000000000000/cancel",
    "customer_details": {
        "address": {"city": "Berlin", "country": "DE", "line1": "Torstraße 1", "postal_code": "10119", "state": None},
        "email": "shopper@example.com",
        "name": "Erika Mustermann",
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    },
    "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card", "klarna", "link"],
    "phone_number_collection": {"enabled": False},
    "success_url": "https://shop.example/order/00000000-0000-4000-8000-000000000000/success?session_id={CHECKOUT_SESSION_ID}",
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
}
