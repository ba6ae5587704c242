"""What is still open: each fails until it is mended."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from payments import refunds
from payments.models import Item, Refund, StripeEvent
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_reconciliation import (
    bought,
    reconcile,
    reconcile_what_can_be,
    retries_without_delay,  # noqa: F401
)

Pay = Callable[..., Any]


def test_what_was_read_of_many_undelivered_events_is_kept_though_the_rest_cannot_be_read(
    usd_mug: Item, pay: Pay, stripe_server: StripeServer
) -> None:
    """All are read before the first is kept: an account with 30 days of them begins anew each time."""
    for number in range(60):
        pay(bought(usd_mug, str(number)).url, webhook="lose")
    original = stripe_server.answer

    def first_page_only(request: Any) -> Any:
        if request.path.startswith("/v1/events") and "starting_after" in request.path:
            return 500, "{}"
        return original(request)

    stripe_server.answer = first_page_only  # type: ignore[method-assign]
    with pytest.raises(CommandError):
        reconcile()
    assert StripeEvent.objects.exists()


def test_a_refund_that_stripe_failed_at_is_asked_for_by_another_key(
    usd_mug: Item, pay: Pay, stripe_server: StripeServer, admin_user: Any
) -> None:
    """Stripe answers its own 500 again to the same idempotency key, for a day: until it is given up."""
    payment = bought(usd_mug)
    pay(payment.url, webhook="lose")
    reconcile()
    payment.refresh_from_db()
    failure = json.dumps({"error": {"type": "api_error", "message": "Something went wrong"}})
    key_that_failed: set[str] = set()
    original = stripe_server.answer

    def failing_once(request: Any) -> Any:
        if request.method == "POST" and request.path == "/v1/refunds":
            key = request.headers["Idempotency-Key"]
            if not key_that_failed or key in key_that_failed:
                key_that_failed.add(key)
                return 500, failure
        return original(request)

    stripe_server.answer = failing_once  # type: ignore[method-assign]
    refunds.refund(payment=payment, amount=100, reason="duplicate", note="", by=admin_user)
    for _ in range(3):
        reconcile_what_can_be()
    assert Refund.objects.get().status == "succeeded"


def test_events_that_wait_for_a_keypair_that_is_gone_are_told_of(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    """The publishable key was rolled while they waited: no run comes to them, and none says so."""
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout": Answer(500)}
    carry_webhooks()
    stripe_server.answers_at = {}
    StripeEvent.objects.update(account="pk_test_sandbox_before")
    reconcile_what_can_be()
    with pytest.raises(CommandError):
        reconcile()


def test_an_event_that_failed_for_days_is_not_tried_each_minute(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout": Answer(403)}
    carry_webhooks()
    StripeEvent.objects.update(received=timezone.now() - timedelta(days=5), failures=5000, failed_at=timezone.now())
    stripe_server.requests.clear()
    reconcile_what_can_be()
    assert [sent for sent in stripe_server.requests if "sessions" in sent.path] == []
