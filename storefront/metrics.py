"""Counters for an operator's Prometheus. They count what is told to the log: it is the one source of both."""

import logging
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

STRIPE_CALLS = Histogram(
    "shop_stripe_call_seconds",
    "Calls to Stripe with all their retries, by account (its publishable key) and outcome.",
    ["account", "act", "outcome"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 20),
)
BUYS = Counter("shop_buys", "Orders that were offered for payment at Stripe.", ["account", "currency", "method"])
SETTLED = Counter("shop_settled_payments", "Payments that were paid.", ["account", "currency", "outcome"])
BRAKED = Counter("shop_braked", "Tries that were refused since they were too many.", ["act", "kind"])
WEBHOOKS = Counter("shop_webhooks", "Deliveries of events.", ["account", "outcome"])


class CountingHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        count = COUNTED.get(getattr(record, "event", ""))
        if count:
            count(record.__dict__)


def count_stripe_call(told: dict[str, Any]) -> None:
    STRIPE_CALLS.labels(told["account"], told["act"], told["outcome"]).observe(told["milliseconds"] / 1000)


def count_buy(told: dict[str, Any]) -> None:
    BUYS.labels(told["account"], told["currency"], told["method"]).inc()


def count_settled(told: dict[str, Any]) -> None:
    SETTLED.labels(told["account"], told["currency"], told["outcome"]).inc()


def count_webhook(told: dict[str, Any]) -> None:
    WEBHOOKS.labels(told.get("account", ""), told["outcome"]).inc()


def count_braked(told: dict[str, Any]) -> None:
    BRAKED.labels(told["act"], told["kind"]).inc()


COUNTED: dict[str, Callable[[dict[str, Any]], None]] = {
    "stripe_call": count_stripe_call,
    "offered": count_buy,
    "settled": count_settled,
    "webhook": count_webhook,
    "braked": count_braked,
}


def page(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        return HttpResponse("Unauthorized\n", "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(registry()), CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")


def registry() -> CollectorRegistry:
    """Of all worker processes, where there are several; see gunicorn.py."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
